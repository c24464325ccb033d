"""`orchestra cancel ID`: end a worker. Its worktree, branch and conversation stay until `prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import ending
from orchestra.model import Worker

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def cancel(orchestra: Orchestra, number: str) -> Worker:
    """Record the cancellation, then close the worker's pane; nothing on disk is removed."""
    return ending.rest(orchestra, number, "cancelled")
