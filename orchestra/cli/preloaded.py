"""`python -m orchestra.cli.preloaded HOME`: has every screen loaded, and goes on as what a key starts.

Textual takes 0.25 s to load, and a popup is to show its first picture after 0.2 s. So a monitor keeps one such process
for each ORCHESTRA_HOME. What a key starts is `ask_preloaded`: it hands over its terminal, directory, environment and
words to a fork of this process, which runs the command line as if it had been started with them.
"""

from __future__ import annotations

import fcntl
import gc
import importlib
import os
import pkgutil
import select
import signal
import socket
import sys
import termios
import time
from collections.abc import Iterable, Mapping, Sequence

from orchestra.cli.ask_preloaded import ACCEPTED, GO, REFUSED, SIZE_BYTES
from orchestra.cli.main import main as run_command_line
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.monitor.preloading import LOCK
from orchestra.project.entry_points import PRELOADED_SOCKET
from orchestra.storage.files import locked, make_private, remove_if_present
from orchestra.ui.popups import load_for_tmux

SOCKET = os.path.basename(PRELOADED_SOCKET)
PACKAGES = ("orchestra.cli", "orchestra.commands", "orchestra.ui", "orchestra.ui.screens", "orchestra.project")
# What Textual, libtmux and the config load only when they use it first.
LATE = (
    "libtmux", "pwd", "subprocess", "textual.drivers.headless_driver", "textual.layouts.factory",
    "textual.layouts.horizontal", "textual.layouts.stream", "textual.pilot", "textual.scrollbar", "yaml",
)  # fmt: skip
# Variables that Python and Textual read once, when they are loaded.
FIXED = (b"LC_", b"LANG", b"PYTHON", b"TEXTUAL", b"ESCDELAY")
LOOK_SECONDS = 30.0  # between two looks at whether another version has been installed
REQUEST_SECONDS = 1.0
MOST_BYTES = 4 * 1024 * 1024
STREAMS = 3


class Request(Record):
    """What a key has started: its words, environment and umask; its streams and directory; and where it waits."""

    words: tuple[str, ...]
    environ: Mapping[bytes, bytes]
    umask: int
    descriptors: tuple[int, ...]
    asker: socket.socket

    def close(self) -> None:
        """Leave it to itself, or to a fork."""
        self.asker.close()
        for descriptor in self.descriptors:
            os.close(descriptor)


class Loaded(Record):
    """The files that were loaded, with their times, and the variables that were read meanwhile."""

    files: Mapping[str, int]
    fixed: Mapping[bytes, bytes]

    def is_current(self) -> bool:
        """Whether the same version is still installed."""
        return _times(self.files) == self.files

    def serves(self, environ: Mapping[bytes, bytes]) -> bool:
        """Whether a process with this environment would have loaded the same."""
        return _fixed(environ) == self.fixed


def main() -> None:
    """Serve until the monitor ends, which holds the other end of our standard input, or an upgrade."""
    home, alive = sys.argv[1], os.dup(0)
    try:
        with locked(os.path.join(home, LOCK), wait=0.0):
            request = serve(home, alive)
    except OrchestraError:
        return  # another one serves
    if request is None:
        os._exit(0)  # to take down all that is loaded takes 0.1 s
    os.close(alive)
    run(request)


def serve(home: str, alive: int) -> Request | None:
    """Fork for each request; returns it in the fork, and None in this process when it is to end."""
    loaded = load()
    directory = os.path.join(home, os.path.dirname(PRELOADED_SOCKET))
    make_private(directory)
    os.chdir(directory)  # the path of a socket has at most 107 bytes
    remove_if_present(SOCKET)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        os.chmod(SOCKET, 0o600)
        listener.listen()
        while True:
            ready, _, _ = select.select([listener.fileno(), alive], [], [], LOOK_SECONDS)
            _reap()
            if alive in ready or not loaded.is_current():
                break
            if listener.fileno() not in ready or (request := _accept(listener)) is None:
                continue
            if loaded.serves(request.environ) and os.fork() == 0:
                return request
            request.close()
        remove_if_present(SOCKET)
    return None


