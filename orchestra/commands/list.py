"""`orchestra list`: every worker, the one that most needs a person first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.workers import git_config_guard
from orchestra.workers.overview import Overview, overview, with_tokens

if TYPE_CHECKING:
    from orchestra.project.context import Project


def list_(project: Project, *, tokens: bool = False) -> Overview:
    """Every worker of the project as people see it; with `tokens` what each has used."""
    view = overview(project)
    return (with_tokens(project, view) if tokens else view)._replace(warning=git_config_guard.warning(project))
