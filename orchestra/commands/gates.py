"""`orchestra gates`: what waits for a person's word, the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.view import Row, look

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def gates(orchestra: Orchestra) -> tuple[Row, ...]:
    """The workers with an open escalation."""
    return tuple(row for row in look(orchestra, changes=False).rows if row.worker.escalation is not None)
