"""What a key starts: ask the process that has everything loaded to go on as this one; without an answer, start anew.

The shim runs it by path, with `-I -S`: `ask_preloaded.py SOCKET WORD...`. It imports nothing that takes time: a bare
interpreter is there in 12 ms, and `import socket` alone would take another 4.
"""

from __future__ import annotations

import os
import signal
import sys
import termios
from _socket import AF_UNIX, SCM_RIGHTS, SOL_SOCKET, socket
from fcntl import ioctl

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

ANSWER_SECONDS = 0.5  # a process that is stopped never answers
ACCEPTED, GO, REFUSED = b"y", b"g", b"n"  # a fork waits for us; our terminal is free; it could not be taken
SIZE_BYTES = 4


def main() -> None:
    """Leave with the status of the command, whoever has run it."""
    path, words = sys.argv[1], sys.argv[2:]
    status = run_elsewhere(path, words)
    if status is not None:
        os._exit(status)
    os.execv(sys.executable, [sys.executable, "-P", "-m", "orchestra", *words])  # noqa: S606 - our own argv


def run_elsewhere(path: str, words: Sequence[str]) -> int | None:
    """Have the process behind the socket run the command; returns its exit status, None where it did not begin."""
    asked = socket(AF_UNIX)
    asked.settimeout(ANSWER_SECONDS)
    try:
        directory = os.open(".", os.O_RDONLY)
    except OSError:
        return None
    try:
        try:
            os.chdir(os.path.dirname(path))  # the path of a socket has at most 107 bytes
            asked.connect(os.path.basename(path))
        finally:
            os.fchdir(directory)
        rights = b"".join(fd.to_bytes(SIZE_BYTES, sys.byteorder) for fd in (0, 1, 2, directory))
        body = written(words)
        asked.sendmsg([len(body).to_bytes(SIZE_BYTES, "big")], [(SOL_SOCKET, SCM_RIGHTS, rights)])
        asked.sendall(body)
        if asked.recv(1) != ACCEPTED:
            return None
    except OSError:
        return None
    finally:
        os.close(directory)
    return _hand_over(asked)


def written(words: Sequence[str]) -> bytes:
    """The request: umask, number of words, words and environment."""
    mask = os.umask(0)
    os.umask(mask)
    environ = (b"%s=%s" % item for item in os.environb.items())
    return b"\0".join([b"%d" % mask, b"%d" % len(words), *map(os.fsencode, words), *environ])


def _hand_over(asked: socket) -> int | None:
    """Give the terminal away, so that the other process gets its keys and signals, and wait for the end."""
    leads = os.isatty(0) and os.getsid(0) == os.getpid()
    if leads:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the kernel sends it to whom the terminal is taken from
        ioctl(0, termios.TIOCNOTTY)
        signal.signal(signal.SIGHUP, before)
    asked.settimeout(None)
    try:
        asked.sendall(GO)
        answer = asked.recv(SIZE_BYTES)
    except OSError:
        answer = b""
    if answer != REFUSED:
        return int(answer or b"0")
    if leads:
        ioctl(0, termios.TIOCSCTTY, 0)
    return None


if __name__ == "__main__":
    main()
