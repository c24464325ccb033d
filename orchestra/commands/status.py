"""`orchestra status`: the bar's text, for a prompt or a theme of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import bar
from orchestra.workers.overview import overview

if TYPE_CHECKING:
    from orchestra.project.context import Project


def status(project: Project) -> bar.Bar:
    """What the bar would show now."""
    return bar.bar(((row.seen, row.shown) for row in overview(project, changes=False).rows), project.now())
