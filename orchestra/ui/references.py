"""Which worker the user means by what they typed: `124`, `#124`, `widgets#124`, an address, a branch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from orchestra.core.issue_refs import Reference, is_same_host, typed_reference
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, UsageError

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store
    from orchestra.ui.console import Console


class Target(Record):
    """A worker, or an issue, of a project; `text` is what the user typed."""

    console: Console
    number: str
    text: str

    @property
    def project(self) -> Project:
        """The project of the worker."""
        return self.console.project

    @property
    def word(self) -> str:
        """What the user typed, for a command to copy: a `#` at its start would begin a comment in a shell."""
        return self.text.removeprefix("#")


def target(console: Console, text: str) -> Target:
    """The worker or issue that `text` means; raises OrchestraError, or UsageError for what can mean none."""
    reference = typed_reference(text)
    there = _console_of(console, reference.project, reference.host)
    if reference.number:
        return Target(there, reference.number, text)
    if reference.pull:
        return Target(there, _worker_of_pull(there.project.store, reference), text)
    return Target(there, _worker_of_branch(there.project.store, text), text)


def targets(console: Console, texts: Iterable[str]) -> list[Target]:
    """Each of them once, in order."""
    found: dict[tuple[str, str], Target] = {}
    for text in each(texts):
        one = target(console, text)
        found.setdefault((one.project.key, one.number), one)
    return list(found.values())


def _console_of(console: Console, name: str, host: str) -> Console:
    """The console in the project of that name, on that host where one is given; empty: as it is."""
    if not name or (_is_this(console, name) and _is_on(console, host)):
        return console
    from orchestra.project.context import home_of
    from orchestra.project.registry import known_projects, named

    found = named(known_projects(home_of(console.environ)), name)
    if host:
        found = tuple(one for one in found if _is_on(console.moved(one.root), host))
    if len(found) == 1:
        return console.moved(found[0].root)
    if found:
        listed = ", ".join(f"{one.key} ({one.root})" for one in found)
        raise OrchestraError(
            f"several projects are named {clean(name, 60)}: {clean(listed, 300)}", "give the first word"
        )
    where = clean(f"{name} of {host}" if host else name, 100)
    raise OrchestraError(f"there is no project {where} on this machine", "see: orchestra list --all")


def _is_on(console: Console, host: str) -> bool:
    """Whether the repository of its project is on that host; one without a GitHub remote is on any."""
    try:
        return not host or is_same_host(console.project.host, host)
    except OrchestraError:
        return True


def _is_this(console: Console, name: str) -> bool:
    """Whether the project around has that name; where there is none around it has not."""
    try:
        project = console.project
    except OrchestraError:
        return False
    names = {project.key, project.title, project.title.rpartition("/")[2], project.root.rpartition("/")[2]}
    return name.casefold() in {one.casefold() for one in names}


def _worker_of_pull(store: Store, reference: Reference) -> str:
    for worker in store.listing().workers:
        if worker.pull is not None and str(worker.pull.number) == reference.pull:
            return worker.id
    raise OrchestraError(f"no worker has pull request #{reference.pull}", "see: orchestra list")


def _worker_of_branch(store: Store, text: str) -> str:
    wanted = text.strip().removeprefix("refs/heads/")
    found = [worker.id for worker in store.listing().workers if worker.branch == wanted]
    if found:
        return found[-1]
    shown = clean(text, 60)
    raise UsageError(f"{shown!r} is not an issue number, nor the branch of a worker", "give a number such as 124")


def split(text: str) -> list[str]:
    """`1,2` and `1, 2` as two; a branch or an address with a comma in it is not split where that gives no numbers."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    listed = bool(parts) and all(typed_reference(part).number for part in parts)
    return parts if listed and "," in text else [text]


def each(texts: Iterable[str]) -> list[str]:
    """What was typed, `1,2` as two."""
    return [part for text in texts for part in split(text)]


def for_each(console: Console, texts: Sequence[str], act: Callable[[Target], None], *, headed: bool = False) -> bool:
    """Do it for every worker that was named; of several one that fails keeps no other. Whether all were done.

    `headed`: of several each has a line with its number above what is printed of it.
    """
    texts = each(texts)
    if len(texts) == 1:
        act(target(console, texts[0]))
        return True
    good, done = True, set[tuple[str, str]]()
    for text in texts:
        try:
            one = target(console, text)
            if (one.project.key, one.number) not in done:
                if headed:
                    click.echo(("\n" if done else "") + f"#{one.number}")
                done.add((one.project.key, one.number))
                act(one)
        except OrchestraError as wrong:
            good = False
            click.echo(f"orchestra: {clean(wrong.message, 500)}", err=True)
            if wrong.hint:
                click.echo(f"  {clean(wrong.hint, 500)}", err=True)
    return good
