"""Bring guidance to an agent by the way that fits what it does, and believe only the agent's own evidence."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.attention import ObservedWorker, activity
from orchestra.core.guidance import as_message
from orchestra.core.models import ActivityState, Delivery, Guidance, Pane, Worker
from orchestra.core.waiting import pause, wait_until
from orchestra.errors import OrchestraError
from orchestra.storage.files import locked, read_text, remove_if_present, write_atomic
from orchestra.workers.overview import pane_of, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project

PASTE_SECONDS = 5.0  # until the agent's prompt box shows the paste
CONFIRM_SECONDS = 3.0  # between two Enters: the first is swallowed in 10 to 50 % of cases (failures.md K1)
ENTERS = 4
PATIENCE = 15.0  # to see a waiting agent take it


def deliver(project: Project, worker: str, words: str, patience: float) -> Delivery:
    """Deliver the queued guidance `words` (its id) within `patience` seconds; returns how far it has come.

    A busy agent takes it from its mailbox at its next tool call or at the end of its turn; a waiting one is given
    it by a verified paste; with a dialog open or no pane it stays queued: nothing is typed into a dialog (K3).
    """
    announce_in_mailbox(project, worker)
    with locked(project.store.file(worker, "deliver.lock"), wait=patience + 30):
        end = time.monotonic() + patience
        while (state := _state(project, worker, words)) is Delivery.QUEUED and time.monotonic() < end:
            found = worker_of(project, worker)
            pane = pane_of(project, found)
            if pane is None or pane.dead:
                return state
            doing = activity(ObservedWorker(found, pane, open=True, heartbeat=project.store.heartbeat(worker))).state
            if doing is ActivityState.WAITING:
                _paste(project, found, pane, words)
                return _state(project, worker, words)
            if doing in (ActivityState.BLOCKED, ActivityState.LIMITED, ActivityState.ENDED):
                return state
            pause(0.1)
        return state


def announce_in_mailbox(project: Project, worker: str) -> None:
    """Say that there is guidance: a busy agent's hooks look for this file after each tool; without it, at its end."""
    with contextlib.suppress(OSError):
        write_atomic(project.store.file(worker, "mailbox"), "")


def _state(project: Project, worker: str, words: str) -> Delivery:
    return _words(worker_of(project, worker), words).state


def _words(worker: Worker, words: str) -> Guidance:
    found = next((g for g in worker.guidance if g.id == words), None)
    if found is None:
        raise OrchestraError(f"#{worker.id} has no guidance {words}")
    return found


def _paste(project: Project, worker: Worker, pane: Pane, words: str) -> None:
    """Paste, wait until the box shows it, then Enter until the agent says it took it; never a second paste.

    What is pasted is written down before: whoever goes on after a kill in between finds the text in the box, and
    knows whose it is.
    """
    agent, tmux = agents.agent(worker.agent), project.tmux
    begun = project.store.file(worker.id, "pasted")
    if agent.dialog_open(tmux.drawn(pane)):
        return
    held = agent.composer_text(tmux.drawn(pane))
    if held == "" and _text(begun) == words and _was_taken(project, worker, words):
        remove_if_present(begun)
        return
    if held == "":
        write_atomic(begun, words)
        tmux.deliver(pane, as_message(_words(worker, words)))
        wait_until(lambda: agent.composer_text(tmux.drawn(pane)) not in ("", None), PASTE_SECONDS)
        pause(0.15)  # an Enter in the same breath as the paste is taken as part of it
    elif held is None or _text(begun) != words:
        return  # somebody is typing there: their words and ours would become one
    _enter(project, worker, pane, words)
    if _state(project, worker.id, words) is not Delivery.QUEUED:
        remove_if_present(begun)


def _was_taken(project: Project, worker: Worker, words: str) -> bool:
    """Whether its transcript shows that the agent took what was pasted before, which its hook could not record."""
    if words not in agents.agent(worker.agent).enqueued_in(worker.transcript, 0, [words]):
        return False
    project.store.record(worker.id, events.delivered("transcript", [words]))
    return True


def _enter(project: Project, worker: Worker, pane: Pane, words: str) -> None:
    """Press Enter until the agent has taken the words, and never where something else is there to be answered."""
    agent, tmux = agents.agent(worker.agent), project.tmux
    for _ in range(ENTERS):
        if not agent.composer_text(tmux.drawn(pane)):
            break
        tmux.enter(pane)
        if wait_until(lambda: _state(project, worker.id, words) is not Delivery.QUEUED, CONFIRM_SECONDS):
            return
    wait_until(lambda: _state(project, worker.id, words) is not Delivery.QUEUED, CONFIRM_SECONDS)


def _text(path: str) -> str:
    try:
        return read_text(path)
    except OSError:
        return ""
