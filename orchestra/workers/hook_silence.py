"""Whether an agent's hooks are heard: its transcript, which it writes itself, goes on while no hook tells of it.

Without hooks nothing is known of dialogs, of ended turns and of words that arrived; that must not look like health.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core.attention import ObservedWorker, last_sign
from orchestra.core.models import ActivityState
from orchestra.core.text import seconds_of, stamp
from orchestra.workers import start_slots
from orchestra.workers.start_slots import START_SECONDS

if TYPE_CHECKING:
    from orchestra.core.models import Pane, Worker
    from orchestra.project.context import Project

PATIENCE = 60.0  # seconds by which a hook may be late on a loaded machine


def unheard_start(project: Project, worker: Worker, pane: Pane) -> str:
    """A sentence when a program runs in the pane that has called no hook since its start; else empty."""
    launched = seconds_of(max(worker.activity.since, worker.launched_at))
    if worker.activity.state is not ActivityState.STARTING or launched is None:
        return ""
    if project.now() <= launched + START_SECONDS or start_slots.in_line(project, worker.id):
        return ""
    if agents.agent(worker.agent).composer_text(project.panes.drawn(pane)) is None:
        return ""
    return (
        f"its hooks are not heard: it runs since {stamp(launched)[11:16]} UTC without a word from them, so what it "
        f"does is not known; see whether its settings allow hooks; then: orchestra restart {worker.id}"
    )


def unheard(project: Project, worker: Worker) -> str:
    """A sentence when the worker's hooks are not heard; else empty."""
    seen = ObservedWorker(worker, None, heartbeat=project.store.heartbeat(worker.id), awake=project.store.awake_since())
    sign = last_sign(seen)
    try:
        grown = os.stat(worker.transcript).st_mtime if worker.transcript else 0.0
    except OSError:
        grown = 0.0
    if grown <= sign + PATIENCE:
        return ""
    return silence(sign, agents.agent(worker.agent).hooked_at(worker.transcript), project.now(), worker.id)


def silence(sign: float, hooked_at: str, now: float, number: str) -> str:
    """The sentence, from the last sign of life and the last record that a hook must have told of."""
    try:
        at = datetime.fromisoformat(hooked_at).timestamp() if hooked_at else 0.0
    except ValueError:
        return ""
    if at <= sign + PATIENCE or now <= at + PATIENCE:
        return ""
    return (
        f"its hooks are not heard: since {stamp(sign)[11:16]} UTC its conversation goes on without a word from them, "
        f"so what it does is not known; see: orchestra doctor; then: orchestra restart {number}"
    )
