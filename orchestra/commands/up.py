"""`orchestra up`: validate everything, then ensure server, session, windows and bar, and bring back every worker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra import desk, launch, layout, mend, programs
from orchestra import prompt as prompts
from orchestra.model import Pane, WindowPlan, Worker
from orchestra.shipped import find_layout, find_prompt
from orchestra.transition import LIVE
from orchestra.view import bar_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra

FIRST_SECONDS = 0.1  # until the workspace is whole, and `up` has told so


class Opened(NamedTuple):
    """What `up` did: whether the session is new, and which workers it brought back, what it mended."""

    created: bool
    resumed: tuple[str, ...]
    mended: tuple[str, ...] = ()


def up(orchestra: Orchestra, name: str | None) -> Opened:
    """Open the workspace with the layout `name` (None: the configured one). Run twice is run once."""
    plan = _validated(orchestra, name)
    orchestra.remember(name or "")
    environment = os.path.join(orchestra.orchestrator_directory, "environment")
    launch.keep_environment(orchestra, orchestra.config.agent, environment)
    launch.keep_token(orchestra)
    panes, revived = mend.reached(orchestra)
    mended = (*revived, *mend.mend(orchestra, panes))
    missing = _missing(orchestra, panes)
    workers = launch.plans(orchestra, missing, "up")
    shown = bar_of(orchestra)
    created = orchestra.tmux.open(plan, workers, per_window=orchestra.per_window, bar=(shown.text, shown.level))
    desk.bind(orchestra)
    return Opened(created, tuple(worker.id for worker in missing), mended)


def _validated(orchestra: Orchestra, name: str | None) -> Sequence[WindowPlan]:
    """Config, tools, tracker, prompts and layout, all before the first effect."""
    orchestra.tmux.check()
    orchestra.repository.check()
    _ = orchestra.tracker_name
    launch.check_installed(orchestra, orchestra.config.agent)
    for needed in (orchestra.config.prompt, "orchestrator"):
        prompts.load(*reversed(find_prompt(needed, orchestra.root)))
    found, text = find_layout(name or orchestra.config.layout, orchestra.root)
    argv_of = {
        "orchestrator": programs.later((*orchestra.program(), "orchestrator"), FIRST_SECONDS, "orchestrator"),
        "board": programs.later((*orchestra.program(), "board"), FIRST_SECONDS, "board"),
        "monitor": programs.later(programs.kept_running((*orchestra.program(), "monitor")), FIRST_SECONDS, "monitor"),
    }
    return layout.plan(
        layout.load(text, found),
        root=orchestra.root,
        home=orchestra.environ.get("HOME", "/"),
        argv_of=argv_of,
    )


def _missing(orchestra: Orchestra, panes: Sequence[Pane]) -> list[Worker]:
    """Workers that should have a live pane and have none."""
    live = {(pane.worker, pane.nonce) for pane in panes if not pane.dead}
    found = orchestra.store.listing().workers
    return [worker for worker in found if worker.status in LIVE and (worker.id, worker.nonce) not in live]
