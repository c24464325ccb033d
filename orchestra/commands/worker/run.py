"""`orchestra worker run ID`: what a worker's pane runs. It makes what is missing, then becomes the agent."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import LIVE, TERMINAL
from orchestra.core.models import Launch, Worker
from orchestra.core.text import clean_lines
from orchestra.errors import OrchestraError
from orchestra.workers import conversation, start_slots, still_wanted, stop, worktree_setup
from orchestra.workers.environment import agent_environment, sentences
from orchestra.workers.overview import pane_of, worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project

LAST_LINES = 8  # of the pane, kept beside the reason of a failure


def worker_run(project: Project, number: str, say: Callable[[str], None]) -> tuple[Launch, dict[str, str], str]:
    """Prepare the worker; returns what to run, its whole environment and its directory. `say` prints each step.

    A failure stays readable in the pane and becomes `stuck` with its reason.
    """
    worker = worker_of(project.store, number)
    if worker.status in TERMINAL:
        raise OrchestraError(f"#{number} is {worker.status.value}", f"start it anew: orchestra spawn {number}")
    say(f"#{worker.id} {worker.title}")
    stop.stop_orphans(project, worker)
    worker = still_wanted.check_still_wanted(project, worker, say)
    if worker.status not in LIVE:
        raise _unwanted(project, worker)
    try:
        if not worktree_setup.is_prepared(project.store, worker):  # its setup may take long: it holds up nobody
            worktree_setup.prepare(project, worker, say)
        if start_slots.wait(project, number, say):
            project.store.record(number, events.launched("worker run"))
        worktree_setup.prepare(project, worker, say)
        started = conversation.write_launch(project, worker)
    except OrchestraError as wrong:
        context = "\n".join(filter(None, (wrong.hint, _last_lines(project, worker))))
        project.store.record(number, events.failed("worker run", wrong.message, context))
        raise
    environment = {**agent_environment(project, worker), **started.environment}
    for line in sentences(project, worker):
        say(line)
    say(f"starting {os.path.basename(worker.agent)}")
    start_slots.keep(project, number)
    return started, environment, project.place_in(worker.worktree)


def _last_lines(project: Project, worker: Worker) -> str:
    """What the pane shows last: what `setup` printed before it failed."""
    with suppress(OrchestraError):
        pane = pane_of(project, worker)
        lines = project.panes.capture(pane).splitlines() if pane is not None else []
        return clean_lines("\n".join([line for line in lines if line.strip()][-LAST_LINES:]))
    return ""


def _unwanted(project: Project, worker: Worker) -> OrchestraError:
    """Why no agent starts, after closing the pane: a worker that rests has none."""
    refresh(project)
    pane = pane_of(project, worker)
    if pane is not None:
        project.panes.close(pane)  # in which this runs: nothing below is reached there
    why = worker.held or f"#{worker.id} is {worker.status.value}"
    return OrchestraError(why, f"go on with it: orchestra resume {worker.id}; end it: orchestra cancel {worker.id}")
