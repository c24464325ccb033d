"""libtmux, through which every verb of the user speaks to tmux. The one module that imports it.

libtmux itself runs a client without a time limit, in our directory and with our whole environment, which a new server
would hand to every pane. So its commands are carried by our client. Its listings and `refresh` are not used: they run
clients of their own, and one hostile pane title breaks them (a title may hold the separator that libtmux splits at).
Importing it costs 65 ms: hooks, the bar and the list of workers do without.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from typing import Any

with redirect_stdout(io.StringIO()):  # it asks standard output for its encoding, which a full-screen program has not
    import libtmux
    from libtmux.common import tmux_cmd
    from libtmux.exc import LibTmuxException

from orchestra.tmux.client import Server, TmuxReply, run_client


class Answer(tmux_cmd):
    """What libtmux is given back: the reply of our client."""

    def __init__(self, argv: Sequence[str], reply: TmuxReply) -> None:
        self.cmd = list(argv)
        self.reply = reply
        self.returncode = reply.code
        self.stdout = reply.out.removesuffix("\n").split("\n") if reply.out else []
        self.stderr = [line for line in reply.err.split("\n") if line]


class LibtmuxServer(libtmux.Server):
    """libtmux's server on our server's socket; every client gets this environment and this standard input."""

    def __init__(self, server: Server, environ: Mapping[str, str] | None = None, text: str = "") -> None:
        super().__init__(socket_path=server.path)
        self._server = server
        self._environ = server.environ if environ is None else environ
        self._text = text

    def cmd(self, cmd: str, *args: Any, target: str | int | None = None) -> Answer:  # type: ignore[override]  # as libtmux's own
        """Run one client: a command, or several with `;` between them."""
        at = () if target is None else ("-t", str(target))
        argv = (cmd, *at, *map(str, args))
        return Answer((*self._server.argv, *argv), run_client(self._server, argv, self._environ, self._text))


def carry(server: Server, argv: Sequence[str], environ: Mapping[str, str], text: str) -> TmuxReply:
    """Send one message through libtmux."""
    return LibtmuxServer(server, environ, text).cmd(*argv).reply


def kill_session(server: Server, session: str) -> None:
    """End the session with this id; one that has just ended by itself is not an error."""
    with suppress(LibTmuxException):
        libtmux.Session(LibtmuxServer(server), session_id=session).kill()
