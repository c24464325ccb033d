"""`orchestra attach [ID]`: go to a worker's pane, or to the one that needs a person most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError
from orchestra.view import Row, look, row_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def attach(orchestra: Orchestra, number: str | None) -> tuple[str, ...]:
    """Select the worker's pane; returns the argv that brings this terminal to it (empty: it is there already)."""
    if not orchestra.tmux.running():
        raise OrchestraError("the workspace is not open", "open it: orchestra up")
    row = row_of(orchestra, number) if number else _neediest(orchestra)
    if row is not None:
        if row.seen.pane is None:
            raise OrchestraError(f"#{row.worker.id} has no pane", f"bring it back: orchestra spawn {row.worker.id}")
        orchestra.tmux.goto(row.seen.pane)
    return orchestra.tmux.attach_argv(orchestra.environ)


def _neediest(orchestra: Orchestra) -> Row | None:
    rows = [row for row in look(orchestra, changes=False).rows if row.seen.pane is not None]
    return rows[0] if rows and rows[0].attention else None
