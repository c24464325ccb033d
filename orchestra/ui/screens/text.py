"""A text to read: it scrolls, and closes by the key that opened it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from orchestra.core.text import clean
from orchestra.ui.screens.base import LOOK_SECONDS, View
from orchestra.ui.screens.paper import Paper, Span, from_ansi
from orchestra.ui.screens.verbs import Outcome
from orchestra.ui.worker_table import fold
from orchestra.workers.overview import worker_of
from orchestra.workers.session_files import FileTimes, session_files

if TYPE_CHECKING:
    from orchestra.project.context import Project


class TextView(View):
    """Lines under a title. `make` gets the columns there are, apart from the screen; again when something changes."""

    def __init__(self, title: str, make: Callable[[int], Iterable[str]], own_key: str = "") -> None:
        super().__init__()
        self.title_text, self.make, self.OWN_KEY = title, make, own_key
        self.lines: Sequence[str] | None = None
        self.top = 0
        self._files: FileTimes = ()
        self._columns = 0
        self._making = False

    def begin(self) -> None:
        """Read it, and look whether it has changed."""
        self.read()
        self.set_interval(LOOK_SECONDS, self.look_again)

    def read(self) -> None:
        """Make the lines for the present width."""
        if self._making:
            return
        self._making = True
        self._files = session_files(self.home.project.store.root)
        self._columns = columns = max(8, self.app.size.width - 4)
        self.run_apart(lambda: list(self.make(columns)), self.take, failed=self._not_made)

    def look_again(self) -> None:
        """Read it again when a session file or the width is another."""
        if self._columns != max(8, self.app.size.width - 4) or self._files != session_files(
            self.home.project.store.root
        ):
            self.read()

    def take(self, lines: list[str]) -> None:
        """Show it; the place that is read stays."""
        self._making, self.lines = False, lines

    def _not_made(self) -> None:
        self._making = False

    def on_resize(self) -> None:
        """What was made for another width is made again."""
        super().on_resize()
        self.look_again()

    def paint(self, paper: Paper) -> None:
        """The part that fits."""
        wide, room = max(8, paper.width - 4), max(1, paper.height - 2)
        shown = [piece for line in self.lines or () for piece in _folded(line, wide)]
        self.top = max(0, min(self.top, len(shown) - room))
        end = f"{self.top + 1}-{min(len(shown), self.top + room)} of {len(shown)}" if len(shown) > room else ""
        paper.box(0, 0, paper.width, paper.height, title=self.title_text, keys="j/k scroll  Esc back", end=end)
        for y, line in enumerate(shown[self.top : self.top + room], 1):
            paper.put(2, y, wide, line)
        if not shown:
            paper.put(2, 1, wide, self.said or ("\u2026" if self.lines is None else "nothing yet"))

    def press(self, key: str, action: str) -> None:
        """Scroll, or leave."""
        page = max(1, self.app.size.height // 2)
        ways = {"j": 1, "down": 1, "k": -1, "up": -1, "ctrl+d": page, "pagedown": page, "ctrl+u": -page,
                "pageup": -page, "g": -(10**6), "home": -(10**6), "G": 10**6, "end": 10**6}  # fmt: skip
        if key in ways:
            self.wheel(ways[key])
        else:
            super().press(key, action)

    def wheel(self, lines: int) -> None:
        """The wheel scrolls."""
        self.top = max(0, self.top + lines)


def _folded(text: str, wide: int) -> list[list[Span]]:
    """A line in as many as it needs; one that is coloured was made for this width."""
    return [from_ansi(text)] if "\x1b" in text else [[Span(piece)] for piece in fold(text, wide, "     ")]


class AskView(View):
    """One question before a worker is started again or ended; `y` does it."""

    def __init__(self, worker: str, verb: str) -> None:
        super().__init__()
        self.worker, self.verb = worker, verb

    def begin(self) -> None:
        """Ask at once."""
        self.ask(ask_lines(self.home.project, [self.worker], self.verb), self._do)

    def _do(self) -> None:
        act: Callable[[str], str] = getattr(self.home.verbs, self.verb)
        self.run_apart(lambda: act(self.worker), lambda said: self.close(Outcome(said=said)))

    def paint(self, paper: Paper) -> None:
        """Nothing but the question, and then how it went."""
        paper.put(2, 0, paper.width - 4, "" if self.question else self.said or "\u2026")

    def settle(self, key: str) -> None:
        """No leaves, too."""
        super().settle(key)
        if key not in ("y", "Y") and self.question is None:
            self.close(Outcome(said=f"#{self.worker} is left as it is"))


def ask_lines(project: Project, workers: Sequence[str], verb: str) -> list[str]:
    """What is asked before something is done to workers."""
    what = {
        "restart": "start its agent again, in its conversation",
        "cancel": "end it; its work stays",
        "pause": "stop its agent; one that is paused goes on",
    }[verb]
    count = [f"{len(workers)} workers:"] if len(workers) > 1 else []
    named = [f"{verb} #{number} {clean(worker_of(project.store, number).title, 80)}" for number in workers]
    return [*count, *named, what]
