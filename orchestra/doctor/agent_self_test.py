"""The self-test of an agent's program in a throw-away directory, with a tmux server of its own."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from orchestra import processes
from orchestra.agents.self_test import CheckResult, SelfTest
from orchestra.core.models import Pane, WorkerPlan
from orchestra.tmux.client import Server
from orchestra.tmux.pane_io import PaneIO
from orchestra.tmux.session import Session
from orchestra.tmux.workspace import Workspace

WORKER = "1"


class _Pane:
    """The pane of the self-test; see `TrialPane`."""

    def __init__(self, session: Session, nonce: str) -> None:
        self._session, self._nonce, self._io = session, nonce, PaneIO(session)
        self._workspace = Workspace(session, user_config=False)
        self._pane = Pane("%0", WORKER, nonce, "", dead=True, exit_status=None, pid=0)  # until the program is started

    def start(self, argv: Sequence[str], directory: str, environ: Mapping[str, str]) -> None:
        clean = ("env", "-i", *(f"{name}={value}" for name, value in environ.items()), *argv)
        self._pane = self._workspace.open_worker(WorkerPlan(WORKER, self._nonce, clean, directory), per_window=1)

    def paste(self, text: str) -> None:
        self._io.deliver(self._pane, text)

    def press(self, *keys: str) -> None:
        self._io.press(self._pane, *keys)

    def screen(self) -> str:
        return self._io.drawn(self._pane)

    def text(self) -> str:
        return self._io.capture(self._pane, lines=10)

    def keeps_history(self) -> bool:
        return self._io.keeps_history(self._pane)

    def ended(self) -> bool:
        return all(pane.dead for pane in self._session.panes())

    def kill(self) -> None:
        for pane in self._session.panes():
            os.kill(pane.pid, signal.SIGKILL)

    def close(self) -> None:
        self._workspace.shutdown()


def self_test(wanted: SelfTest, command: str, environ: Mapping[str, str]) -> Iterator[CheckResult]:
    """Try an agent's program; one result after the other. All that was started is ended, and its files are removed."""
    with _sandbox(environ) as (directory, mark, pane):
        yield from wanted.run(command, directory, environ.get("PATH", os.defpath), mark, pane)


@contextmanager
def _sandbox(environ: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str], _Pane]]:
    """A directory, the mark of all that runs in it, and a pane; the socket's path must be short."""
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed terminal must not leave the program running
        signal.signal(number, lambda got, _: sys.exit(128 + got))
    nonce = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="orchestra-", ignore_cleanup_errors=True) as made:
        directory = os.path.realpath(made)
        mark = {processes.MARK: nonce, "ORCHESTRA_HOME": directory}
        kept = {name: environ[name] for name in ("PATH", "SHELL", "TERM") if name in environ}
        server = Server("selftest", {**kept, "HOME": directory, "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": directory})
        session = Session(server, "selftest")
        session.check()
        pane = _Pane(session, nonce)
        try:
            yield directory, mark, pane
        finally:
            pane.close()
            processes.end_marked({nonce})
