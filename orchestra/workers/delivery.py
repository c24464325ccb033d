"""Bring guidance to an agent: never twice unless the first time is seen to have failed, never claimed without proof.

What is about to be pasted is recorded as sent before, so that whoever goes on after a kill knows whose text it is. Sent
becomes delivered by the agent's own evidence alone: its hook for a prompt, or its transcript.
"""

from __future__ import annotations

import contextlib
import os
import time
from enum import Enum
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.attention import ObservedWorker, activity
from orchestra.core.guidance import as_one_message
from orchestra.core.models import (
    COMING,
    ActivityState,
    Delivery,
    Escalation,
    Event,
    Gate,
    Guidance,
    Pane,
    Status,
    Worker,
)
from orchestra.core.records import Record
from orchestra.core.text import age, seconds_of
from orchestra.core.waiting import pause, wait_until
from orchestra.errors import OrchestraError
from orchestra.storage.files import is_held, locked, write_atomic
from orchestra.workers.overview import pane_of, worker_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestra.project.context import Project
    from orchestra.tmux.pane_io import PaneIO

PASTE_SECONDS = 5.0  # until the agent's prompt box shows the paste
ENTER_SECONDS = 3.0  # between two Enters: the first is swallowed in 10 to 50 % of cases
PROOF_SECONDS = 30.0  # after which words that were sent without a proof are sent once more, or asked about
PATIENCE = 15.0  # to see a waiting agent take it
MONITOR_PATIENCE = 8.0
MOST_TRIES = 2
ROWS = 8  # of a pane, in which the prompt box of an agent is seen, and what is below it
_UNREACHABLE = (ActivityState.BLOCKED, ActivityState.LIMITED, ActivityState.ENDED)


class Proof(Enum):
    """What the agent's transcript says of words that were sent."""

    UNREADABLE = "unreadable"
    NONE = "none"
    QUEUED = "queued"  # the agent holds them in its own queue
    GIVEN = "given"


class Evidence(Record):
    """What is known of a piece of guidance and of the agent that is to get it. `age`: seconds since it was sent."""

    state: Delivery
    tries: int
    age: float
    proof: Proof
    at_prompt: bool  # by its hooks, the agent waits for words
    box: str | None  # the text in its prompt box; None: no box is seen
    ours: bool  # that text is this piece
    dialog: bool  # the screen shows a question that keys would answer
    works: bool  # the screen shows a turn that runs


class Step(Enum):
    """What to do next about a piece of guidance."""

    NOTHING = "nothing"
    PASTE = "paste"
    ENTER = "enter"
    CONFIRM = "confirm"
    ASK = "ask"


def next_step(found: Evidence) -> Step:
    """What to do next: a second try only with an empty box and no trace of the first in the transcript."""
    if found.state not in COMING:
        return Step.NOTHING
    if found.proof is Proof.GIVEN:
        return Step.CONFIRM
    if found.dialog:
        return Step.NOTHING  # keys would answer it
    if found.state is Delivery.QUEUED:
        return Step.PASTE if found.at_prompt and found.box == "" else Step.NOTHING
    if found.ours:
        return Step.ENTER
    if found.proof is Proof.QUEUED or found.age < PROOF_SECONDS:
        return Step.NOTHING
    if not found.at_prompt or found.works or found.box != "":
        return Step.NOTHING  # not known: it works on, or the user types
    return Step.PASTE if found.proof is Proof.NONE and found.tries < MOST_TRIES else Step.ASK


