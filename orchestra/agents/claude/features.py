"""What a version of Claude Code can do, by the name of the feature: the one place where a version number decides."""

from __future__ import annotations

OLDEST, MIDDLE, NEWEST = "2.1.197", "2.1.265", "2.1.332"
TESTED: tuple[str, ...] = (OLDEST, MIDDLE, NEWEST)  # every release of orchestra is tested with these
