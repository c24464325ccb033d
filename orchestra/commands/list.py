"""`orchestra list`: every worker, the one that most needs a person first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.workers import git_config_guard as tripwire
from orchestra.workers.overview import View, counted, look

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def list_(orchestra: Orchestra, *, tokens: bool = False) -> View:
    """Every worker of the project as people see it; with `tokens` what each has used."""
    view = look(orchestra)
    return (counted(orchestra, view) if tokens else view)._replace(warning=tripwire.warning(orchestra))
