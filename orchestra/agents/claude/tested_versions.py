"""The versions of Claude Code that orchestra is tested with.

Nothing is decided by a version: what the program can do is taken from what its hooks, transcript and screen show.
"""

from __future__ import annotations

OLDEST, MIDDLE, NEWEST = "2.1.197", "2.1.265", "2.1.332"
TESTED: tuple[str, ...] = (OLDEST, MIDDLE, NEWEST)  # every release of orchestra is tested with these
