"""Files read and written so that nothing hangs and nothing is torn. Standard library only: hooks write through it."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 4 * 1024 * 1024


@contextmanager
def locked(path: str, wait: float = 10.0) -> Iterator[None]:
    """Hold the lock file `path`: never renamed or removed, closed on exec (failures.md S5). Waits `wait` seconds."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _flock(fd, path, wait)
        yield
    finally:
        os.close(fd)


def _flock(fd: int, path: str, wait: float) -> None:
    if threading.current_thread() is not threading.main_thread():
        fcntl.flock(fd, fcntl.LOCK_EX)
        return
    with suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return

    def give_up(*_: object) -> None:
        raise OrchestraError(f"{path} is locked by another process for {wait:.0f} s", f"see who: fuser {path}")

    old = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, wait)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def read_text(path: str, most: int = MOST_BYTES) -> str:
    """A regular file's text. A FIFO, a link, a directory or a huge file raises OSError and never hangs (S9)."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
            raise OSError(22, "not a regular file of a sane size", path)
        return file.read().decode("utf-8", "surrogateescape")


def write_atomic(path: str, text: str, mode: int = 0o600) -> None:
    """Replace a file whole: a reader sees the old text or the new one (failures.md S1, S3)."""
    temporary = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(fd)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def append_line(path: str, line: str) -> None:
    """Append one line and fsync. A torn last line of a crash is cut off first; half a line is taken back."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        size = os.fstat(fd).st_size
        if size and os.pread(fd, 1, size - 1) != b"\n":
            size = os.pread(fd, size, 0).rfind(b"\n") + 1
            os.ftruncate(fd, size)
        try:
            _write_all(fd, line.encode("utf-8", "replace"))
        except OSError:
            os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)


def _write_all(fd: int, content: bytes) -> None:
    while content:
        content = content[os.write(fd, content) :]
    os.fsync(fd)


def size_of(path: str) -> int:
    """A file's size in bytes; 0 when there is none."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def names_in(directory: str) -> list[str]:
    """The names in a directory, sorted; none when it is not there."""
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []


def make_private(directory: str) -> None:
    """Make a directory, and each one missing above it, for the person alone (failures.md X10)."""
    if os.path.isdir(directory):
        return
    make_private(os.path.dirname(os.path.abspath(directory)))
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)
