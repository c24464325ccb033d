"""Whether the machine was suspended, or all that runs here was stopped: by two clocks, looked at every second.

After a suspend every age is hours older, and nobody has been silent or waiting in that time.
"""

from __future__ import annotations

from collections.abc import Callable

GAP_SECONDS = 60.0


class Wakefulness:
    """Two clocks of one monitor. `wall` runs on in a suspend; `running` does not on Linux and macOS."""

    def __init__(self, wall: Callable[[], float], running: Callable[[], float]) -> None:
        self._wall, self._running = wall, running
        self._last = (wall(), running())
        self._slept = False

    def slept(self) -> bool:
        """Whether it was suspended since the last time this was asked."""
        self._look(resting=False)
        found, self._slept = self._slept, False
        return found

    def begin_to_rest(self) -> None:
        """From here on there is a look every second: a longer gap is a suspend by whatever clock."""
        self._look(resting=False)

    def looks(self) -> bool:
        """Look while resting; whether it was suspended."""
        self._look(resting=True)
        return self._slept

    def _look(self, *, resting: bool) -> None:
        now = (self._wall(), self._running())
        passed, lived = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        if passed - lived > GAP_SECONDS or (resting and max(passed, lived) > GAP_SECONDS):
            self._slept = True
