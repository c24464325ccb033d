"""`orchestra cancel ID`: end a worker. Its worktree, branch and conversation stay until `prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Worker
from orchestra.workers import stop

if TYPE_CHECKING:
    from orchestra.project.context import Project


def cancel(project: Project, number: str) -> Worker:
    """Record the cancellation, close the worker's pane, run `teardown`; no file of its worktree is removed.

    Raises when `teardown` fails: the worker is cancelled then all the same.
    """
    return stop.stop(project, number, events.cancelled(project.who), for_good=True)
