"""The one app of all full-screen views."""

from __future__ import annotations

from orchestra.ui.screens.base import Home, View
from orchestra.ui.screens.help import HelpView


class Orchestra(Home):
    """It shows one screen, and over each screen its keys."""

    def show_help(self, view: View) -> None:
        """The keys of a screen, over it."""
        self.push_screen(HelpView(view))
