"""A dialog that was answered in the pane while no hook told of it, as the screen shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.dialogs import answered_in_pane
from orchestra.core.models import Gate
from orchestra.core.waiting import pause

if TYPE_CHECKING:
    from orchestra.core.models import Event, Pane, Worker
    from orchestra.project.context import Project

AGAIN_SECONDS = 0.3  # between two looks: half a redraw shows a box where there is none


def record_dismissed(project: Project, worker: Worker, pane: Pane) -> None:
    """Record what became of the dialogs of a worker that is blocked: nothing, unless the prompt box is back.

    A No or an Esc fires no hook, and a Yes only when the tool has ended, which may take an hour.
    """
    first = _shown(project, worker, pane)
    if first is None:
        return
    pause(AGAIN_SECONDS)
    if _shown(project, worker, pane) is not first:
        return
    if not first:
        _record(project, worker, events.idle("monitor"))
        return
    requests = [one.request for one in worker.dialogs if one.gate is not Gate.PLAN]  # its hook comes at once
    for request in requests if worker.dialogs else [""]:
        _record(project, worker, events.unblocked("monitor", request))


def _shown(project: Project, worker: Worker, pane: Pane) -> bool | None:
    """Whether the agent works; None while its prompt box is not there."""
    agent, screen = agents.agent(worker.agent), project.panes.drawn(pane)
    return None if agent.composer_text(screen) is None else agent.at_work(screen)


def _record(project: Project, worker: Worker, seen: Event) -> None:
    """Unless something else happened since we looked."""

    def made(now: Worker | None) -> Event | None:
        if now is None:
            return None
        same = (now.dialogs, now.activity.since) == (worker.dialogs, worker.activity.since)
        still = any(one.request == events.fact(seen, "request") for one in now.dialogs)
        return answered_in_pane(now, seen) if same or still else None

    project.store.decide(worker.id, made)
