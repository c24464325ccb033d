"""The board's window: opened once, beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import PanePlan, WindowPlan

if TYPE_CHECKING:
    from orchestra.project.context import Project


def board(project: Project) -> bool:
    """Ensure the board's window; True when it had to be opened."""
    plan = PanePlan((*project.program(), "board"), project.root, options={"@orchestra_part": "board"})
    return project.workspace.open([WindowPlan("board", (plan,), role="board")])
