"""`orchestra queue`: what waits to start, why, in which order; and move, hold, release, drop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from orchestra.core import backlog, events, radar, start_hold
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Event, Status, Worker
from orchestra.core.records import Record
from orchestra.core.start_hold import StartHold
from orchestra.errors import OrchestraError, UsageError
from orchestra.monitor import auto
from orchestra.storage import auto_state
from orchestra.workers.overview import worker_of
from orchestra.workers.queue import start_holds
from orchestra.workers.radar import meetings
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


class QueuedRow(Record):
    """One queued worker: its place, and what it waits for."""

    place: int
    worker: Worker
    why: str
    waits: tuple[backlog.Waiting, ...]
    priority: str = ""  # the label that moved it forward


class QueueView(Record):
    """The queue in the order of starts, and how many of the places are taken."""

    project: str
    rows: tuple[QueuedRow, ...]
    taken: int
    places: int


def queue(project: Project) -> QueueView:
    """The queue as the session files have it; no request is made."""
    workers = project.store.listing().workers
    known = {worker.id: worker for worker in workers}
    priorities = project.config.queue.priorities
    rows, now = [], project.now()
    holds = start_holds(project, workers)
    for place, worker in enumerate(backlog.in_order(workers, priorities), 1):
        label = next((name for name in priorities if name in worker.labels), "")
        waits = backlog.waits_for(worker, known)
        rows.append(QueuedRow(place, worker, _reason(worker, known, holds, now), waits, label))
    taken = sum(worker.status in backlog.OCCUPYING for worker in workers)
    return QueueView(project.key, tuple(rows), taken, project.config.workers.max)


def _reason(worker: Worker, known: Mapping[str, Worker], holds: Iterable[StartHold], now: float) -> str:
    hold = start_hold.of_agent(holds, worker.agent)
    return backlog.reason(worker, known, hold.sentence(now) if hold else "")


def merge_order(project: Project) -> tuple[radar.MergeStep, ...]:
    """The order in which the branches of the living workers are best merged, as far as their conflicts are known."""
    workers = [worker for worker in project.store.listing().workers if worker.status in LIVE]
    return tuple(radar.merge_order(workers, meetings(project, workers)))


def queue_move(project: Project, number: str, place: str) -> QueueView:
    """Move a queued worker to `first`, `last`, `up`, `down` or a place such as `3`."""
    _queued(project, number)
    workers, priorities = project.store.listing().workers, project.config.queue.priorities
    order = [worker.id for worker in backlog.in_order(workers, priorities)]
    for one, wanted in backlog.moved(workers, priorities, number, _place(order, number, place)).items():
        _record(project, one, events.queue_moved(project.who, wanted))
    refresh(project)
    return queue(project)


def queue_auto(project: Project, *, on: bool | None) -> str:
    """Stop, or let go on, what starts by itself by the user's rules (None: the other of both); a sentence."""
    auto.note_rules(project)
    made = auto_state.change(project.store.root, lambda now: now._replace(off=not now.off if on is None else not on))
    refresh(project)
    if not made.rules:
        return "nothing starts by itself: ~/.config/orchestra/config.yaml has no rule under `auto` for this project"
    labels = ", ".join(made.rules)
    return (
        f"nothing starts by itself any more ({labels})" if made.off else f"issues labelled {labels} start by themselves"
    )


def queue_hold(project: Project, number: str) -> None:
    """Keep a queued worker from starting until it is released."""
    _record(project, number, events.queue_held(project.who))
    refresh(project)


def queue_release(project: Project, number: str) -> None:
    """Let it start when its turn comes."""
    _record(project, number, events.queue_released(project.who))
    refresh(project)


def queue_drop(project: Project, number: str) -> None:
    """Take a worker out of the queue: it is cancelled, and nothing of it has been made yet."""
    _queued(project, number)
    _record(project, number, events.cancelled(project.who))
    refresh(project)


def _place(order: list[str], number: str, place: str) -> int:
    at = order.index(number) + 1
    named = {"first": 1, "last": len(order), "up": at - 1, "down": at + 1}
    if place in named:
        return named[place]
    if not (place.isascii() and place.isdecimal() and 0 < len(place) < 6):
        raise UsageError("a place is first, last, up, down or a number", f"orchestra queue move {number} first")
    return int(place)


def _queued(project: Project, number: str) -> Worker:
    worker = worker_of(project.store, number)
    if worker.status is not Status.QUEUED:
        raise OrchestraError(f"#{number} is not queued; it is {worker.status.value}", "see: orchestra queue")
    return worker


def _record(project: Project, number: str, event: Event) -> None:
    worker_of(project.store, number)
    recorded = project.store.record(number, event)
    if recorded.refused:
        raise OrchestraError(f"#{number}: {recorded.refused}", "see: orchestra queue")
