"""`orchestra pause ID`: end a worker's agent for now; worktree and conversation stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Worker
from orchestra.workers import stop as ending

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def pause(orchestra: Orchestra, number: str) -> Worker:
    """Record the pause, then close the pane; raises OrchestraError when there is nothing to pause."""
    return ending.rest(orchestra, number, "paused")
