"""`orchestra issues`: the open issues, and which have a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Issue, Status
from orchestra.core.records import Record
from orchestra.core.text import clean

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Listed(Record):
    """An open issue, and the number of its worker if it has one."""

    issue: Issue
    worker: str | None


class OpenIssues(Record):
    """The open issues by number, and a sentence for each issue file that could not be read."""

    listed: tuple[Listed, ...]
    left_out: tuple[str, ...] = ()


def issues(project: Project) -> OpenIssues:
    """The open issues; raises OrchestraError when the tracker does not answer."""
    workers = {worker.id for worker in project.store.listing().workers if worker.status is not Status.CANCELLED}
    found = project.tracker.issues()
    listed = (Listed(issue, issue.number if issue.number in workers else None) for issue in found)
    return OpenIssues(tuple(listed), tuple(f"left out: {clean(one, 500)}" for one in project.tracker.problems))