def deliver(project: Project, number: str, words: str, patience: float, *, waits: bool = True) -> Delivery:
    """Deliver the guidance `words` (its id) within `patience` seconds; returns how far it has come.

    A busy agent takes it from its mailbox at its next tool call or at the end of its turn; a waiting one is given
    it by a paste; with a dialog open or no pane it stays queued. Without `waits` the patience begins with the first
    key: where there is nothing to do now, it comes back at once.
    """
    announce_in_mailbox(project, number)
    with locked(project.store.file(number, "deliver.lock"), wait=patience + 30):
        end, entered, asked = time.monotonic() + patience, 0.0, False
        while True:
            worker = worker_of(project.store, number)
            piece, pane = _piece(worker, words), pane_of(project, worker)
            if piece.state not in COMING or pane is None or pane.dead or worker.elsewhere:
                return _confirmed(project, worker, piece)
            step = next_step(_evidence(project, worker, pane, piece))
            if step in (Step.CONFIRM, Step.ASK):
                return _settle(project, worker, piece, step)
            if not asked and piece.state is Delivery.QUEUED:
                asked = True
                if cramped(project.panes, worker, pane):
                    return piece.state
            if step is Step.PASTE:
                _paste(project, worker, pane, piece)
                waits = True
            elif step is Step.ENTER and time.monotonic() - entered > ENTER_SECONDS:
                project.panes.enter(pane)
                entered, waits = time.monotonic(), True
            elif not waits or time.monotonic() > end or worker.activity.state in _UNREACHABLE:
                return piece.state
            pause(0.1)


def attend(project: Project, worker: Worker, say: Callable[[str], None]) -> None:
    """What the monitor does for the guidance of an agent that runs: the first piece that has not arrived yet."""
    piece = next((words for words in worker.guidance if words.state in COMING), None)
    if piece is None or (piece.state is Delivery.QUEUED and worker.activity.state is not ActivityState.WAITING):
        return
    if is_held(project.store.file(worker.id, "deliver.lock")):
        return  # a command brings it just now
    state = deliver(project, worker.id, piece.id, MONITOR_PATIENCE, waits=False)
    if state is Delivery.UNCONFIRMED:
        say(f"#{worker.id} has not shown that it got {piece.id}: the user is asked")
    elif state not in COMING:
        say(f"#{worker.id} was given {piece.id} from {piece.sender}")


def cramped(panes: PaneIO, worker: Worker, pane: Pane) -> str:
    """Why words cannot reach an agent that waits for them: its pane is too low to show its prompt; empty: it is not.

    The pane is given more rows where its window has them.
    """
    queued = any(words.state is Delivery.QUEUED for words in worker.guidance)
    if not queued or pane.dead or worker.activity.state is not ActivityState.WAITING:
        return ""
    try:
        agent, screen = agents.agent(worker.agent), panes.drawn(pane)
        if agent.composer_text(screen) is not None or agent.dialog_open(screen):
            return ""
        before, rows = panes.give_rows(pane, ROWS)
    except OrchestraError:  # the pane has ended meanwhile
        return ""
    if rows >= ROWS or rows > before:
        return ""
    have = "1 row" if rows == 1 else f"{rows} rows"
    return f"make its pane larger: with {have} its prompt is not seen, and words for it wait"


def announce_in_mailbox(project: Project, number: str) -> None:
    """Say that there is guidance: a busy agent's hooks look for this file after each tool; without it, at its end."""
    with contextlib.suppress(OSError):
        write_atomic(project.store.file(number, "mailbox"), "")


def tell_once(
    project: Project,
    number: str,
    about: str,
    text: str,
    *,
    reopen: bool = False,
    among: frozenset[Status] | None = None,
) -> bool:  # fmt: skip
    """Guidance of the monitor, once for each thing that it is `about`; whether it was told now.

    `among`: only to a worker in one of these states. Decided under the worker's lock.
    """
    told: list[bool] = []

    def make(current: Worker | None) -> Event | None:
        if current is None or about in current.fed or (among is not None and current.status not in among):
            return None
        told.append(True)
        return events.told("monitor", text, sender="monitor", about=[about], reopen=reopen)

    if project.store.decide(number, make).refused or not told:
        return False
    announce_in_mailbox(project, number)
    return True


