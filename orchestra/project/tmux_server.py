"""Which tmux server a project's workspace is on: where it is open now, else where the config wants it.

A workspace that is open is never opened a second time elsewhere, whatever the config or $TMUX say by now: that would
be two agents in one worktree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra.errors import Unreachable
from orchestra.storage import project_info
from orchestra.tmux.client import Server, own_server
from orchestra.tmux.session import Session

if TYPE_CHECKING:
    from orchestra.config import schema
    from orchestra.storage.project_info import ProjectInfo

OWN = "default"  # the config's word for the user's own server: the one they are in, else their default one


def session_of(config: schema.Tmux, project: str, environ: Mapping[str, str], known: ProjectInfo | None) -> Session:
    """The project's session; `known` is where it was opened last."""
    there = None
    if known is not None:
        there = Session(Server(known.socket, project_info.person_environ(known, environ)), project)
        if "ORCHESTRA_PROJECT" in environ:  # one of our panes, with another $TMUX_TMPDIR
            return there
    wanted = Session(Server(own_server(environ) if config.socket == OWN else config.socket, environ), project)
    if there is None or there.server.path == wanted.server.path:
        return wanted
    return there if _open(there) else wanted


def by_libtmux(session: Session) -> Session:
    """The same session, asked through libtmux."""
    from orchestra.tmux import libtmux_server  # 65 ms, which hooks, the bar and the list of workers do without

    server = session.server
    return Session(Server(server.name, server.caller, libtmux_server.carry), session.project)


def _open(there: Session) -> bool:
    """Whether it is open, or may be: a server that does not answer does not prove the contrary."""
    try:
        return there.running()
    except Unreachable:
        return True
