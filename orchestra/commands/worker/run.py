"""`orchestra worker run ID`: what a worker's pane runs. It makes what is missing, then becomes the agent."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core.lifecycle.transitions import HELD, LIVE, TERMINAL
from orchestra.core.models import Launch, Worker
from orchestra.errors import OrchestraError
from orchestra.workers import launch
from orchestra.workers import start_slots as starts
from orchestra.workers import still_wanted as standing
from orchestra.workers import stop as ending
from orchestra.workers.overview import pane_of, refresh, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def worker_run(orchestra: Orchestra, number: str, say: Callable[[str], None]) -> tuple[Launch, dict[str, str], str]:
    """Prepare the worker; returns what to run, its whole environment and its directory. `say` prints each step.

    A failure stays readable in the pane and becomes `stuck` with its reason.
    """
    worker = worker_of(orchestra, number)
    if worker.status in TERMINAL:
        raise OrchestraError(f"#{number} is {worker.status.value}", f"start it anew: orchestra spawn {number}")
    say(f"#{worker.id} {worker.title}")
    ending.end_outlived(orchestra, worker)
    worker = standing.looked_up(orchestra, worker, say)
    if worker.status not in LIVE:
        raise _unwanted(orchestra, worker)
    try:
        if not launch.prepared(orchestra, worker):  # its setup may take long: it holds up nobody
            launch.prepare(orchestra, worker, say)
        if starts.wait(orchestra, number, say):
            orchestra.store.record(number, orchestra.store.event("launched", "worker run"))
        launch.prepare(orchestra, worker, say)
        started = launch.write_launch(orchestra, worker)
    except OrchestraError as wrong:
        facts = {"reason": wrong.message, "context": wrong.hint}
        orchestra.store.record(number, orchestra.store.event("failed", "worker run", **facts))
        raise
    environment = {**launch.agent_environment(orchestra, worker), **started.environment}
    say(f"starting {os.path.basename(worker.agent)}")
    starts.keep(orchestra, number)
    return started, environment, worker.worktree


def _unwanted(orchestra: Orchestra, worker: Worker) -> OrchestraError:
    """Why no agent starts, after closing the pane: a worker that rests has none."""
    refresh(orchestra)
    pane = pane_of(orchestra, worker)
    if pane is not None:
        orchestra.tmux.close(pane)  # in which this runs: nothing below is reached there
    why = str(worker.extra.get(HELD) or f"#{worker.id} is {worker.status.value}")
    return OrchestraError(why, f"go on with it: orchestra resume {worker.id}; end it: orchestra cancel {worker.id}")
