"""`orchestra issues`: the open issues, and which have a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Issue, Status
from orchestra.core.records import Record
from orchestra.trackers.local import LocalTracker

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Listed(Record):
    """An open issue, and the number of its worker if it has one."""

    issue: Issue
    worker: str | None


def issues(project: Project) -> tuple[Listed, ...]:
    """The open issues by number; raises OrchestraError when the tracker does not answer."""
    workers = {worker.id for worker in project.store.listing().workers if worker.status is not Status.CANCELLED}
    return tuple(Listed(issue, issue.number if issue.number in workers else None) for issue in project.tracker.issues())


def unreadable(project: Project) -> tuple[str, ...]:
    """The files of local issues that no list can show, with a sentence for each."""
    local = LocalTracker(project.root)
    if not local.exists():
        return ()
    local.issues()
    return local.problems
