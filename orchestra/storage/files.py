"""Files read and written so that nothing hangs and nothing is torn. Standard library only: hooks write through it."""

from __future__ import annotations

import fcntl
import os
import stat

from orchestra.core.waiting import wait_until
from orchestra.errors import OrchestraError, Unreachable

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_BYTES = 4 * 1024 * 1024
MOST_COUNTED = 1024 * 1024  # `list` asks every worktree for the lines of its new files
LEAST_FREE = 64 * 1024  # where less is free, a session file finds room now and then, and not when it matters


class locked:  # noqa: N801 - it is used as a verb: `with locked(path):`
    """Hold the lock file `path` (flock), waiting at most `wait` seconds for it; its descriptor comes out.

    The file is never the one that is written, and never renamed or removed: a lock on a file that is replaced guards
    nothing. It is closed on exec, or a program started meanwhile (the tmux server) would hold it for ever.
    `mode` is given whatever the umask is: another account may have to take the same lock.
    """

    def __init__(self, path: str, wait: float = 10.0, mode: int = 0o600) -> None:
        self.path = path
        self.wait = wait
        self.mode = mode
        self.fd = -1

    def __enter__(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self.fd = os.open(self.path, flags, self.mode)
        except IsADirectoryError:
            raise OrchestraError(
                f"{self.path} is a directory, not a lock file", f"look at it: ls -la {self.path}"
            ) from None
        facts = os.fstat(self.fd)
        if self.mode & ~facts.st_mode and facts.st_uid == os.geteuid():
            os.fchmod(self.fd, self.mode)
        if not wait_until(self._taken, self.wait, every=0.001, longest=0.05):  # flock itself waits without a bound
            self.__exit__()
            raise Unreachable(f"another process holds the lock {self.path}", f"see who: fuser {self.path}")
        return self.fd

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as wrong:  # a network file system may have no locks
            self.__exit__()
            raise OrchestraError(
                f"{self.path} cannot be locked: {wrong.strerror}",
                f"a file system with locks is needed: keep {os.path.dirname(self.path)} on a local disk",
            ) from None
        return True


def is_held(path: str) -> bool:
    """Whether a living process holds the lock file `path`: no process number that another may have got since."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # where there are no locks nobody holds one
        return False
    finally:
        os.close(fd)
    return False


def read_text(path: str, most: int = MOST_BYTES) -> str:
    """A regular file's text. A FIFO, a link, a directory or a huge file raises OSError and never hangs."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > most:
            raise OSError(22, "not a regular file of a sane size", path)
        return file.read().decode("utf-8", "surrogateescape")


def text_or_empty(path: str) -> str:
    """A small file's text; empty when there is none that can be read."""
    try:
        return read_text(path)
    except OSError:
        return ""


def same_content(file: os.PathLike[str], other: os.PathLike[str]) -> bool:
    """True for a link, whose content is elsewhere, and for two files of one content."""
    import filecmp

    try:
        return os.path.islink(file) or filecmp.cmp(file, other, shallow=False)
    except OSError:
        return False


def count_lines(directory: str, names: Iterable[str]) -> int:
    """The lines of new files as git counts them, until much has been read; a binary or a huge file has none."""
    found, most = 0, MOST_COUNTED
    for name in names:
        try:
            text = read_text(os.path.join(directory, name), most)
        except OSError:  # a link, a FIFO, or more than what is left to be read
            continue
        most -= len(text)
        if "\0" not in text[:8000]:
            found += text.count("\n") + (text[-1:] not in ("", "\n"))
    return found


def write_atomic(path: str, text: str, mode: int = 0o600) -> None:
    """Replace a file whole: a reader, also after a crash, sees the old text or the new one."""
    temporary = f"{path}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fsync(fd)
        try:
            os.replace(temporary, path)
        except IsADirectoryError:  # orchestra made no directory here: it is kept under another name
            os.rename(path, f"{path}.bad-{os.urandom(4).hex()}")
            os.replace(temporary, path)
    except BaseException:
        remove_if_present(temporary)
        raise


def append_line(path: str, line: str) -> int:
    """Append one line and fsync; returns how long the file was before.

    A torn last line of a crash is cut off first; half a line is taken back.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        size = _whole_lines(fd)
        try:
            _write_all(fd, line.encode("utf-8", "replace"))
        except OSError:
            os.ftruncate(fd, size)
            raise
        return size
    finally:
        os.close(fd)


def truncate(path: str, size: int) -> None:
    """Take back what was appended to a file since it was `size` bytes long, if that can be done."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            os.ftruncate(fd, size)
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError:
        pass


def truncate_torn_line(path: str) -> int:
    """A file's size once a torn last line is cut off; 0 when there is none."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return 0
    try:
        return _whole_lines(fd)
    finally:
        os.close(fd)


def _whole_lines(fd: int) -> int:
    facts = os.fstat(fd)
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(22, "not a regular file")
    size = facts.st_size
    if size and os.pread(fd, 1, size - 1) != b"\n":
        size = os.pread(fd, size, 0).rfind(b"\n") + 1
        os.ftruncate(fd, size)
    return size


def _write_all(fd: int, content: bytes) -> None:
    while content:
        content = content[os.write(fd, content) :]
    os.fsync(fd)


def is_foreign(path: str) -> bool:
    """Whether there is something other than a regular file: a FIFO, a link, a directory."""
    try:
        return not stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False


def holds_lines(path: str, most: int) -> bool:
    """Whether a file holds more than what a kill in its first write leaves; one that cannot be read may."""
    try:
        return "\n" in read_text(path, most)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def size_of(path: str) -> int:
    """A file's size in bytes, of a link its own; 0 when there is none."""
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:
        return 0


def names_in(directory: str) -> list[str]:
    """The names in a directory, sorted; none when it is not there."""
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []


def make_private(directory: str) -> None:
    """Make a directory, and each one missing above it, readable for the user alone."""
    if os.path.isdir(directory):
        return
    make_private(os.path.dirname(os.path.abspath(directory)))
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:  # another process was first
        pass


def remove_if_present(path: str) -> None:
    """Remove a file, if it is there and can be removed."""
    try:
        os.unlink(path)
    except OSError:
        pass


def is_full(path: str | os.PathLike[str]) -> bool:
    """Whether the file system of `path` takes nothing more, or next to nothing; what does not tell is not full."""
    try:
        facts = os.statvfs(path)
    except OSError:  # nothing is there (any more)
        return False
    free = facts.f_bavail if os.geteuid() else facts.f_bfree  # root may use what is kept back
    no_room = bool(facts.f_blocks) and free * facts.f_frsize < LEAST_FREE
    return no_room or bool(facts.f_files and not facts.f_favail)
