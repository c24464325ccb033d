"""`orchestra list`: every worker, the one that most needs the user first, of one project or of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.core.state import NEEDS_YOU, Shown, State
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, UsageError
from orchestra.git import cleanup
from orchestra.project.context import home_of, open_project
from orchestra.project.registry import known_projects
from orchestra.workers import git_config_guard, monitor_presence
from orchestra.workers.overview import Overview, WorkerRow, overview, with_tokens

if TYPE_CHECKING:
    from orchestra.project.context import Project

NEEDED = "needs you"  # as a filter: every state that needs the user


class Filters(Record):
    """Which workers are wanted: by state, by a label of the issue, by its author; empty is everything."""

    states: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    mine: bool = False


class Listing(Record):
    """The workers of one project: its short name, its heading, and what was seen."""

    name: str
    title: str
    root: str
    view: Overview


def list_(project: Project, *, tokens: bool = False) -> Overview:
    """Every worker of the project as it is shown; with `tokens` what each has used."""
    view = overview(project)
    return (with_tokens(project, view) if tokens else view)._replace(warning=_warning(project, view) or view.warning)


def _warning(project: Project, view: Overview) -> str:
    """What concerns every worker, or says why none is shown."""
    if project.moved:
        return f"{project.moved}; bring its workers along: orchestra up"
    if not view.rows and (others := cleanup.own_worktrees(project.repository, project.folder)):
        number, path = others[0]
        count = f"{len(others)} worktree{'' if len(others) == 1 else 's'}"
        return f"{count} of workers that are not on record: #{number} in {clean(path)}; see: orchestra doctor"
    if not view.rows and (others := cleanup.own_worktrees(project.repository)):
        number, path = others[0]
        return (
            f"the workers of this repository belong to a folder of it: #{number} in {clean(path)}; run orchestra there"
        )
    changed = git_config_guard.warning(project)
    if not changed and view.open and view.rows and (said := monitor_presence.missing(project)):
        return f"{said}; start it: orchestra up"
    return changed


def list_filtered(project: Project, filters: Filters, *, tokens: bool = False) -> Listing:
    """The workers of the project that the filters let through."""
    view = list_(project, tokens=tokens)
    kept = tuple(row for row in view.rows if _passes(row.shown, filters.states))
    if filters.labels:
        wanted = {label.casefold() for label in filters.labels}
        labelled = {
            issue.number for issue in project.tracker.issues() if wanted & {label.casefold() for label in issue.labels}
        }
        kept = tuple(row for row in kept if row.worker.id in labelled)
    if filters.mine:
        kept = _mine(project, kept)
    return Listing("", project.title, project.root, view._replace(rows=kept))


def list_all(
    environ: Mapping[str, str], now: Callable[[], float], filters: Filters, *, tokens: bool = False
) -> Iterator[Listing]:
    """The same of every project of this machine that has a worker, by name."""
    home = environ.get("HOME", "")
    for known in known_projects(home_of(environ)):
        try:
            project = open_project(known.root, environ, now)
            if not project.store.ids():
                continue
            found = list_filtered(project, filters, tokens=tokens)
        except OrchestraError as wrong:
            view = Overview(known.key, (), (), None, warning=clean(wrong.message))
            yield Listing(known.name, f"{known.name} \u00b7 {known.root}", known.root, view)
            continue
        if found.view.rows or found.view.problems:
            inside = bool(home) and known.root.startswith(home.rstrip("/") + "/")
            place = "~" + known.root[len(home.rstrip("/")) :] if inside else known.root
            yield found._replace(name=known.name, title=f"{known.name} \u00b7 {place}")


def states_of(text: str | None) -> tuple[str, ...]:
    """`ready,waiting` as states; raises UsageError for a word that names none."""
    wanted = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    known = (NEEDED, *(state.value for state in State))
    for one in wanted:
        if not any(one == name or one.startswith(f"{State.WAITING.value} ") for name in known):
            raise UsageError(f"--state: there is no state {clean(one, 40)!r}", "one of: " + ", ".join(known))
    return wanted


def _passes(shown: Shown, wanted: tuple[str, ...]) -> bool:
    names = {shown.word, shown.state.value} | ({NEEDED} if shown.state in NEEDS_YOU else set())
    return not wanted or bool(names.intersection(wanted))


def _mine(project: Project, rows: tuple[WorkerRow, ...]) -> tuple[WorkerRow, ...]:
    """Those whose issue the user wrote: by the login of their token, or by the name that git knows them by."""
    if project.tracker_name == "github":
        me = {project.github.login().casefold()}
    else:
        config = (project.repository.git("config", "--get", key).out.strip() for key in ("user.name", "user.email"))
        me = {one.casefold() for one in (*config, project.environ.get("USER", "")) if one} | {""}
    return tuple(row for row in rows if row.worker.author.casefold() in me)
