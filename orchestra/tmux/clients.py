"""Those who look: bring a terminal to our session, show them a pane, tell them something.

libtmux is used here, where people are attached and its 0.15 s do not matter; never its listings, which one hostile
title breaks (failures.md 0.6).
"""

from __future__ import annotations

import os

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.tmux import commands
from orchestra.tmux.capabilities import MESSAGE_TO_CLIENT
from orchestra.tmux.client import attach_argv, surrounding_session
from orchestra.tmux.panes import matches
from orchestra.tmux.session import Session

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import libtmux

    from orchestra.core.models import Pane
    from orchestra.tmux.commands import Group


class AttachedClients(Session):
    """The session with the terminals that are attached to it."""

    def goto(self, target: Pane | str) -> None:
        """Show a worker's pane, or the window of a role such as `orchestrator`, to who is attached to our session."""
        row = next((row for row in self._look().rows if matches(row, target)), None)
        if row is None:
            raise OrchestraError("that pane is gone", "run `orchestra list`")
        server = self._libtmux()
        commands = [("select-window", row.pane), ("select-pane", row.pane, "-Z")]
        # Never for who is there already: it ends what the prefix has begun, and the next key goes into the pane.
        if client := self._looking_on(row.session):
            commands.append(("switch-client", row.session, "-c", client))
        for name, at, *flags in commands:
            done = server.cmd(name, *flags, target=at)
            if done.stderr:
                raise OrchestraError(f"tmux: {clean(' '.join(done.stderr))}", "run `orchestra list`")

    def watched(self, pane: Pane) -> bool:
        """Whether somebody is in this pane: the active one of the window that an attached terminal shows."""
        here = "#{&&:#{pane_active},#{&&:#{window_active},#{session_attached}}}"
        return self.server.ask("display-message", "-p", "-t", pane.id, here).out.strip() == "1"

    def attach_argv(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """What to exec to bring the terminal of `environ` to our session, wherever it is now.

        From inside another tmux its client leaves that one for ours, and comes back when it detaches.
        """
        if session := self._look().session:
            return attach_argv(self.server.path, session, environ)
        raise OrchestraError("the workspace is not open", "open it: orchestra up")

    def say(self, text: str) -> None:
        """A message line for everybody attached to our session."""
        self._tell({"@orchestra_say": text})
        rows = self._look().rows
        for client, _ in self._clients(rows[0].session) if rows else ():
            self._show_message(client, rows[0].pane, "#{q/h:@orchestra_say}")

    def _show_message(self, client: str, pane: str, form: str, *flags: str) -> None:
        """A format, expanded for a pane, as a message on one terminal that shows the pane's session."""
        if self.server.capabilities.has(MESSAGE_TO_CLIENT):
            self.server.ask("display-message", "-c", client, "-t", pane, *flags, "--", form)
        else:
            self.server.ask("display-message", "-t", pane, *flags, "--", form, inside=pane)

    def greet(self, text: str) -> None:
        """A message line for the first terminal that attaches to our session, if there is no worker then either."""
        hook, session = "client-attached[87]", f"={self._name}:"
        say = commands.quote("display-message -d 4000 '#{q/h:@orchestra_greeting}'")
        once = f"if-shell -F '#{{==:#{{@orchestra_bar}},no workers}}' {say} ; set-hook -u -t '{session}' {hook}"
        self._tell({"@orchestra_greeting": text}, [[("set-hook", "-t", session, hook, once)]])

    def terminals(self) -> tuple[str, ...]:
        """The devices of everybody attached to our session: what is written there reaches no pane."""
        return tuple(tty for _, tty in self._clients(self._look().session) if tty)

    def _looking_on(self, session: str) -> str:
        """The terminal of who acts from another session of this server; empty for who is in `session`, or elsewhere."""
        outer = surrounding_session(self.environ)
        if not outer or outer[1] == session or os.path.realpath(outer[0]) != os.path.realpath(self.server.path):
            return ""
        return next((client for client, _ in self._clients(outer[1])), "")

    def _libtmux(self) -> libtmux.Server:
        import libtmux

        return libtmux.Server(socket_path=self.server.path)

    def _clients(self, session: str) -> list[tuple[str, str]]:
        """Name and terminal of everybody attached to a session, the one used last first; nobody to one that is not."""
        if not session:
            return []
        form = "#{client_activity}|#{client_name}|#{client_tty}"
        said = self._libtmux().cmd("list-clients", "-F", form, target=session)
        found = sorted((line.split("|", 2) for line in said.stdout if line.count("|") > 1), reverse=True)
        return [(name, tty) for _, name, tty in found]

    def _tell(self, options: Mapping[str, str], more: Sequence[Group] = ()) -> None:
        """Set options of the session: by its name, which is one process, and by its id when it was renamed.

        One of our name that is not ours is left alone: on the person's own server it is theirs.
        """
        here = f"={self._name}:"
        then = commands.script([commands.set_options(here, options)]).strip()
        ask = ("if-shell", "-F", "-t", here, "#{@orchestra_project}", then, "display-message -p -- no-session-of-ours")
        said = self.server.send([[ask], *more])
        if "session" in said.err + said.out and (session := self._look().session):
            self.server.send([commands.set_options(session, options), *more])
