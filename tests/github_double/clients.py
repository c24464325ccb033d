"""What a test of the GitHub edge asks with."""

from __future__ import annotations

import time
from collections.abc import Callable

from orchestra.github import GitHubTracker

Connect = Callable[..., GitHubTracker]


class Clock:
    """A wall clock that a test moves by `shift` seconds."""

    def __init__(self) -> None:
        self.shift = 0.0

    def __call__(self) -> float:
        return time.time() + self.shift
