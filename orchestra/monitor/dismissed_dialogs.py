"""A dialog that was answered in the pane while no hook told of it, as the screen shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.dialogs import OF_SUBAGENT, answered_in_pane
from orchestra.core.models import Gate
from orchestra.core.text import seconds_of
from orchestra.core.waiting import pause

if TYPE_CHECKING:
    from orchestra.core.models import Event, Pane, Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store
    from orchestra.tmux.pane_io import PaneIO

AGAIN_SECONDS = 0.3  # between two looks: half a redraw shows a box where there is none
SUBAGENT_SECONDS = 20.0  # until the dialog of an agent in the background is drawn: up to 10 s after the hook's word


def record_dismissed(project: Project, worker: Worker, pane: Pane) -> None:
    """Record what became of the dialogs of a worker that is blocked: nothing, unless the prompt box is back.

    A No or an Esc fires no hook, and a Yes only when the tool has ended, which may take an hour.
    """
    if _comes_later(worker, project.now()):
        return
    first = _shown(project.panes, worker, pane)
    if first is None:
        return
    pause(AGAIN_SECONDS)
    if _shown(project.panes, worker, pane) is not first:
        return
    if not first:
        _record(project.store, worker, events.idle("monitor"))
        return
    requests = [one.request for one in worker.dialogs if one.gate is not Gate.PLAN]  # its hook comes at once
    for request in requests if worker.dialogs else [""]:
        _record(project.store, worker, events.unblocked("monitor", request))


def _comes_later(worker: Worker, now: float) -> bool:
    """Whether a subagent has just asked: its dialog takes the place of the prompt box a little later."""
    asked = (one for one in worker.dialogs if one.request.startswith(OF_SUBAGENT))
    return any(now - (seconds_of(one.asked_at) or 0.0) < SUBAGENT_SECONDS for one in asked)


def _shown(panes: PaneIO, worker: Worker, pane: Pane) -> bool | None:
    """Whether the agent works; None while its prompt box is not there."""
    agent, screen = agents.agent(worker.agent), panes.drawn(pane)
    return None if agent.composer_text(screen) is None else agent.at_work(screen)


def _record(store: Store, worker: Worker, seen: Event) -> None:
    """Unless something else happened since we looked."""

    def made(now: Worker | None) -> Event | None:
        if now is None:
            return None
        same = (now.dialogs, now.activity.since) == (worker.dialogs, worker.activity.since)
        still = any(one.request == events.fact(seen, "request") for one in now.dialogs)
        return answered_in_pane(now, seen) if same or still else None

    store.decide(worker.id, made)
