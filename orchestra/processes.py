"""The processes of a worker, and who holds a file or a socket: everything that systems show in different ways.

A worker's processes are known by the mark in their environment, never by a name: a child that ignores the hang-up, or
makes a session of its own, survives its pane and even the tmux server. The agent gets `ORCHESTRA_NONCE=<nonce>`, and
everything that it starts inherits that.

psutil answers on Linux and macOS. It is imported at first use: 18 ms, and a hook runs without site packages.
"""

from __future__ import annotations

import os
import select
import sys
import time

from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import psutil

MARK = "ORCHESTRA_NONCE"
HANG_UP_SECONDS = 1.0  # an agent that lost its terminal says goodbye to its hooks
TERM_SECONDS = 3.0
KILL_SECONDS = 5.0
PASSING_SECONDS = 2.0  # a git that is started to look at something has ended by then
CLOCK_SECONDS = 60.0  # the time of a process's start is reckoned from the boot, which the clock's steps move
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103  # bytes: `sun_path` is that and a NUL
UNIX_SOCKETS = "/proc/net/unix"  # Linux only; without it psutil looks at the sockets of each process
_ACCEPTS = "00010000"  # __SO_ACCEPTCON in the flags of that table


class Process(Record):
    """A process that carries a worker's mark; `started` tells it from a later one with the same pid."""

    pid: int
    started: float
    nonce: str
    home: str
    project: str


def is_supported() -> bool:
    """Whether this system shows the environment of the user's processes."""
    import psutil

    try:
        return bool(psutil.Process().environ())
    except psutil.Error:
        return False


def marked_processes() -> tuple[Process, ...]:
    """Every process of this user that carries a mark."""
    return tuple(found for process in _own() if (found := _marked(process)) is not None)


def end_marked(nonces: Collection[str]) -> tuple[int, ...]:
    """End every process that carries one of these marks; returns the pids of those that would not end.

    They are given a moment after the hang-up, then TERM, then KILL; each time their start time is looked at again.
    """
    import signal

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


def processes_inside(path: str, but: str = "") -> tuple[int, ...]:
    """The processes of this user that work in a directory or below it, but for those with the mark `but`.

    A process that has just started is given `PASSING_SECONDS` to end: the git of a monitor or of a prompt passes by.
    """
    end_at = time.monotonic() + PASSING_SECONDS
    while True:
        found = tuple(_inside(os.path.realpath(path), but))
        if all(age > PASSING_SECONDS for _, age in found) or time.monotonic() > end_at:
            return tuple(pid for pid, _ in found)
        select.select((), (), (), 0.05)


def _inside(place: str, but: str) -> Iterator[tuple[int, float]]:
    """The process id and the age in seconds of each process that works there."""
    import psutil

    for process in _own():
        try:
            if _is_inside(process.cwd(), place) and not (but and _environ(process).get(MARK) == but):
                yield process.pid, time.time() - process.create_time()
        except psutil.Error:  # it has just ended, or it is not ours to look at
            continue


def may_use_repository(places: Collection[str], files: Collection[str]) -> bool:
    """Whether a process may be at work in a repository: a git in or on one of `places`, any that has a file open.

    What cannot be looked into counts: only a proof lets a lock be removed.
    """
    return any(_may_use(process, places, files) for process in _every())


def listens(path: str) -> bool:
    """Whether some process still listens on this Unix socket, be its file there or not.

    A cleaner of temporary files removes it under a living server. In a hook, which has no psutil, only Linux tells.
    """
    if os.path.exists(UNIX_SOCKETS):
        return any(True for _ in _listening(path))
    return bool(_servers(path))


def make_socket_again(path: str) -> bool:
    """Have the tmux server that listens on this socket make its file again; False when this user has none."""
    import signal

    found = _servers(path)
    for pid in found:
        os.kill(pid, signal.SIGUSR1)
    return bool(found)


def _every() -> Iterator[psutil.Process]:
    """Every process, looked at anew: `process_iter` would take a later one for one that it has seen with that pid."""
    import psutil

    for pid in psutil.pids():
        try:
            yield psutil.Process(pid)
        except psutil.Error:  # it has just ended
            continue


