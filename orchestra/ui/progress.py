"""What a command does that takes longer than half a second: lines on the terminal that change in place."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from orchestra.core.cells import cut
from orchestra.core.models import Status
from orchestra.core.text import age, clean, seconds_of

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project

QUIET_SECONDS = 0.5  # what is over by then needs no word
EVERY_SECONDS = 0.25


class Progress:
    """The lines while they are on the screen, drawn beside a command that may wait for git or a network."""

    def __init__(self, lines: Callable[[], Sequence[str]], out: TextIO) -> None:
        self.lines = lines
        self.out = out
        self._drawn = 0  # rows that are on the screen
        self._held = threading.Lock()  # by who draws, or by who asks the user something meanwhile
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Draw from now on, where that is a terminal which can go back a line."""
        if self.out.isatty() and os.environ.get("TERM", "dumb") not in ("", "dumb"):
            self._thread.start()

    def end(self) -> None:
        """Take the lines away: what follows says what came of it."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
            self._wipe()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Leave the terminal to a question."""
        with self._held:
            self._wipe()
            yield

    def _run(self) -> None:
        wait = QUIET_SECONDS
        while not self._over.wait(wait):
            wait = EVERY_SECONDS
            with self._held, suppress(OSError, ValueError):
                self._draw()

    def _draw(self) -> None:
        columns, rows = os.get_terminal_size(self.out.fileno())
        lines = [cut(one, max(1, columns - 1)) for one in self.lines()]
        if len(lines) >= rows:  # what has scrolled away cannot be drawn over
            lines = [*lines[: max(0, rows - 2)], f"and {len(lines) - max(0, rows - 2)} more"]
        text = self._up() + "\n".join(f"{one}\x1b[K" for one in lines)
        self._drawn = len(lines)
        self.out.write(text)
        self.out.flush()

    def _wipe(self) -> None:
        if not self._drawn:
            return
        with suppress(OSError, ValueError):
            self.out.write(self._up())
            self.out.flush()
        self._drawn = 0

    def _up(self) -> str:
        """To the begin of the first line, with everything below it away."""
        if not self._drawn:
            return ""
        return (f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else "") + "\r\x1b[J"


@contextmanager
def progress(lines: Callable[[], Sequence[str]]) -> Iterator[Progress]:
    """Show `lines` while the block runs, on a terminal; elsewhere nothing is drawn, and the lines are not asked for."""
    shown = Progress(lines, sys.stderr)
    shown.begin()
    try:
        yield shown
    finally:
        shown.end()


def doing(what: str) -> Callable[[], Sequence[str]]:
    """One line, with the time that it has taken."""
    begun = time.monotonic()
    return lambda: [f"{what} {age(time.monotonic() - begun)}"]


def starting(project: Project, numbers: Sequence[str]) -> Sequence[str]:
    """A line for each worker that is being started: how far it is, and since when."""
    return [f"#{clean(number, 40)} {_how_far(project, project.store.read(number))}" for number in numbers]


def _how_far(project: Project, worker: Worker | None) -> str:
    if worker is None or worker.status is Status.CANCELLED:
        return "reads the issue, fetches the base"
    if worker.status is not Status.REGISTERED:
        return worker.status.value
    since = seconds_of(worker.status_since)
    passed = age(max(0.0, project.now() - since)) if since else ""
    if worker.activity.source == "worker run":
        return f"agent starting {passed}"
    if not os.path.isdir(worker.worktree):
        return f"worktree {passed}"
    setup = cut(clean(project.config.setup or ""), 40)
    return f"setup: {setup} {passed}" if setup else f"worktree {passed}"
