"""Where the user is when they press a key: the project, the pane, its worker, and the terminal to answer on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestra.core.models import AnswerChannel, Worker
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.project.context import Project, home_of, open_project
from orchestra.project.tmux_server import by_libtmux
from orchestra.storage import project_info
from orchestra.tmux.client import Server, surrounding_session
from orchestra.tmux.clients import AttachedClients
from orchestra.tmux.pane_io import PaneIO
from orchestra.tmux.session import Session
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.core.issue_refs import Spot


class KeyContext(Record):
    """`tmux` is on the server the user is in: ours, or their own; `number` the worker of the pane, or empty."""

    project: Project
    tmux: Session
    pane: str
    number: str
    client: str
    how: AnswerChannel = AnswerChannel.KEY

    @property
    def worker(self) -> Worker:
        """The worker of the pane; raises OrchestraError when it is not a worker's pane."""
        if not self.number:
            raise OrchestraError("this is not a worker's pane", "choose one with the worker picker")
        return worker_of(self.project.store, self.number)

    @property
    def slug(self) -> str:
        """`owner/repo`, or the directory's name."""
        return self.project.title

    @property
    def host(self) -> str:
        """Where the repository is; empty where that is not known."""
        try:
            return self.project.host
        except OrchestraError:
            return ""

    def spot(self, mouse: tuple[int, int] | None) -> Spot:
        """The text around the cursor, or around where the mouse was."""
        return PaneIO(self.tmux).spot(self.pane, mouse)

    def say(self, text: str) -> None:
        """A line for the user; nothing where there is no terminal to show it."""
        if self.client:
            AttachedClients(self.tmux).message(self.client, self.pane, text)

    def popup(self, name: str) -> None:
        """Open one of our popups over where the user is."""
        AttachedClients(self.tmux).popup(self.client, self.project.program(), name)


def key_context_at(
    environ: Mapping[str, str], now: Callable[[], float], pane: str = "", client: str = ""
) -> KeyContext:
    """The context at a pane of the tmux server of `environ`; without `pane`, at its session's active one."""
    if "ORCHESTRA_WORKER" in environ:
        raise OrchestraError("workers may not run this command", "ask for it: orchestra worker escalate SUMMARY")
    outer = surrounding_session(environ)
    if not outer:
        raise OrchestraError("this is not inside tmux", "press the key in a pane, or name the worker")
    path, session = outer
    here = by_libtmux(Session(Server(path, environ), ""))
    pane = pane or here.active_pane(session)
    worker, key, directory = PaneIO(here).facts(pane)
    known = project_info.read(os.path.join(home_of(environ), "cache", key)) if key else None
    project = open_project(known.root if known else directory, environ, now)
    ours = os.path.realpath(project.tmux.server.path) == os.path.realpath(path)
    return KeyContext(project, project.tmux if ours else here, pane, worker, client)
