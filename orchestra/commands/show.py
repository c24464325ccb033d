"""`orchestra show ID`: one worker in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.workers import git_config_guard, token_usage
from orchestra.workers.overview import WorkerRow, row_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


def show(project: Project, number: str) -> WorkerRow:
    """One worker as people see it; raises OrchestraError when there is none."""
    used = token_usage.tokens_of(project, project.store.listing().workers).get(number)
    return row_of(project, number)._replace(tokens=used, warning=git_config_guard.warning(project))
