"""The keys of our server, the line under a cursor, and the way there and back."""

from __future__ import annotations

import re

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.tmux import commands
from orchestra.tmux.clients import AttachedClients

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.core.issue_refs import Spot
    from orchestra.core.models import Pane
    from orchestra.tmux.commands import Command

AROUND = 4  # lines above and below the cursor that a wrapped one may reach
SAY_MILLISECONDS = "4000"
LONGEST_WAY = 10  # panes to come back to
_PANE = re.compile(r"%\d{1,10}", re.ASCII)
_WHERE = "#{pane_in_mode}|#{copy_cursor_x}|#{copy_cursor_y}|#{scroll_position}|#{cursor_x}|#{cursor_y}"


class KeyBindings(AttachedClients):
    """The session with its keys."""

    def bind(self, program: Sequence[str], wanted: Mapping[str, str]) -> str:
        """Bind our keys, and none that is somebody else's; returns what has the key after the prefix instead."""
        with self.server.locked():
            return self._bind(program, wanted)

    def _bind(self, program: Sequence[str], wanted: Mapping[str, str]) -> str:
        from orchestra.tmux import guest_keys, key_bindings

        guest = self.server.guest
        known = key_bindings.parse_bindings(self.server.ask_text("list-keys"))
        ours = {
            key
            for (table, key), bound in known.items()
            if table == key_bindings.TABLE and key_bindings.MARK in bound.command
        }
        theirs = {key for table, key in known if table == key_bindings.TABLE} - ours - {"Any"}
        commands: list[Command] = [("unbind-key", "-T", key_bindings.TABLE, key) for key in ours - set(wanted.values())]
        commands += [one for one in key_bindings.bindings(program, wanted) if one[3] not in theirs]
        found = known.get(("prefix", self.key), key_bindings.Binding("")).command
        taken = (
            guest_keys.enter(self.server, self.key)
            if guest
            else ""
            if key_bindings.enters_our_table(found)
            else clean(found)
        )
        commands += [key_bindings.prefix_binding(self.key)] if not (guest or taken) else []
        commands += (
            [] if guest else key_bindings.mouse_bindings(program, known)
        )  # the mouse's table belongs to everybody
        self.server.send([[one] for one in commands])
        return taken

    def taken(self) -> str:
        """What has the key after the prefix, when that is not our table; empty when it is ours or free."""
        from orchestra.tmux import key_bindings

        known = key_bindings.parse_bindings(self.server.ask_text("list-keys"))
        found = known.get(("prefix", self.key), key_bindings.Binding("")).command
        return "" if key_bindings.enters_our_table(found) else clean(found)

    def spot(self, pane: str, mouse: tuple[int, int] | None = None) -> Spot:
        """The lines around the cursor of a pane, in copy mode too, or around where the mouse was."""
        from orchestra.core.issue_refs import Spot

        said = self.server.ask("display-message", "-p", "-t", checked_pane_id(pane), _WHERE).out.strip().split("|")
        if len(said) != 6 or not said[4].isdigit():
            raise OrchestraError(f"pane {pane} is gone", "run `orchestra list`")
        up = int(said[3] or 0)
        x, y = (int(said[1] or 0), int(said[2] or 0)) if said[0] != "0" else (int(said[4]), int(said[5]))
        x, y = mouse or (x, y)
        first, row = y - up - AROUND, AROUND
        window = ("capture-pane", "-p", "-t", pane, "-S", str(first), "-E", str(y - up + AROUND))
        lines = self.server.ask(*window).out.split("\n")[:-1]
        joined = self.server.ask(*window, "-J").out.split("\n")[:-1]
        above = len(self.server.ask(*window[:-1], str(y - up)).out.split("\n")) - 2
        row = min(row, above) if above >= 0 else 0  # fewer where the history begins
        if said[0] != "0" and mouse is None:
            seen = self.server.ask_text("display-message", "-p", "-t", pane, "#{copy_cursor_line}").rstrip("\n")
            if not lines[row:] or lines[row].rstrip() != seen.rstrip():  # the pane has gone on below the copy mode
                return Spot((seen,), (seen,), 0, x)
        return Spot(tuple(lines), tuple(joined), row, x)

    def facts(self, pane: str) -> tuple[str, str, str]:
        """Worker, project and directory of a pane, each empty where it has none."""
        form = "#{@orchestra_worker}|#{@orchestra_project}|#{pane_current_path}"
        said = self.server.ask_text("display-message", "-p", "-t", checked_pane_id(pane), form).rstrip("\n")
        worker, _, rest = said.partition("|")
        project, _, path = rest.partition("|")
        return worker, project, path

    def here(self, session: str) -> str:
        """The active pane of a session, by the session's id."""
        if re.fullmatch(r"\$\d{1,10}", session, re.ASCII) is None:
            return ""
        return self.server.ask("display-message", "-p", "-t", f"{session}:", "#{pane_id}").out.strip()

    def travel(self, target: Pane | str, came: str) -> None:
        """`goto`, and remember the pane the person came from; of several workers in a row, only before the first."""
        way, jumped = self._way()
        if came and came != jumped:
            way = [*way, checked_pane_id(came)][-LONGEST_WAY:]
        self.goto(target)
        now = "" if isinstance(target, str) else target.id  # a window of a role is a place to come back to
        self._tell({"@orchestra_way": " ".join(way), "@orchestra_jump": now})

    def back(self) -> bool:
        """To where `travel` began; False when there is no such place any more."""
        way, _ = self._way()
        while way:
            pane = way.pop()
            if self._return(pane):
                self._tell({"@orchestra_way": " ".join(way), "@orchestra_jump": ""})
                return True
        return False

    def _return(self, pane: str) -> bool:
        """Show a pane again; in another session of the server it is shown to who went there from it."""
        session = self._look().session
        place = self.server.ask("list-panes", "-a", "-f", f"#{{==:#{{pane_id}},{pane}}}", "-F", "#{session_id}").out
        if place and session not in place.split():
            client = next((client for client, _ in self._clients(session)), "")
            return bool(client) and self.server.ask("switch-client", "-Z", "-c", client, "-t", pane).code == 0
        return self.server.ask("select-window", "-t", pane, ";", "select-pane", "-Z", "-t", pane).code == 0

    def _way(self) -> tuple[list[str], str]:
        """The panes to come back to, the last one last, and the worker's pane that was gone to."""
        session = self._look().session
        said = self.server.ask("display-message", "-p", "-t", f"{session}:", "#{@orchestra_way}|#{@orchestra_jump}")
        way, _, jumped = said.out.strip().partition("|")
        return [pane for pane in way.split() if _PANE.fullmatch(pane)], jumped

    def message(self, client: str, pane: str, text: str) -> None:
        """A line for one terminal, which shows that pane; drawn as text, whatever it holds."""
        words = commands.escape_argument(
            commands.escape_hashes(clean(text, 300).replace("%", "%%")).replace("#[", "# [")
        )
        self._show_message(client, checked_pane_id(pane), words, "-d", SAY_MILLISECONDS)

    def copy(self, text: str) -> bool:
        """Into tmux's buffer, and the terminal's clipboard where it lets us; False where no workspace is open."""
        return (
            self.running()
            and self.server.ask("set-buffer", "-w", "--", commands.escape_argument(clean(text, 500))).code == 0
        )

    def popup(self, client: str, program: Sequence[str], name: str) -> None:
        """Open a popup of ours for one terminal; what stays open longer than a second is not waited for."""
        from orchestra.tmux import key_bindings

        command = key_bindings.popup_command(program, name)
        self.server.push(command[0], "-c", client, *command[1:])


def checked_pane_id(pane: str) -> str:
    """A pane's id as tmux writes it, or OrchestraError."""
    if _PANE.fullmatch(pane) is None:
        raise OrchestraError(f"{clean(pane, 20)!r} is no pane", "run `orchestra list`")
    return pane
