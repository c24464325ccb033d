"""`orchestra status`: the bar's text, for a prompt or a theme of the person's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import attention
from orchestra.attention import Bar
from orchestra.view import look

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def status(orchestra: Orchestra) -> Bar:
    """What the bar would show now."""
    seens = [row.seen for row in look(orchestra, changes=False).rows]
    return attention.bar(seens, orchestra.now(), orchestra.config.limits.silent)
