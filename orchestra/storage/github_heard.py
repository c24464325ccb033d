"""When GitHub last answered a poll of the project: the time of the file with its answer. Standard library only."""

from __future__ import annotations

import os

from orchestra.core.text import stamp

DIRECTORY = "github"  # below a project's cache
LAST = "poll.json"  # what GitHub last said


def last_heard(cache: str) -> str:
    """The time as a stamp; empty when GitHub was never heard."""
    try:
        return stamp(os.stat(os.path.join(cache, DIRECTORY, LAST)).st_mtime)
    except OSError:
        return ""
