"""A new task: its draft from the command line and the editor, its issue and its worker, and what became of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from orchestra.commands.new import KEPT, NewIssue, draft_for, drafts, ensure_tracker, new, written
from orchestra.commands.spawn import Spawned, SpawnOptions, check_wishes, spawn
from orchestra.core.models import Issue
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.storage.drafts import Draft, Drafts, new_id
from orchestra.storage.files import read_text, remove_if_present, write_atomic
from orchestra.trackers import templates
from orchestra.ui import text
from orchestra.ui.references import target
from orchestra.workers.overview import worker_of
from orchestra.workers.stacks import start_of
from orchestra.workers.trust import shown_words

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.ui.console import Console

MOST_TEXT = 4 * 1024 * 1024

Ask = Callable[[str], bool]


class Made(Record):
    """What became of a task: its issue, and its worker if one was asked for."""

    issue: NewIssue
    worker: Spawned | None = None


def make(project: Project, draft: Draft, ask: Ask, *, wait: bool = True) -> Made:
    """Write the issue and start its worker; raises OrchestraError, with the text kept as a draft."""
    kept = drafts(project)
    if draft.empty:
        raise OrchestraError("a task needs a title", 'orchestra new "What should be done"')
    kept.save(draft)
    try:
        ensure_tracker(project)
        if draft.start:  # what would refuse the worker refuses the issue too
            check_wishes(project, _wishes(draft))
            if draft.base and not draft.parent:
                start_of(project, "", draft.base)
        issue = new(project, draft)
    except OrchestraError as wrong:
        wrong.hint = f"{wrong.hint}; {KEPT}" if wrong.hint else KEPT
        raise
    draft = draft._replace(number=issue.number)
    worker = _start(project, draft, ask, wait=wait) if draft.start else None
    kept.remove(draft)  # the tracker has the words; what is wrong with the worker is said with the command for it
    return Made(issue, worker)


def _wishes(draft: Draft) -> SpawnOptions:
    """How a worker is to begin on the task."""
    return SpawnOptions(
        base=draft.base or None,
        parent=draft.parent or None,
        after=draft.after,
        agent=draft.agent or None,
        model=draft.model or None,
        plan=draft.plan or None,
    )


def _start(project: Project, draft: Draft, ask: Ask, *, wait: bool) -> Spawned:
    """Start a worker on the issue. Who has just written the words need not read and trust them again."""
    options = _wishes(draft)._replace(wait=wait)
    if project.who == "human":
        own = shown_words(Issue(draft.number, draft.title, draft.body))
        options, ask = options._replace(trust=True), lambda text: own in text
    try:
        return spawn(project, [draft.number], options, ask)[0]
    except OrchestraError as wrong:
        return Spawned(draft.number, "failed", wrong.message, wrong.hint or f"then: orchestra spawn {draft.number}")


def draft_from(
    console: Console, title: str, *, more: str | None, message: str | None, source: TextIO | None, edit: bool,
    template: str | None, labels: Sequence[str], spawn: bool, parent: str | None, base: str | None,
    after: Sequence[str], agent: str | None, model: str | None, plan: str | None, local: bool, again: bool,
) -> Draft:  # fmt: skip
    """The draft that the command line means; raises OrchestraError."""
    project = console.deciding
    draft = _kept(project) if again else Draft("")
    body = message or (source.read() if source else sys.stdin.read() if more == "-" else "")
    if template is not None:
        kind = templates.read(project.root).named(template)
        title, body = title if title.startswith(kind.title) else kind.title + title, body or kind.body
        labels = (*kind.labels, *labels)
    title, body = written(title or draft.title, body or draft.body)
    draft = draft._replace(
        title=title,
        body=body,
        labels=tuple(dict.fromkeys(filter(None, (clean(one, 100) for one in labels or draft.labels)))),
        start=spawn and draft.start,
        parent=worker_of(project.store, target(console, parent).number).id if parent else draft.parent,
        base=base or draft.base,
        after=tuple(target(console, one).number for one in after) or draft.after,
        agent=agent or draft.agent,
        model=clean(model or draft.model, 100),
        plan=plan or draft.plan,
        local=local or draft.local,
    )
    if edit or (template is not None and not message and sys.stdin.isatty() and sys.stdout.isatty()):
        draft = in_editor(project, draft._replace(id=draft.id or new_id()))
    return draft if again else draft_for(project, draft)


def _kept(project: Project) -> Draft:
    found = drafts(project).free()
    if not found:
        raise OrchestraError("there is no draft", 'write one: orchestra new "What should be done"')
    return found[0]


def in_editor(project: Project, draft: Draft) -> Draft:
    """The draft after the user's editor, its title in the first line; raises OrchestraError when that does not start.

    The text is in a file beside the draft meanwhile, so that it outlives the editor and this program.
    """
    kept = drafts(project)
    path = kept.text_file(draft.id)
    kept.save(draft)
    write_atomic(path, f"{draft.title}\n\n{draft.body}\n")
    try:
        click.edit(filename=path, editor=_editor(project.environ), env=dict(project.environ))
    except click.ClickException as wrong:
        raise OrchestraError(clean(wrong.message), "set EDITOR to an editor that is installed") from None
    return taken_up(kept, draft)


def taken_up(kept: Drafts, draft: Draft) -> Draft:
    """The draft with what its editor has left in the file; an editor that was killed too."""
    path = kept.text_file(draft.id)
    try:
        found = read_text(path, MOST_TEXT)
    except OSError:
        return draft
    first, _, rest = found.lstrip("\n").partition("\n")
    title, body = written(first, rest)
    draft = draft._replace(title=title, body=body)
    kept.save(draft)
    remove_if_present(path)
    return draft


def _editor(environ: Mapping[str, str]) -> str | None:
    """The editor that the user has named; None leaves it to what is installed."""
    return environ.get("VISUAL") or environ.get("EDITOR") or environ.get("GIT_EDITOR") or None


def made_lines(made: Made) -> Iterator[str]:
    """What became of a task, in lines."""
    issue = made.issue
    yield f"#{issue.number} {issue.title}  ({issue.place})"
    if issue.left_out:
        left_out = ", ".join(clean(one, 60) for one in issue.left_out)
        yield f"  GitHub left out labels, which this token may not set: {left_out}"
    if made.worker:
        yield from text.spawned([made.worker])
