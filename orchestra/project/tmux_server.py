"""Which tmux server a project's workspace is on: where it is open now, else where the config wants it.

A workspace that is open is never opened a second time elsewhere, whatever the config or $TMUX say by now: that would
be two agents in one worktree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orchestra.errors import Unreachable
from orchestra.storage import project_info
from orchestra.tmux.client import own_server
from orchestra.tmux.workspace import Workspace

if TYPE_CHECKING:
    from orchestra.config import schema
    from orchestra.storage.project_info import ProjectInfo

OWN = "default"  # the config's word for the person's own server: the one they are in, else their default one


def tmux_of(
    config: schema.Tmux, project: str, environ: Mapping[str, str], known: ProjectInfo | None, hook: Sequence[str]
) -> Workspace:
    """The project's session; `known` is where it was opened last."""

    def at(socket: str, environ: Mapping[str, str]) -> Workspace:
        return Workspace(socket, project, environ, user_config=config.user_config, key=config.key, hook=hook)

    if known is not None:
        there = at(known.socket, project_info.person_environ(known, environ))
        if "ORCHESTRA_PROJECT" in environ:  # a pane of ours, with another $TMUX_TMPDIR
            return there
    wanted = at(own_server(environ) if config.socket == OWN else config.socket, environ)
    if known is None or there.server.path == wanted.server.path:
        return wanted
    return there if _open(there) else wanted


def _open(there: Workspace) -> bool:
    """Whether it is open, or may be: a server that does not answer is no proof of the contrary (failures.md S11)."""
    try:
        return there.running()
    except Unreachable:
        return True
