"""The processes of a worker: known by the mark in their environment, never by a name (failures.md O1, O2).

A child that ignores the hang-up, or makes a session of its own, survives its pane and even the tmux server. The agent
gets `ORCHESTRA_NONCE=<nonce>`, and everything it starts inherits that. Only Linux shows the environment of a process;
elsewhere nothing is found, and `doctor` says so.
"""

from __future__ import annotations

import os
import select
import signal
import time

from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MARK = "ORCHESTRA_NONCE"
PROC = "/proc"
HANG_UP_SECONDS = 1.0  # an agent that lost its terminal says goodbye to its hooks
TERM_SECONDS = 3.0
KILL_SECONDS = 5.0


class Process(Record):
    """A process that carries a worker's mark; `started` in clock ticks since boot, so a reused pid is not it (O9)."""

    pid: int
    started: int
    nonce: str
    home: str
    project: str


def is_supported() -> bool:
    """Whether this system shows the environment of processes."""
    return os.path.exists(f"{PROC}/self/environ")


def marked_processes() -> tuple[Process, ...]:
    """Every process of this person that carries a mark."""
    return tuple(_scan()) if is_supported() else ()


def end_marked(nonces: Collection[str]) -> tuple[int, ...]:
    """End every process that carries one of these marks; returns the pids of those that would not end.

    They are given a moment after the hang-up, then TERM, then KILL; each time their start time is looked at again.
    """
    wanted = frozenset(nonces) - {""}
    if not wanted or not _left(wanted):
        return ()
    for number, seconds in ((None, HANG_UP_SECONDS), (signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, KILL_SECONDS)):
        end_at = time.monotonic() + seconds
        while left := _left(wanted):
            for process in left if number else ():
                _signal(process, number)
            if time.monotonic() > end_at:
                break
            select.select((), (), (), 0.05)
        if not left:
            return ()
    return tuple(process.pid for process in _left(wanted))


def _left(wanted: Collection[str]) -> list[Process]:
    return [process for process in marked_processes() if process.nonce in wanted]


def _signal(process: Process, number: int | None) -> None:
    """Signal the very process: a handle is held on it while its start time is looked at once more."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return
    try:
        if number and _started(process.pid) == process.started:
            signal.pidfd_send_signal(handle, number)
    except OSError:
        return
    finally:
        os.close(handle)


def _scan() -> Iterator[Process]:
    mine, me = os.getuid(), os.getpid()
    for name in os.listdir(PROC):
        if not name.isdigit() or int(name) == me:
            continue
        try:
            if os.stat(f"{PROC}/{name}").st_uid != mine:
                continue
            facts = _environ(int(name))
            if MARK in facts and (started := _started(int(name))) is not None:
                home, project = facts.get("ORCHESTRA_HOME", ""), facts.get("ORCHESTRA_PROJECT", "")
                yield Process(int(name), started, facts[MARK], home, project)
        except OSError:  # it has just ended, or it is not ours to look at
            continue


def _environ(pid: int) -> dict[str, str]:
    with open(f"{PROC}/{pid}/environ", "rb") as file:
        raw = file.read()
    if MARK.encode() not in raw:
        return {}
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0"))
    return {os.fsdecode(key): os.fsdecode(value) for key, _, value in pairs}


def _started(pid: int) -> int | None:
    """When a process began; None for a zombie, which has ended. The name in the middle may hold anything (O9)."""
    try:
        with open(f"{PROC}/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return None if fields[0] == b"Z" else int(fields[19])
    except (OSError, IndexError, ValueError):
        return None


def is_running(pid: int, started: int | None) -> bool:
    """Whether this process runs, and began at `started` where that is known."""
    if is_supported():
        found = _started(pid)
        return found is not None and started in (None, found)
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def processes_inside(path: str, but: str = "") -> tuple[int, ...]:
    """The processes of this person that work in a directory or below it, but for those with the mark `but` (W4)."""
    if not is_supported():
        return ()
    place, own = os.path.realpath(path), {process.pid for process in marked_processes() if but and process.nonce == but}
    found = []
    for name in os.listdir(PROC):
        try:
            where = os.readlink(f"{PROC}/{name}/cwd") if name.isdigit() else ""
        except OSError:
            continue
        if (where == place or where.startswith(f"{place}/")) and int(name) not in own:
            found.append(int(name))
    return tuple(found)


def may_use_repository(places: Collection[str], files: Collection[str]) -> bool:
    """Whether a process may be at work in a repository: a git in or on one of `places`, anybody who has a file open.

    What cannot be looked into counts, and so does a system that shows nothing: only a proof lets a lock be removed.
    """
    if not is_supported():
        return True
    return any(_may_use(f"{PROC}/{name}", places, files) for name in os.listdir(PROC) if name.isdigit())


def _may_use(process: str, places: Collection[str], files: Collection[str]) -> bool:
    is_git = False
    try:
        with open(f"{process}/stat", "rb") as file:
            name, _, rest = file.read().partition(b"(")[2].rpartition(b")")
        if rest.split()[0] == b"Z":
            return False
        is_git = name.startswith(b"git")
        if is_git:
            with open(f"{process}/cmdline", "rb") as file:
                words = os.fsdecode(file.read())
            where = os.readlink(f"{process}/cwd")
            if any(place in words or where == place or where.startswith(f"{place}/") for place in places):
                return True
    except FileNotFoundError:  # it has just ended
        return False
    except OSError:
        return is_git
    return _has_open(process, files)


def _has_open(process: str, files: Collection[str]) -> bool:
    try:
        return any(os.readlink(f"{process}/fd/{number}") in files for number in os.listdir(f"{process}/fd"))
    except OSError:  # another person's, and no git: it has no business in this repository
        return False
