"""The board's window: opened once, beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import PanePlan, WindowPlan

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def board(orchestra: Orchestra) -> bool:
    """Ensure the board's window; True when it had to be opened."""
    plan = PanePlan((*orchestra.program(), "board"), orchestra.root, options={"@orchestra_part": "board"})
    return orchestra.tmux.open([WindowPlan("board", (plan,), role="board")])
