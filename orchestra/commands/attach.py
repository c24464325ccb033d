"""`orchestra attach [ID]`: go to a worker's pane, or to the one that needs the user most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError
from orchestra.workers.overview import WorkerRow, overview, row_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


def attach(project: Project, number: str | None) -> tuple[str, ...]:
    """Select the worker's pane; returns the argv that brings this terminal to it (empty: it is there already)."""
    if not project.tmux.running():
        raise OrchestraError("the workspace is not open", "open it: orchestra up")
    row = row_of(project, number) if number else neediest(project)
    if row is not None:
        if row.seen.pane is None:
            raise OrchestraError(f"#{row.worker.id} has no pane", f"bring it back: orchestra spawn {row.worker.id}")
        project.clients.goto(row.seen.pane)
    return project.clients.attach_argv(project.environ)


def neediest(project: Project, after: str = "") -> WorkerRow | None:
    """The worker that needs the user most; from one of those, `after`, the next. None: nobody does."""
    rows = [row for row in overview(project, changes=False).rows if row.seen.pane is not None and row.attention]
    numbers = [row.worker.id for row in rows]
    if not rows:
        return None
    return rows[(numbers.index(after) + 1) % len(rows)] if after in numbers else rows[0]
