"""`orchestra pause ID`: end a worker's agent for now; worktree and conversation stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import ending
from orchestra.errors import OrchestraError
from orchestra.model import Worker
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def pause(orchestra: Orchestra, number: str) -> Worker:
    """Record the pause, then close the pane; raises OrchestraError when there is nothing to pause."""
    worker = worker_of(orchestra, number)
    recorded = orchestra.store.record(number, orchestra.store.event("paused", orchestra.who))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be paused: {recorded.refused}")
    ending.end(orchestra, worker)
    refresh(orchestra)
    return recorded.worker
