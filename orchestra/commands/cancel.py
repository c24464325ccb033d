"""`orchestra cancel ID`: end a worker. Its worktree, branch and conversation stay until `prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Status, Worker
from orchestra.errors import OrchestraError
from orchestra.workers import stop
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


def cancel(project: Project, number: str, *, close_pull: bool = False) -> Worker:
    """Record the cancellation, close the worker's pane, run `teardown`; no file of its worktree is removed.

    `close_pull` closes its pull request on GitHub before: where GitHub refuses that, nothing is cancelled. Raises when
    `teardown` fails: the worker is cancelled then all the same.
    """
    worker = worker_of(project.store, number)
    if not close_pull:
        return stop.stop(project, number, events.cancelled(project.who), for_good=True)
    pull = worker.pull
    if pull is None or pull.state != "open":
        raise OrchestraError(f"#{number} has no open pull request", f"orchestra cancel {number}")
    project.github.close_pull(pull.number)
    try:
        if worker.status is not Status.CANCELLED:
            stop.stop(project, number, events.cancelled(project.who), for_good=True)
    finally:
        seen = events.pull_seen(project.who, pull._replace(state="closed"), worker.pull_url or "")
        recorded = project.store.record(number, seen)
    return recorded.worker or worker
