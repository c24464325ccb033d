"""`orchestra up`: validate everything, then ensure server, session, windows and bar, and bring back every worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.config import prompts
from orchestra.config.resources import find_prompt
from orchestra.core import actions
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Pane, WindowPlan, Worker
from orchestra.doctor import repair as mend
from orchestra.errors import OrchestraError
from orchestra.project import layout_plan as workspace
from orchestra.workers import launch
from orchestra.workers.overview import bar_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


class Opened(NamedTuple):
    """What `up` did: whether the session is new, and which workers it brought back, what it mended."""

    created: bool
    resumed: tuple[str, ...]
    mended: tuple[str, ...] = ()
    next: str = ""  # what a person does who has no worker yet


def up(orchestra: Orchestra, name: str | None) -> Opened:
    """Open the workspace with a layout (None: the present one, else the configured). Run twice is run once."""
    name = name or workspace.present(orchestra)
    plan = _validated(orchestra, name)
    orchestra.remember(name)
    environment = os.path.join(orchestra.orchestrator_directory, "environment")
    launch.keep_environment(orchestra, orchestra.config.agent, environment)
    launch.keep_token(orchestra)
    panes, revived = mend.reached(orchestra)
    mended = (*revived, *mend.mend(orchestra, panes))
    missing = _missing(orchestra, panes)
    workers = launch.plans(orchestra, missing, "up")
    shown = bar_of(orchestra)
    created = orchestra.tmux.open(plan, workers, per_window=orchestra.per_window, bar=(shown.text, shown.level))
    orchestra.bind_keys()
    todo = _next(orchestra)
    if todo:
        orchestra.tmux.greet(todo)
    return Opened(created, tuple(worker.id for worker in missing), mended, todo)


def _next(orchestra: Orchestra) -> str:
    """Where there is no worker: how to begin. GitHub is not asked; that would make every `up` wait for it."""
    if orchestra.store.ids():
        return ""
    if orchestra.tracker_name == "local" and not _has_issues(orchestra):
        return "no issue yet: write .orchestra/issues/0001-first.md (orchestra init makes one), or ask the orchestrator"
    key, spawn = orchestra.config.tmux.key, actions.chosen(orchestra.config.keys).get("spawn")
    there = f"here: prefix {key}, then {spawn}; " if spawn else ""
    return f"no worker yet; {there}anywhere: orchestra issues, then orchestra spawn ID"


def _has_issues(orchestra: Orchestra) -> bool:
    try:
        return bool(orchestra.tracker.issues())
    except OrchestraError:
        return True  # one that does not read is there, and `orchestra issues` says what is wrong with it


def _validated(orchestra: Orchestra, name: str) -> Sequence[WindowPlan]:
    """Config, tools, tracker, prompts and layout, all before the first effect."""
    orchestra.tmux.check()
    orchestra.repository.check()
    _ = orchestra.tracker_name
    launch.check_installed(orchestra, orchestra.config.agent)
    for needed in (orchestra.config.prompt, "orchestrator"):
        prompts.load(*reversed(find_prompt(needed, orchestra.root)))
    return workspace.desired(orchestra, name).windows


def _missing(orchestra: Orchestra, panes: Sequence[Pane]) -> list[Worker]:
    """Workers that should have a live pane and have none."""
    live = {(pane.worker, pane.nonce) for pane in panes if not pane.dead}
    found = orchestra.store.listing().workers
    return [worker for worker in found if worker.status in LIVE and (worker.id, worker.nonce) not in live]
