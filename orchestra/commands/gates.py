"""`orchestra gates`: what waits for the user's word, the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.dialogs import open_questions
from orchestra.workers.overview import WorkerRow, overview

if TYPE_CHECKING:
    from orchestra.project.context import Project


def gates(project: Project) -> tuple[WorkerRow, ...]:
    """The workers that ask the user something, in a dialog or by themselves."""
    return tuple(row for row in overview(project, changes=False).rows if open_questions(row.worker))
