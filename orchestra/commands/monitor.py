"""`orchestra monitor`: reconcile again and again, and say in plain sentences what was done."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core.text import clean, stamp
from orchestra.core.waiting import wait_until
from orchestra.errors import OrchestraError
from orchestra.monitor.preloading import Preloading
from orchestra.monitor.reconcile import Memory, reconcile
from orchestra.monitor.wakefulness import Wakefulness
from orchestra.project import entry_points
from orchestra.storage.files import locked, make_private
from orchestra.workers import monitor_presence
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

LOOK_SECONDS = 1.0  # between two looks at whether a file changed: 50 idle workers cost under 1 % of a core
PASS_SECONDS = 15.0  # between two passes when nothing did
LIMITED_SECONDS = 3.0  # while a worker with a budget is at work: none of our files tells of the tokens that it uses
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})  # of a write: the next pass may succeed
PENDING_SECONDS = 2.0  # while an agent is seen gone, and not yet believed to be


def monitor(
    project: Project, say: Callable[[str], None], start: Callable[[str], str], *, passes: int | None = None
) -> None:
    """Reconcile at every change of a session file and every PASS_SECONDS; one at a time for a project.

    `start` begins a worker on an issue that a rule of the user names, and says what came of it.
    """
    make_private(project.store.cache)
    with locked(monitor_presence.lock(project.store), wait=2.0):
        say(f"{project.title}: monitoring; each action is logged below")
        memory, version = Memory(start), entry_points.installed_version()
        clock, preloading = Wakefulness(project.now, time.monotonic), Preloading(project.home)
        while passes is None or passes > 0:
            if passes is None and not entry_points.is_current(project.home, version):
                say("orchestra was upgraded: the monitor ends, and starts again with the new version")
                return
            seen = _files(project.store)
            if clock.slept():
                project.store.woke()
                say(f"{stamp(project.now())[11:19]}  the machine was suspended: ages count from now")
            for line in _one(project, memory):
                say(f"{stamp(project.now())[11:19]}  {line}")
            passes = None if passes is None else passes - 1
            if passes is None:
                preloading.look()
            if passes != 0:
                patience = LIMITED_SECONDS if memory.limited else PASS_SECONDS
                _rest(project, seen, PENDING_SECONDS if memory.gone else patience, clock)


def _rest(project: Project, seen: tuple[tuple[str, int], ...], most: float, clock: Wakefulness) -> None:
    """Until a session file is not as it was `seen`, the machine was suspended, and `most` seconds."""
    clock.begin_to_rest()
    wait_until(lambda: clock.looks() or _files(project.store) != seen, most, LOOK_SECONDS)


def _one(project: Project, memory: Memory) -> tuple[str, ...]:
    try:
        done = reconcile(project, memory)
        project.status_bar.beat(project.now())
    except OrchestraError as wrong:
        return (wrong.message,)
    except OSError as wrong:
        if wrong.errno not in DISK:
            raise
        refresh(project)  # the bar says it
        project.status_bar.beat(project.now())
        return (f"{wrong.strerror}: {clean(str(wrong.filename or project.home))}; see: orchestra doctor",)
    return done.said


def _files(store: Store) -> tuple[tuple[str, int], ...]:
    """The names and times of the session files: what a change shows in."""
    try:
        with os.scandir(store.root) as found:
            return tuple(sorted((e.name, e.stat().st_mtime_ns) for e in found if e.name.endswith(".json")))
    except OSError:
        return ()
