"""Whether the monitor of an open workspace runs: by its lock, which ends with its process, and its last stamp."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.core.text import age
from orchestra.core.waiting import wait_until
from orchestra.errors import Unreachable
from orchestra.storage.files import is_held
from orchestra.tmux.commands import STALE

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

START_SECONDS = 1.0  # between the end of a monitor and the next one's lock: an upgrade, or a crash


def lock(store: Store) -> str:
    """The file that the monitor holds as long as it runs."""
    return os.path.join(store.cache, "monitor.lock")


def problem(held: bool, stamp: float | None, now: float) -> str:
    """What is wrong; nothing where no monitor has looked yet, which is so until the first look of a new workspace."""
    if stamp is None:
        return ""
    old = age(max(0.0, now - stamp))
    if not held:
        return f"the monitor does not run, its last look was {old} ago: nothing is restarted or brought by itself"
    return f"the monitor runs, but its last look was {old} ago" if now - stamp > STALE else ""


def missing(project: Project) -> str:
    """The same for the workspace of the project, where it is open."""
    try:
        stamp = project.status_bar.last_beat()
    except Unreachable:
        return ""
    if stamp is None:
        return ""
    held = wait_until(lambda: is_held(lock(project.store)), START_SECONDS)
    return problem(held, stamp, project.now())
