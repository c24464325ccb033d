"""Attached clients: bring a terminal to the session, show a pane on it, tell its user something."""

from __future__ import annotations

import os

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.tmux import commands, key_bindings
from orchestra.tmux.capabilities import MESSAGE_TO_CLIENT, POPUP_WITHOUT_BORDER
from orchestra.tmux.client import Server, attach_argv, surrounding_session
from orchestra.tmux.commands import checked_pane_id, is_pane_id
from orchestra.tmux.panes import matches

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.core.models import Pane
    from orchestra.tmux.session import Session

SAY_MILLISECONDS = "4000"
MOST_PLACES = 10  # panes to come back to


class AttachedClients:
    """The terminals that are attached to a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server = session.server

    def goto(self, target: Pane | str) -> None:
        """Show a worker's pane, or the window of a role such as `orchestrator`, to who is attached to our session."""
        row = next((row for row in self._session.look().rows if matches(row, target)), None)
        if row is None:
            raise OrchestraError("that pane is gone", "run `orchestra list`")
        chain = ["select-window", "-t", row.pane, ";", "select-pane", "-Z", "-t", row.pane]
        # Never for a client that is there already: it would end what the prefix has begun.
        if client := self._looking_on(row.session):
            chain += [";", "switch-client", "-c", client, "-t", row.session]
        if wrong := self._server.ask(*chain).err:
            raise OrchestraError(f"tmux: {clean(wrong)}", "run `orchestra list`")

    def travel(self, target: Pane | str, came: str) -> None:
        """`goto`, and remember the pane the person came from; of several workers in a row, only before the first."""
        way, jumped = self._way()
        if came and came != jumped:
            way = [*way, checked_pane_id(came)][-MOST_PLACES:]
        self.goto(target)
        now = "" if isinstance(target, str) else target.id  # a window of a role is a place to come back to
        self._session.set_options({"@orchestra_way": " ".join(way), "@orchestra_jump": now})

    def back(self) -> bool:
        """To where `travel` began; False when there is no such place any more."""
        way, _ = self._way()
        while way:
            pane = way.pop()
            if self._return(pane):
                self._session.set_options({"@orchestra_way": " ".join(way), "@orchestra_jump": ""})
                return True
        return False

    def _return(self, pane: str) -> bool:
        """Show a pane again; in another session of the server it is shown to who went there from it."""
        session = self._session.look().session
        place = self._server.ask("list-panes", "-a", "-f", f"#{{==:#{{pane_id}},{pane}}}", "-F", "#{session_id}").out
        if place and session not in place.split():
            client = next((client for client, _ in self._clients(session)), "")
            return bool(client) and self._server.ask("switch-client", "-Z", "-c", client, "-t", pane).code == 0
        return self._server.ask("select-window", "-t", pane, ";", "select-pane", "-Z", "-t", pane).code == 0

    def _way(self) -> tuple[list[str], str]:
        """The panes to come back to, the last one last, and the worker's pane that was gone to."""
        session = self._session.look().session
        said = self._server.ask("display-message", "-p", "-t", f"{session}:", "#{@orchestra_way}|#{@orchestra_jump}")
        way, _, jumped = said.out.strip().partition("|")
        return [pane for pane in way.split() if is_pane_id(pane)], jumped

    def attach_argv(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """What to exec to bring the terminal of `environ` to our session, wherever it is now.

        From inside another tmux its client leaves that one for ours, and comes back when it detaches.
        """
        session = self._session.look().session
        if not session:
            raise OrchestraError("the workspace is not open", "open it: orchestra up")
        if outer := surrounding_session(environ):
            seen = Server(outer[0], environ).ask("list-clients")
            if seen.absent:  # $TMUX is of a server that has ended: there is nothing to leave
                environ = {name: value for name, value in environ.items() if name != "TMUX"}
            elif not seen.out.strip():
                raise OrchestraError(
                    "no terminal is attached to the tmux server of this shell, so none can show the workspace",
                    f"in a terminal: {self._server.line('attach-session', '-t', f'={self._session.name}')}",
                )
        return attach_argv(self._server.path, session, environ)

    def say(self, text: str) -> None:
        """A message line for everybody attached to our session."""
        self._session.set_options({"@orchestra_say": text})
        rows = self._session.look().rows
        for client, _ in self._clients(rows[0].session) if rows else ():
            self._show_message(client, rows[0].pane, "#{q/h:@orchestra_say}")

    def message(self, client: str, pane: str, text: str) -> None:
        """A line for one terminal, which shows that pane; drawn as text, whatever it holds."""
        words = commands.escape_argument(
            commands.escape_hashes(clean(text, 300).replace("%", "%%")).replace("#[", "# [")
        )
        self._show_message(client, checked_pane_id(pane), words, "-d", SAY_MILLISECONDS)

    def _show_message(self, client: str, pane: str, form: str, *flags: str) -> None:
        """A format, expanded for a pane, as a message on one terminal that shows the pane's session."""
        if self._server.capabilities.has(MESSAGE_TO_CLIENT):
            self._server.ask("display-message", "-c", client, "-t", pane, *flags, "--", form)
        else:
            self._server.ask("display-message", "-t", pane, *flags, "--", form, inside=pane)

    def greet(self, text: str) -> None:
        """A message line for the first terminal that attaches to our session, if there is no worker then either."""
        hook, session = "client-attached[87]", f"={self._session.name}:"
        say = commands.quote("display-message -d 4000 '#{q/h:@orchestra_greeting}'")
        once = f"if-shell -F '#{{==:#{{@orchestra_bar}},no workers}}' {say} ; set-hook -u -t '{session}' {hook}"
        self._session.set_options({"@orchestra_greeting": text}, [[("set-hook", "-t", session, hook, once)]])

    def terminals(self) -> tuple[str, ...]:
        """The devices of everybody attached to our session: what is written there reaches no pane."""
        return tuple(tty for _, tty in self._clients(self._session.look().session) if tty)

    def copy(self, text: str) -> bool:
        """Into tmux's buffer, and the terminal's clipboard where it lets us; False where no workspace is open."""
        return (
            self._session.running()
            and self._server.ask("set-buffer", "-w", "--", commands.escape_argument(clean(text, 500))).code == 0
        )

    def popup(self, client: str, program: Sequence[str], name: str) -> None:
        """Open one of our popups for one terminal; what stays open longer than a second is not waited for."""
        frame = not self._server.capabilities.has(POPUP_WITHOUT_BORDER)
        command = key_bindings.popup_of_size(program, name, frame=frame)
        self._server.push(command[0], "-c", client, *command[1:])

    def _looking_on(self, session: str) -> str:
        """The terminal of who acts from another session of this server; empty for who is in `session`, or elsewhere."""
        outer = surrounding_session(self._server.caller)
        if not outer or outer[1] == session or os.path.realpath(outer[0]) != os.path.realpath(self._server.path):
            return ""
        return next((client for client, _ in self._clients(outer[1])), "")

    def _clients(self, session: str) -> list[tuple[str, str]]:
        """Name and terminal of everybody attached to a session, the one used last first; nobody to one that is not."""
        if not session:
            return []
        form = "#{client_activity}|#{client_name}|#{client_tty}"
        lines = self._server.ask("list-clients", "-t", session, "-F", form).out.split("\n")
        found = sorted((line.split("|", 2) for line in lines if line.count("|") > 1), reverse=True)
        return [(name, tty) for _, name, tty in found]
