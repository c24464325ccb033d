"""`orchestra wait ID...`: until each worker is where it should be, or one needs the user."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from orchestra.core.lifecycle.transitions import TERMINAL
from orchestra.core.models import Attention, Status
from orchestra.core.records import Record
from orchestra.core.waiting import wait_until
from orchestra.workers.overview import WorkerRow, overview, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project

NEEDS = frozenset({Attention.BLOCKED, Attention.STUCK, Attention.CRASHED, Attention.LIMITED})


class Outcome(IntEnum):
    """How the waiting ended; the numbers are the exit codes."""

    REACHED = 0
    TIMED_OUT = 4
    NEEDS_PERSON = 5


class Waited(Record):
    """The outcome, and the workers as they were then."""

    outcome: Outcome
    rows: tuple[WorkerRow, ...]


def wait(project: Project, ids: Sequence[str], statuses: frozenset[Status], seconds: float) -> Waited:
    """Wait until every worker of `ids` has a status of `statuses`, for `seconds` at most (infinite: for ever)."""
    for number in ids:
        worker_of(project.store, number)
    ended: list[WorkerRow] = []

    def over() -> bool:
        rows = [row for row in overview(project, changes=False).rows if row.worker.id in ids]
        ended[:] = rows
        return _outcome(rows, statuses) is not None

    wait_until(over, seconds)
    outcome = _outcome(ended, statuses)
    return Waited(Outcome.TIMED_OUT if outcome is None else outcome, tuple(ended))


def _outcome(rows: Sequence[WorkerRow], statuses: frozenset[Status]) -> Outcome | None:
    """None while there is something to wait for. What has passed a status on its way has reached it."""
    if all(row.worker.status in statuses or _passed(row, statuses) for row in rows):
        return Outcome.REACHED
    waiting = [row for row in rows if row.worker.status not in statuses and not _passed(row, statuses)]
    if any(row.attention in NEEDS or row.worker.status in TERMINAL for row in waiting):
        return Outcome.NEEDS_PERSON
    return None


def _passed(row: WorkerRow, statuses: frozenset[Status]) -> bool:
    """A merged worker was complete before: waiting for `complete` is over."""
    return row.worker.status is Status.MERGED and Status.COMPLETE in statuses
