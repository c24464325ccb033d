"""`orchestra pause ID`: end a worker's agent for now; worktree and conversation stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Worker
from orchestra.workers import stop

if TYPE_CHECKING:
    from orchestra.project.context import Project


def pause(project: Project, number: str) -> Worker:
    """Record the pause, then close the pane; raises OrchestraError when there is nothing to pause."""
    return stop.stop(project, number, events.paused(project.who))