def _piece(worker: Worker, words: str) -> Guidance:
    found = next((g for g in worker.guidance if g.id == words), None)
    if found is None:
        raise OrchestraError(f"#{worker.id} has no guidance {words}")
    return found


def _batch(worker: Worker, piece: Guidance) -> tuple[Guidance, ...]:
    """What goes into one message with `piece`: everything queued, or what was sent together with it."""
    return tuple(
        g for g in worker.guidance if (g.state, g.sent_at, g.tries) == (piece.state, piece.sent_at, piece.tries)
    )


def _evidence(project: Project, worker: Worker, pane: Pane, piece: Guidance) -> Evidence:
    agent = agents.agent(worker.agent)
    seen = ObservedWorker(worker, pane, open=True, heartbeat=project.store.heartbeat(worker.id))
    at_prompt = activity(seen).state is ActivityState.WAITING
    sent = piece.state is Delivery.SENT
    screen = project.panes.drawn(pane) if at_prompt or sent else ""
    box = agent.composer_text(screen) if screen else None
    return Evidence(
        state=piece.state,
        tries=piece.tries,
        age=project.now() - (seconds_of(piece.sent_at) or project.now()),
        proof=_proof(worker, piece) if sent else Proof.NONE,
        at_prompt=at_prompt,
        box=box,
        ours=bool(box) and agent.box_holds(box or "", as_one_message(_batch(worker, piece))),
        dialog=agent.dialog_open(screen),
        works=agent.at_work(screen),
    )


def _proof(worker: Worker, piece: Guidance) -> Proof:
    agent, transcript = agents.agent(worker.agent), worker.transcript
    if not os.path.isfile(transcript):
        return Proof.UNREADABLE
    if piece.id in agent.accepted_in(transcript, 0, [piece.id]):
        return Proof.GIVEN
    return Proof.QUEUED if piece.id in agent.enqueued_in(transcript, 0, [piece.id]) else Proof.NONE


def _confirmed(project: Project, worker: Worker, piece: Guidance) -> Delivery:
    """How far a piece has come whose agent is gone, or that has arrived: what its transcript proves counts."""
    if piece.state is Delivery.SENT and _proof(worker, piece) is Proof.GIVEN:
        return _settle(project, worker, piece, Step.CONFIRM)
    return piece.state


def _settle(project: Project, worker: Worker, piece: Guidance, step: Step) -> Delivery:
    store = project.store
    if step is Step.CONFIRM:
        event = events.delivered("transcript", [piece.id])
    else:
        sent = seconds_of(piece.sent_at)
        ago = f", the last time {age(project.now() - sent)} ago" if sent else ""
        times = "once" if piece.tries == 1 else f"{piece.tries} times"
        asked = Escalation(
            Gate.STUCK,
            f"{piece.id} was sent {times}{ago}, and nothing shows that the agent got it",
            piece.text,
            need=f"look at its pane (orchestra attach {worker.id}), and tell it again if it has not got it",
        )
        event = events.unconfirmed("monitor", [piece.id], asked)
    found = store.record(worker.id, event).worker
    return _piece(found, piece.id).state if found else piece.state


def _paste(project: Project, worker: Worker, pane: Pane, piece: Guidance) -> None:
    """Record that it is sent, paste it, and wait until the box shows it; the Enter comes with the next look."""
    agent, panes, store = agents.agent(worker.agent), project.panes, project.store
    batch: list[Guidance] = []

    def take(now: Worker | None) -> Event | None:
        if now is None or _piece(now, piece.id) != piece:  # a hook has handed it over meanwhile
            return None
        batch.extend(_batch(now, piece))
        return events.sent("paste", [words.id for words in batch])

    if store.decide(worker.id, take).refused or not batch:
        return
    panes.deliver(pane, as_one_message(batch))
    wait_until(lambda: agent.composer_text(panes.drawn(pane)) not in ("", None), PASTE_SECONDS)
    pause(0.15)  # an Enter in the same breath as the paste is taken as part of it
