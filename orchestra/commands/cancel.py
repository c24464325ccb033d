"""`orchestra cancel ID`: end a worker. Its worktree, branch and conversation stay until `prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Worker
from orchestra.workers import stop as ending

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def cancel(orchestra: Orchestra, number: str) -> Worker:
    """Record the cancellation, then close the worker's pane; nothing on disk is removed."""
    return ending.rest(orchestra, number, "cancelled")
