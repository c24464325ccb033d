"""Colour roles for what the command line prints: the terminal's own sixteen colours, or bold and reverse alone."""

from __future__ import annotations

import click

from orchestra.core.look import Look
from orchestra.core.records import Record
from orchestra.core.state import Role, Shown


class Paint(Record):
    """How text is printed: what the terminal can show, its width, and whether to colour at all."""

    look: Look = Look()
    columns: int = 100
    colour: bool = False
    links: bool = False  # the terminal shows addresses as links (OSC 8)

    def role(self, text: str, role: Role) -> str:
        """`text` in the colour of a role."""
        shown = self.look.text(text)
        if not self.colour:
            return shown
        if self.look.plain:
            return click.style(shown, bold=True) if role in (Role.ALARM, Role.WARNING, Role.GOOD) else shown
        named = {
            Role.ALARM: {"fg": "red", "bold": True},
            Role.WARNING: {"fg": "yellow"},
            Role.GOOD: {"fg": "green"},
            Role.ACCENT: {"fg": "blue"},
            Role.MUTED: {"dim": True},
        }
        return click.style(shown, **named[role]) if role in named else shown  # type: ignore[arg-type]

    def state(self, shown: Shown) -> str:
        """`● question`"""
        return self.role(state_text(shown), shown.role)

    def bold(self, text: str) -> str:
        """A heading."""
        return click.style(self.look.text(text), bold=True) if self.colour else self.look.text(text)

    def link(self, text: str, address: str) -> str:
        """`text` as a link, where the terminal can show one."""
        return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\" if self.links and address else text


def state_text(shown: Shown) -> str:
    """Mark and word, as they are shown beside each other everywhere."""
    return f"{shown.mark} {shown.word}"
