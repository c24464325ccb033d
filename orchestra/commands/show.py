"""`orchestra show ID`: one worker in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.workers import git_config_guard as tripwire
from orchestra.workers import token_usage as tokens
from orchestra.workers.overview import Row, row_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def show(orchestra: Orchestra, number: str) -> Row:
    """One worker as people see it; raises OrchestraError when there is none."""
    used = tokens.of(orchestra, orchestra.store.listing().workers).get(number)
    return row_of(orchestra, number)._replace(tokens=used, warning=tripwire.warning(orchestra))
