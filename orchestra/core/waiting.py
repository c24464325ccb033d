"""The one wait loop. Standard library only: hooks and locks wait by it."""

from __future__ import annotations

import select
import time

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable


def pause(seconds: float) -> None:
    """Let `seconds` pass."""
    select.select((), (), (), seconds)


def wait_until(ask: Callable[[], bool], seconds: float, every: float = 0.02, longest: float = 0.25) -> bool:
    """Ask until it is so, every `every` seconds at first and a little slower each time; False after `seconds`."""
    end = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > end:
            return False
        pause(every)
        every = max(every, min(every * 1.3, longest))
    return True
