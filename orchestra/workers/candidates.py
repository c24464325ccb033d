"""The open issues that a query means and that no worker has yet, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.issue_query import IssueQuery, matches, oldest_first
from orchestra.core.models import MEMBERS, Issue, Status
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.storage import pruned

if TYPE_CHECKING:
    from orchestra.project.context import Project

ME = "@me"


class Candidates(Record):
    """The issues to start on, and those of outsiders, which start by their number and `--trust` alone."""

    issues: tuple[Issue, ...]
    outsiders: tuple[Issue, ...] = ()


def candidates(project: Project, query: IssueQuery, *, again: bool = True) -> Candidates:
    """The open issues of a query without a worker. `again`: also those whose worker was cancelled or removed."""
    query = query._replace(assignee=_me(project) if query.assignee == ME else query.assignee.removeprefix("@"))
    issues = project.tracker.search(query.text) if query.text else project.tracker.issues()
    workers = project.store.listing().workers
    taken = {one.id for one in workers if not again or one.status is not Status.CANCELLED}
    taken |= set() if again else set(pruned.numbers(project.store.root))
    found = oldest_first(one for one in issues if one.state == "open" and matches(one, query))
    free = [one for one in found if one.number not in taken]
    return Candidates(
        tuple(one for one in free if one.association in MEMBERS),
        tuple(one for one in free if one.association not in MEMBERS),
    )


def _me(project: Project) -> str:
    """Who the user is to the tracker."""
    if project.tracker_name == "github":
        return project.github.login()
    return clean(project.repository.git("config", "user.name").out, 60)