def _own() -> Iterator[psutil.Process]:
    """The processes of this user, but for this one."""
    import psutil

    mine, me = os.getuid(), os.getpid()
    for process in _every():
        try:
            if process.pid != me and process.uids().real == mine:
                yield process
        except psutil.Error:
            continue


def _environ(process: psutil.Process) -> dict[str, str]:
    import psutil

    try:
        return process.environ()
    except (psutil.Error, OSError, ValueError):  # it has just ended, or the system does not show it
        return {}


def _marked(process: psutil.Process) -> Process | None:
    import psutil

    facts = _environ(process)
    if MARK not in facts:
        return None
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        home, project = facts.get("ORCHESTRA_HOME", ""), facts.get("ORCHESTRA_PROJECT", "")
        return Process(process.pid, process.create_time(), facts[MARK], home, project)
    except psutil.Error:
        return None


def _left(wanted: Collection[str]) -> list[Process]:
    return [process for process in marked_processes() if process.nonce in wanted]


def _signal(process: Process, number: int | None) -> None:
    """Signal the very process, never a later one with its pid.

    On Linux a handle is held on it while its start time is looked at once more. Elsewhere there is no such handle: the
    pid would have to be reused between two system calls.
    """
    if not number:
        return
    handle = -1
    try:
        handle = _open_handle(process.pid)
        if _is_same(process):
            _send(process.pid, handle, number)
    except OSError:
        return
    finally:
        if handle >= 0:
            os.close(handle)


def _open_handle(pid: int) -> int:
    """A handle on a process; -1 on a system that has none."""
    if sys.platform == "linux":
        handle = os.pidfd_open(pid)
    else:
        handle = -1
    return handle


def _send(pid: int, handle: int, number: int) -> None:
    import signal

    if sys.platform == "linux" and handle >= 0:
        signal.pidfd_send_signal(handle, number)
    else:
        os.kill(pid, number)


def _is_same(process: Process) -> bool:
    import psutil

    try:
        return psutil.Process(process.pid).create_time() == process.started
    except psutil.Error:
        return False


def continue_process(pid: int) -> None:
    """Let a process go on that was suspended from its terminal; one that was not goes on as before."""
    import signal

    if pid <= 0:  # these would name whole groups
        return
    try:
        os.kill(pid, signal.SIGCONT)
    except OSError:
        return


def is_running(pid: int, by: float) -> bool:
    """Whether the process runs that had this number at the time `by`: a number may be given out again."""
    import psutil

    try:
        process = psutil.Process(pid)
        return process.create_time() <= by + CLOCK_SECONDS and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OverflowError, ValueError):
        return False


def _is_inside(where: str, place: str) -> bool:
    return where == place or where.startswith(f"{place}/")


def _may_use(process: psutil.Process, places: Collection[str], files: Collection[str]) -> bool:
    import psutil

    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.name().startswith("git"):
            words, where = "\0".join(process.cmdline()), process.cwd()
            if any(place in words or _is_inside(where, place) for place in places):
                return True
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # another user's
        return _is_git(process)
    try:
        return any(file.path in files for file in process.open_files())
    except (psutil.Error, OSError):  # another user's, and no git: it has no business in this repository
        return False


def _is_git(process: psutil.Process) -> bool:
    import psutil

    try:
        return process.name().startswith("git")
    except psutil.Error:
        return False


def _listening(path: str) -> Iterator[str]:
    """The inodes of the sockets that are listened on under this path."""
    try:
        with open(UNIX_SOCKETS, encoding="utf-8", errors="replace") as table:
            for line in table:
                row = line.rstrip("\n").split(" ")
                if row[-1] == path and _ACCEPTS in row:
                    yield line.split()[6]
    except (OSError, IndexError):
        return


def _servers(path: str) -> list[int]:
    """The tmux servers of this user with a socket of this path."""
    try:
        import psutil
    except ImportError:
        return []
    found = []
    for process in _own():
        try:
            if process.name().startswith("tmux") and any(
                str(one.laddr) == path for one in process.net_connections(kind="unix")
            ):
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
