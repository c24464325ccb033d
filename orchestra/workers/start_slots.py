"""Agents start a few at a time: after a crash or a reboot all at once would be slow for each.

A place in the line is a lock on the worker's file in `cache/<project>/starts/`, older locks first. Who holds it ends
with it: a killed one holds nothing, and nobody has to tidy up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core.models import ActivityState
from orchestra.core.waiting import pause, wait_until
from orchestra.errors import OrchestraError
from orchestra.storage.files import is_held, locked, make_private

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

PLACES = max(4, (os.cpu_count() or 1) + 1)  # measured with 20 agents on 2 cores: more are no faster, and all late
START_SECONDS = 90.0  # from the agent's start to its first accepted prompt; a loaded machine needs 10
HELD_SECONDS = 15.0  # at most: an agent that shows a dialog instead of coming up holds up nobody for longer
LOOK_SECONDS = 0.1


def wait(project: Project, number: str, say: Callable[[str], None]) -> bool:
    """Wait in the queue until fewer than PLACES are before this worker; whether it had to wait.

    The place is this process's until it ends or becomes the agent. Where no file can be locked nobody waits.
    """
    path = _file(project.store, number)
    try:
        make_private(os.path.dirname(path))
        locked(path).__enter__()
        os.utime(path, ns=(time.time_ns(), time.time_ns()))
        shown = 0
        while (before := _before(path)) >= PLACES:
            if before != shown:
                say(f"waiting for a start slot: {before} ahead")
            shown = before
            pause(min(1.0, 0.05 * (before - PLACES + 1)))
    except (OSError, OrchestraError):
        return False
    return shown > 0


def keep(project: Project, number: str) -> None:
    """Keep the place, in a child, until the agent that this process becomes has come up."""
    agent = os.getpid()
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        if os.fork() == 0:  # a grandchild: the agent would never ask for the end of a child it does not know
            null = os.open(os.devnull, os.O_RDWR)
            for fd in range(3):  # an open terminal would keep the pane from being seen dead
                os.dup2(null, fd)
            os.chdir("/")
            wait_until(lambda: not _lives(agent) or _is_up(project.store, number), HELD_SECONDS, LOOK_SECONDS)
    finally:
        os._exit(0)


def in_line(project: Project, number: str) -> bool:
    """Whether the worker waits for its place, or has just got it."""
    return is_held(_file(project.store, number))


def _file(store: Store, number: str) -> str:
    return os.path.join(store.cache, "starts", number)


def _before(path: str) -> int:
    """How many have locked their file before this one: those who wait, and those who start now."""
    own = (os.stat(path).st_mtime_ns, os.path.basename(path))
    with os.scandir(os.path.dirname(path)) as found:
        older = [entry.path for entry in found if (entry.stat().st_mtime_ns, entry.name) < own]
    return sum(map(is_held, older))


def _is_up(store: Store, number: str) -> bool:
    worker = store.read(number)
    return worker is None or worker.activity.state is not ActivityState.STARTING


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
