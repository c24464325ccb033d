"""Whether anything has changed: the names and times of a project's session files. Nothing is read."""

from __future__ import annotations

import os

FileTimes = tuple[tuple[str, int], ...]


def session_files(root: str) -> FileTimes:
    """Name and time of each session file under `root`; a change to a worker shows in them."""
    try:
        with os.scandir(root) as found:
            return tuple(sorted((one.name, one.stat().st_mtime_ns) for one in found if one.name.endswith(".json")))
    except OSError:
        return ()
