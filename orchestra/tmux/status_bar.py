"""The status bar, the borders of panes and the marks of windows: pushed, so that drawing them needs no process.

Importing this costs only the cheap part of the standard library, because a hook does it.
"""

from __future__ import annotations

from orchestra.tmux import commands

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra.core.models import Border
    from orchestra.tmux.session import Session


class StatusBar:
    """What the user sees of the workers without looking for it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def show(
        self,
        text: str,
        level: str,
        borders: Mapping[str, Border] | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """The bar, the borders of panes (by pane id) and the marks of workers' windows (by window id), in one message.

        Nothing happens while the workspace is not open.
        """
        edges = [commands.border_options(pane, border) for pane, border in (borders or {}).items()]
        names = [commands.with_window_mark(window, mark) for window, mark in (marks or {}).items()]
        self._session.set_options({"@orchestra_bar": text, "@orchestra_level": level}, [*edges, *names])

    def bar(self, text: str, level: str) -> None:
        """The bar alone: its text, and the attention that colours it, or any other word for no colour."""
        self.show(text, level)

    def beat(self, epoch: float) -> None:
        """The monitor runs, at this wall-clock time; the bar itself shows when that was long ago."""
        self._session.set_options({"@orchestra_beat": str(int(epoch))})
