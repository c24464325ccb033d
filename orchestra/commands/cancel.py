"""`orchestra cancel ID`: end a worker. Its worktree, branch and conversation stay until `prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import ending
from orchestra.errors import OrchestraError
from orchestra.model import Worker
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def cancel(orchestra: Orchestra, number: str) -> Worker:
    """Record the cancellation, then close the worker's pane; nothing on disk is removed."""
    worker = worker_of(orchestra, number)
    recorded = orchestra.store.record(number, orchestra.store.event("cancelled", orchestra.who))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be cancelled: {recorded.refused}")
    ending.end(orchestra, worker)
    refresh(orchestra)
    return recorded.worker
