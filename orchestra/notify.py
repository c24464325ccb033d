"""Tell the person that something needs them: the terminal's bell and a line in tmux."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Notifier(NamedTuple):
    """The ways to reach the person; each takes what it shows and raises nothing worth stopping for."""

    show: Callable[[str], None]
    ring: Callable[[], None]
    bell: bool

    def tell(self, text: str) -> None:
        """Show `text` on every attached terminal, and ring its bell unless the config says no."""
        self.show(text)
        if self.bell:
            self.ring()
