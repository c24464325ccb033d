"""The status bar, the borders of panes and the marks of windows: pushed, so that drawing them needs no process.

Importing this costs only the cheap part of the standard library, because a hook does it.
"""

from __future__ import annotations

from orchestra.tmux import commands

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra.core.bar import Bar
    from orchestra.core.look import Look
    from orchestra.core.models import Border
    from orchestra.tmux.session import Session


class StatusBar:
    """What the user sees of the workers without looking for it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def show(
        self, bar: Bar, look: Look, borders: Mapping[str, Border] | None = None, marks: Mapping[str, str] | None = None
    ) -> None:
        """The bar, the borders of panes (by pane id) and the marks of workers' windows (by window id), in one message.

        Nothing happens while the workspace is not open.
        """
        edges = [commands.border_options(pane, border, look) for pane, border in (borders or {}).items()]
        names = [commands.with_window_mark(window, look.text(mark)) for window, mark in (marks or {}).items()]
        lines = [
            [commands.border_lines(window, heavy=commands.is_alarm(mark))] for window, mark in (marks or {}).items()
        ]
        self._session.set_options(commands.bar_values(bar, look), [*edges, *names, *lines])

    def add_to_bar(self, extra: str, trouble: str) -> None:
        """What the bar says of the project beside its workers: `extra` where there is room, `trouble` always."""
        self._session.set_options({"@orchestra_extra": extra, "@orchestra_trouble": trouble})

    def beat(self, epoch: float) -> None:
        """The monitor runs, at this wall-clock time; the bar itself shows when that was long ago."""
        self._session.set_options({"@orchestra_beat": str(int(epoch))})

    def last_beat(self) -> float | None:
        """When the monitor last said that it runs; None where it has not, or the workspace is not open."""
        said = self._session.option("@orchestra_beat")
        return float(said) if said.isdigit() else None
