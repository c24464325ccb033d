"""`orchestra gates`: what waits for a person's word, the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.dialogs import open_questions
from orchestra.workers.overview import Row, look

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def gates(orchestra: Orchestra) -> tuple[Row, ...]:
    """The workers that ask a person something, in a dialog or by themselves."""
    return tuple(row for row in look(orchestra, changes=False).rows if open_questions(row.worker))