def load() -> Loaded:
    """Import all that a key may need."""
    fixed = _fixed(os.environb)
    load_for_tmux()
    from orchestra.ui.screens import code  # not before: it loads Textual

    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
            if not module.ispkg and module.name != "preloaded":
                importlib.import_module(f"{package}.{module.name}")
    for name in LATE:
        importlib.import_module(name)
    code.lexer_for("a.py")  # pygments compiles a pattern for each of its languages when it is asked first
    gc.collect()
    gc.freeze()  # or the first collection of each fork would copy all pages
    wanted = [
        file
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None)) and ("." not in name or name.startswith("orchestra."))
    ]
    return Loaded(_times(wanted), fixed)


def _times(files: Iterable[str]) -> dict[str, int]:
    found = {}
    for file in files:
        try:
            found[file] = os.stat(file).st_mtime_ns
        except OSError:
            continue
    return found


def _fixed(environ: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in environ.items() if name.startswith(FIXED)}


def _reap() -> None:
    """Forget the forks that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _accept(listener: socket.socket) -> Request | None:
    """The next request; None for one that is not whole."""
    asker, _ = listener.accept()
    asker.settimeout(REQUEST_SECONDS)
    descriptors: list[int] = []
    try:
        size, descriptors, _, _ = socket.recv_fds(asker, SIZE_BYTES, STREAMS + 1)
        body, left = bytearray(), int.from_bytes(size, "big")
        while left and left <= MOST_BYTES and (piece := asker.recv(left)):
            body += piece
            left -= len(piece)
        request = _parsed(bytes(body), descriptors, asker)
    except (OSError, ValueError):
        asker.close()
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    return request


def _parsed(body: bytes, descriptors: Sequence[int], asker: socket.socket) -> Request:
    """Raises ValueError where something is missing."""
    mask, count, *rest = body.split(b"\0")
    words, environ = rest[: int(count)], rest[int(count) :]
    if len(descriptors) != STREAMS + 1:
        raise ValueError("streams are missing")
    pairs = (one.partition(b"=") for one in environ)
    return Request(
        tuple(map(os.fsdecode, words)), {name: value for name, _, value in pairs}, int(mask), tuple(descriptors), asker
    )


def run(request: Request) -> None:
    """In the fork: become the program that was asked for, and run it."""
    asker = request.asker
    try:
        asker.sendall(ACCEPTED)
        if asker.recv(1) != GO:
            return
    except OSError:
        return  # it did not wait for us, and has started anew
    if not _take_terminal(request.descriptors[0]):
        asker.sendall(REFUSED)
        return
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as tmux starts programs, even where it was begun under nohup
    _become(request)
    _end_with(asker)
    try:
        run_command_line()
    except SystemExit as leave:
        fcntl.fcntl(asker, fcntl.F_SETFL, 0)
        if leave.code:
            asker.sendall(str(leave.code).encode())
        raise


def _end_with(asker: socket.socket) -> None:
    """Hang up when the program that a user sees is killed: it is the one that tmux, or they, know of."""
    fcntl.fcntl(asker, fcntl.F_SETOWN, os.getpid())
    if sys.platform == "linux":
        fcntl.fcntl(asker, fcntl.F_SETSIG, signal.SIGHUP)
    fcntl.fcntl(asker, fcntl.F_SETFL, os.O_ASYNC)
    if select.select([asker], [], [], 0)[0]:
        os.kill(os.getpid(), signal.SIGHUP)  # it was gone before


def _take_terminal(stdin: int) -> bool:
    """Lead a session of our own, with the terminal of the request where it has one: its keys and signals are ours."""
    os.setsid()
    try:
        if os.isatty(stdin):
            fcntl.ioctl(stdin, termios.TIOCSCTTY, 0)
    except OSError:
        return False
    return True


def _become(request: Request) -> None:
    """Take over streams, directory, umask, environment and words."""
    *streams, directory = request.descriptors
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.fchdir(directory)
    os.close(directory)
    os.umask(request.umask)
    os.environb.clear()
    os.environb.update(request.environ)
    time.tzset()
    sys.argv[:] = ["orchestra", *request.words]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, name)
        stream = open(number, "w" if number else "r", encoding=before.encoding, errors=before.errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    main()
