"""A bar that says one text, for tests of how tmux draws it."""

from __future__ import annotations

from orchestra.core.bar import Bar, Segment
from orchestra.core.look import Look
from orchestra.core.state import Role
from support.tmux_session import Tmux


def bar_saying(text: str, role: Role = Role.PLAIN, level: str | None = None) -> Bar:
    return Bar(text, role.value if level is None else level, ((Segment(text, role),),))


def say_in_bar(tmux: Tmux, text: str, role: Role = Role.PLAIN, level: str | None = None) -> None:
    tmux.status_bar.show(bar_saying(text, role, level), Look())
