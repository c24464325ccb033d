"""Who may start: a worker waits for a free place, and for the issues it comes after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Status, Worker

if TYPE_CHECKING:
    from orchestra.project.context import Project

_OCCUPYING = LIVE - {Status.COMPLETE}
_DONE = frozenset({Status.COMPLETE, Status.MERGED})


def is_full(project: Project) -> bool:
    """Whether `workers.max` workers are at work; one whose pull request waits for a review takes no place."""
    at_work = sum(worker.status in _OCCUPYING for worker in project.store.listing().workers)
    return at_work >= project.config.workers.max


def waits_for(project: Project, after: Sequence[str]) -> tuple[str, ...]:
    """Those of `after` whose work is not complete yet; an issue without a worker counts as not complete."""
    found = {worker.id: worker for worker in project.store.listing().workers}
    return tuple(number for number in after if number not in found or found[number].status not in _DONE)


def next_worker(project: Project) -> Worker | None:
    """The queued worker that may start now, the longest waiting first; None when there is none."""
    if is_full(project):
        return None
    queued = [worker for worker in project.store.listing().workers if worker.status is Status.QUEUED]
    ready = [worker for worker in queued if not waits_for(project, worker.after)]
    return min(ready, key=lambda worker: (worker.started_at, int(worker.id)), default=None)
