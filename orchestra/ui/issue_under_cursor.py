"""What the spawn key does first: which issue is under the cursor, and does it have a worker already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import issue_refs
from orchestra.core.models import Issue, Pane, Status
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.workers.overview import pane_of

if TYPE_CHECKING:
    from orchestra.ui.key_context import KeyContext


class IssueAtCursor(Record):
    """The issue at the cursor, and the living pane of its worker if there is one."""

    issue: Issue
    pane: Pane | None


def under_cursor(context: KeyContext, mouse: tuple[int, int] | None, *, exact: bool) -> IssueAtCursor | None:
    """The issue nearest to the cursor (`exact`: right under it); None when the line names none.

    Raises OrchestraError when the tracker has no such issue.
    """
    project = context.project
    number = issue_refs.issue_at(context.spot(mouse), context.slug, context.host, exact=exact)
    if number is None:
        return None
    worker = project.store.read(number)
    if worker is not None and worker.status is not Status.CANCELLED:
        pane = pane_of(project, worker)
        return IssueAtCursor(Issue(number, worker.title), None if pane is None or pane.dead else pane)
    return IssueAtCursor(project.tracker.issue(number), None)


def words(issue: Issue) -> str:
    """`#124 Add export button`"""
    return f"#{issue.number} {clean(issue.title, 80)}"


def position(text: str | None) -> tuple[int, int] | None:
    """`12,3` as column and row."""
    if not text:
        return None
    column, _, row = text.partition(",")
    if not (column.isascii() and column.isdigit() and row.isascii() and row.isdigit()):
        raise OrchestraError(f"{clean(text, 20)!r} is not a place on the screen")
    return int(column[:5]), int(row[:5])
