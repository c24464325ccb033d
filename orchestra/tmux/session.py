"""One project's session on our tmux server: what is there, asked in one message. Says absent only when certain."""

from __future__ import annotations

import os
import re

from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.core.waiting import pause
from orchestra.errors import OrchestraError, Unreachable
from orchestra.processes import LONGEST_SOCKET_PATH
from orchestra.tmux import capabilities, commands
from orchestra.tmux.client import LOOKS, TOO_BUSY, install_hint
from orchestra.tmux.panes import ROW, PaneRow, pane_from_row, parse_panes

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestra.core.models import Pane
    from orchestra.tmux.client import Server
    from orchestra.tmux.commands import Group


class PaneListing(Record):
    """The panes that were just seen."""

    server: bool  # there is one, with sessions
    rows: list[PaneRow]  # of our session; it has at least one while it is there

    @property
    def session(self) -> str:
        """Our session's id, empty when it is not there."""
        return self.rows[0].session if self.rows else ""


class Session:
    """What is asked of one project's session, and its options; the other classes of this package hold one."""

    def __init__(self, server: Server, project: str) -> None:
        self.server = server
        self.project = clean(project)
        self.name = commands.session_name(self.project)

    def check(self) -> None:
        """Raise OrchestraError when tmux is missing, too old, or cannot have a socket where it should."""
        said = self.server.ask("-V").out.strip()
        if capabilities.parse(said).too_old:
            raise OrchestraError(f"{clean(said)} is too old", install_hint(self.server.caller))
        path = self.server.path
        if (long := len(os.fsencode(path))) > LONGEST_SOCKET_PATH:
            raise OrchestraError(
                f"the path of the tmux socket is {long} bytes long, more than {LONGEST_SOCKET_PATH}: {path}",
                "set TMUX_TMPDIR to a directory with a shorter path",
            )

    def limits(self) -> Iterator[str]:
        """What the user misses with the version of tmux that runs, a sentence each."""
        able = self.server.capabilities
        for loss in able.losses():
            yield f"tmux {capabilities.version_text(able.version)}: {loss}"

    def running(self) -> bool:
        """Whether our session is there; raises Unreachable when that cannot be known."""
        return bool(self.look().rows)

    def lasts(self) -> bool:
        """Whether the server outlives the last terminal: a tmux.conf may say otherwise, and on theirs that counts."""
        return self.server.ask("show-options", "-sv", "exit-unattached").out.strip() != "on"

    def hostile_names(self) -> tuple[str, ...]:
        """The windows of our session whose name tmux could read as a format, by their ids."""
        windows = {row.window for row in self.look().rows}
        said = self.server.ask("list-windows", "-a", "-f", "#{m:*##*,#{window_name}}", "-F", "#{window_id}").out
        return tuple(window for window in said.split() if window in windows)

    def panes(self) -> tuple[Pane, ...]:
        """Every pane of our session with a worker's tag, dead or alive. None of them only when that is certain."""
        return self.panes_if_open() or ()

    def panes_if_open(self) -> tuple[Pane, ...] | None:
        """The same, and None when our session is not there: both by one question."""
        rows = self.look().rows
        return tuple(pane_from_row(row) for row in rows if row.worker) if rows else None

    def active_pane(self, session: str) -> str:
        """The active pane of a session, by the session's id."""
        if re.fullmatch(r"\$\d{1,10}", session, re.ASCII) is None:
            return ""
        return self.server.ask("display-message", "-p", "-t", f"{session}:", "#{pane_id}").out.strip()

    def set_options(self, options: Mapping[str, str], more: Sequence[Group] = ()) -> None:
        """Set options of the session: by its name, which is one process, and by its id when it was renamed.

        One of our name that is not ours is left alone: on the user's own server it is theirs.
        """
        here = f"={self.name}:"
        then = commands.script([commands.set_options(here, options)]).strip()
        ask = ("if-shell", "-F", "-t", here, "#{@orchestra_project}", then, "display-message -p -- no-session-of-ours")
        said = self.server.send([[ask], *more])
        if "session" in said.err + said.out and (session := self.look().session):
            self.server.send([commands.set_options(session, options), *more])

    def option(self, name: str) -> str:
        """An option of the session, empty where it is not set; by its id where the session was renamed."""
        where = "#{&&:#{==:#{@orchestra_project}," + self.project + "},#{" + name + "}}"
        said = self.server.ask("list-sessions", "-f", where, "-F", f"#{{{name}}}")
        return said.out.split("\n")[0].strip()

    def check_aliases(self) -> None:
        """Raise OrchestraError when a `command-alias` of the user's makes one of tmux's commands do something else."""
        aliases = self.server.ask("show", "-s", "command-alias").out  # by its short name, which is another word
        named = re.findall(r"^(command-alias\[\d+\]) \W?([a-z-]+)=(\S*)", aliases, re.MULTILINE)
        changed = [(option, name) for option, name, does in named if name != does]
        names = self.server.ask("list-commands", "-F", "#{command_list_name}").out.split() if changed else ()
        for option, name in changed:
            if name in names:
                raise OrchestraError(
                    f"a command-alias of your tmux.conf makes {name} do something else",
                    f"take it out there, and here: {self.server.line('set', '-su', option)}",
                )

    def look(self) -> PaneListing:
        """The panes of the session, by one question; raises Unreachable when tmux does not answer it whole."""
        asked_again = False
        for again in range(LOOKS):
            said = self.server.ask("list-panes", "-a", "-F", ROW)
            empty = said.absent or said.err.startswith("no current target")  # or it is about to end
            if said.code and not empty:
                self.check_aliases()
                raise Unreachable(f"tmux does not answer: {clean(said.err)}", "run `orchestra doctor`")
            seen = PaneListing(not empty, list(parse_panes(said.out, self.project)))
            if not all(row.whole for row in seen.rows):
                pause(0.05 * (again + 1))
                continue
            if asked_again or all(row.reaped or not row.dead for row in seen.rows):
                return seen
            asked_again = True
            # tmux 3.3a can miss the end of a program, here 10 of 57 that were killed early, and with it the exit
            # status and the pane-died hook, until another child of its ends.
            self.server.ask("run-shell", "true")
        raise Unreachable(*TOO_BUSY)
