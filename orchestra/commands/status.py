"""`orchestra status`: the bar's text, for a prompt or a theme of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import attention
from orchestra.core.attention import Bar
from orchestra.workers.overview import overview

if TYPE_CHECKING:
    from orchestra.project.context import Project


def status(project: Project) -> Bar:
    """What the bar would show now."""
    seens = [row.seen for row in overview(project, changes=False).rows]
    return attention.bar(seens, project.now(), project.config.limits.silent)
