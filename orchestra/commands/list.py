"""`orchestra list`: every worker, the one that most needs a person first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.text import clean
from orchestra.git import cleanup
from orchestra.workers import git_config_guard
from orchestra.workers.overview import Overview, overview, with_tokens

if TYPE_CHECKING:
    from orchestra.project.context import Project


def list_(project: Project, *, tokens: bool = False) -> Overview:
    """Every worker of the project as people see it; with `tokens` what each has used."""
    view = overview(project)
    return (with_tokens(project, view) if tokens else view)._replace(warning=_warning(project, view))


def _warning(project: Project, view: Overview) -> str:
    """What concerns every worker, or says why none is shown."""
    if project.moved:
        return f"{project.moved}; bring its workers along: orchestra up"
    if not view.rows and (others := cleanup.our_worktrees(project.repository)):
        number, path = others[0]
        count = f"{len(others)} worktree{'' if len(others) == 1 else 's'}"
        return f"{count} of workers that are not on record: #{number} in {clean(path)}; see: orchestra doctor"
    return git_config_guard.warning(project)
