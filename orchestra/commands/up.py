"""`orchestra up`: validate everything, then ensure server, session, windows and bar, and bring back every worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.config import prompts
from orchestra.config.resources import find_prompt
from orchestra.core import actions
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Pane, Worker
from orchestra.core.records import Record
from orchestra.doctor import repair
from orchestra.errors import OrchestraError
from orchestra.project import layout_plan
from orchestra.project.layout_plan import DesiredLayout
from orchestra.tmux import commands
from orchestra.workers import launch, preflight, relocation
from orchestra.workers.statusbar import bar_of, look_of_workspace

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store


RENEWED = "another version of orchestra opened this workspace: its monitor, bar and borders are of this version now"

MOVED = "this repository moved: the monitor, and a board, were started again at its new place"


class Opened(Record):
    """What `up` did: whether the session is new, and which workers it brought back, what it repaired."""

    created: bool
    resumed: tuple[str, ...]
    repaired: tuple[str, ...] = ()
    next: str = ""  # what the user does who has no worker yet
    limits: tuple[str, ...] = ()  # what this tmux is too old for, said when the session is new
    ignored: tuple[str, ...] = ()  # what of the layout is left out, said when the session is new
    access: tuple[str, ...] = ()  # what a ship would be refused for, or what is not known, said when the session is new


def up(project: Project, name: str | None) -> Opened:
    """Open the workspace with a layout (None: the present one, else the configured). Idempotent."""
    name = name or layout_plan.current_layout(project)
    wanted = _validated(project, name)
    left = bool(project.identity.moved_from)
    moved = relocation.bring_along(project)  # while it is still known where it was
    project.remember(name)
    launch.keep_token(project)
    panes, revived = repair.reachable_panes(project.tmux)
    renewed = [MOVED if left else RENEWED] if project.workspace.renew(wanted.windows, moved=left) else []
    repaired = (*moved, *revived, *renewed, *repair.repair(project, panes))
    missing = _missing(project.store, panes)
    workers = launch.resume_plans(project, missing, "up")
    shown = commands.bar_values(bar_of(project), look_of_workspace(project.bearings))
    created = project.workspace.open(wanted.windows, workers, per_window=project.per_window, bar=shown)
    project.bind_keys()
    todo = _next(project)
    if todo:
        project.clients.greet(todo)
    limits, ignored = (tuple(project.tmux.limits()), tuple(wanted.ignored)) if created else ((), ())
    access = tuple(preflight.warnings(project)) if created else ()
    return Opened(created, tuple(worker.id for worker in missing), repaired, todo, limits, ignored, access)


def _next(project: Project) -> str:
    """Where there is no worker: how to begin. GitHub is not asked; that would make every `up` wait for it."""
    if project.store.ids():
        return ""
    none = project.tracker_name == "local" and not _has_issues(project)
    verb, what = ("new", "issue") if none else ("spawn", "worker")
    letter = actions.chosen(project.config.keys).get(verb)
    here = f"prefix {project.config.tmux.key}, then {letter}, or " if letter else ""
    return f"no {what} yet: {here}orchestra {verb}"  # a line in the workspace: it has room in 60 columns


def _has_issues(project: Project) -> bool:
    try:
        return bool(project.tracker.issues() or project.tracker.problems)
    except OrchestraError:
        return True  # one that does not read is there, and `orchestra issues` says what is wrong with it


def _validated(project: Project, name: str) -> DesiredLayout:
    """Config, tools, tracker, prompts and layout, all before the first effect."""
    project.tmux.check()
    project.repository.check()
    _ = project.tracker_name
    launch.check_installed(project, project.config.agent)
    for needed in (project.config.prompt, "orchestrator"):
        prompts.load(*reversed(find_prompt(needed, project.root)))
    return layout_plan.desired_layout(project, name)


def _missing(store: Store, panes: Sequence[Pane]) -> list[Worker]:
    """Workers that should have a live pane and have none."""
    live = {(pane.worker, pane.nonce) for pane in panes if not pane.dead}
    found = store.listing().workers
    return [worker for worker in found if worker.status in LIVE and (worker.id, worker.nonce) not in live]
