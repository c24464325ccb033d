"""`orchestra status`: the bar's text, for a prompt or a theme of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import attention
from orchestra.core.attention import Bar
from orchestra.workers.overview import look

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def status(orchestra: Orchestra) -> Bar:
    """What the bar would show now."""
    seens = [row.seen for row in look(orchestra, changes=False).rows]
    return attention.bar(seens, orchestra.now(), orchestra.config.limits.silent)
