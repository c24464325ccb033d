"""A project's session on a tmux server, with everything that acts on it, as a project puts them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestra.project.tmux_server import by_libtmux
from orchestra.tmux.client import Server
from orchestra.tmux.clients import AttachedClients
from orchestra.tmux.keyboard import KeyBindings
from orchestra.tmux.pane_io import PaneIO
from orchestra.tmux.session import Session
from orchestra.tmux.status_bar import StatusBar
from orchestra.tmux.workspace import Workspace


class Tmux:
    """The collaborators around one session."""

    def __init__(
        self,
        socket: str,
        project: str,
        environ: Mapping[str, str],
        *,
        user_config: bool = True,
        key: str = "O",
        hook: Sequence[str] = (),
    ) -> None:
        self.session = by_libtmux(Session(Server(socket, environ), project))
        self.server = self.session.server
        self.workspace = Workspace(self.session, hook=hook, user_config=user_config)
        self.pane_io = PaneIO(self.session)
        self.clients = AttachedClients(self.session)
        self.keys = KeyBindings(self.session, key)
        self.status_bar = StatusBar(self.session)
