"""One pane: deliver text to it, read what it shows, close it. Only while it is still the same worker's."""

from __future__ import annotations

import os
import re

from orchestra.core.guidance import without_controls
from orchestra.core.issue_refs import Spot
from orchestra.core.text import clean_lines
from orchestra.errors import OrchestraError
from orchestra.tmux import commands
from orchestra.tmux.commands import checked_pane_id

TYPE_CHECKING = False

if TYPE_CHECKING:
    from orchestra.core.models import Pane
    from orchestra.tmux.session import Session

AROUND = 4  # lines above and below the cursor that a wrapped one may reach
_WHERE = "#{pane_in_mode}|#{copy_cursor_x}|#{copy_cursor_y}|#{scroll_position}|#{cursor_x}|#{cursor_y}"


class PaneIO:
    """What goes into a pane and comes out of it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server = session.server

    def deliver(self, pane: Pane, text: str) -> None:
        """Paste text into the worker's own living pane, without Enter. One at a time for a pane: the caller's lock.

        Exact but for control characters, which could end the paste and press keys.
        """
        if not (words := without_controls(text)):
            raise OrchestraError("there is nothing to deliver", "give some text")
        buffer = f"orchestra-{commands.checked_word(pane.nonce)}-{os.urandom(6).hex()}"
        paste = [("copy-mode", "-q", "-t", pane.id), ("paste-buffer", "-p", "-r", "-d", "-b", buffer, "-t", pane.id)]
        try:
            self._server.within(pane, paste, "load-buffer", "-b", buffer, "-", ";", text=words)
        except OrchestraError:
            self._server.ask("delete-buffer", "-b", buffer)
            raise

    def enter(self, pane: Pane) -> None:
        """Press Enter in the worker's own living pane."""
        self.press(pane, "Enter")

    def press(self, pane: Pane, *keys: str) -> None:
        """Press keys in the worker's own living pane, by tmux's names for them."""
        self._server.within(
            pane,
            [("copy-mode", "-q", "-t", pane.id), *commands.in_one_pane(pane.id, [("send-keys", "-t", pane.id, *keys)])],
        )

    def capture(self, pane: Pane, lines: int = 0) -> str:
        """What the pane shows, dead or alive, and `lines` of its history above that: clean text, long lines joined."""
        lines = lines or int(pane.dead)  # where tmux has written "Pane is dead", that has pushed a line out of sight
        start = ("-S", str(-lines)) if lines else ()
        said = self._server.within(pane, [("capture-pane", "-p", "-J", "-t", pane.id, *start)], dead=True)
        text = clean_lines(said[-1_000_000:], limit=1_000_000)
        text = re.sub(r"\n*Pane is dead[^\n]*\n*\Z", "\n", text)
        return text.rstrip("\n") + "\n" if pane.dead else text

    def drawn(self, pane: Pane) -> str:
        """What the pane shows, with its colours: for an agent's module to read, never for a terminal."""
        return self._server.within(pane, [("capture-pane", "-p", "-e", "-t", pane.id)], dead=True)

    def give_rows(self, pane: Pane, wanted: int) -> tuple[int, int]:
        """Make the pane as high as `wanted` where its window allows; its rows before and after.

        A window in which another pane is zoomed stays as it is.
        """
        before, zoomed = self._rows(pane)
        if before >= wanted or zoomed:
            return before, before
        self._server.within(pane, [("resize-pane", "-t", pane.id, "-y", str(wanted))])
        return before, self._rows(pane)[0]

    def _rows(self, pane: Pane) -> tuple[int, bool]:
        what = "#{pane_height} #{window_zoomed_flag}"
        rows, _, zoomed = (
            self._server.within(pane, [("display-message", "-p", "-t", pane.id, what)]).strip().partition(" ")
        )
        return int(rows) if rows.isdigit() else 0, zoomed == "1"

    def keeps_history(self, pane: Pane) -> bool:
        """Whether what scrolls away is kept: not of a program on the alternate screen."""
        return self._server.within(pane, [("display-message", "-p", "-t", pane.id, "#{alternate_on}")]).strip() == "0"

    def close(self, pane: Pane) -> None:
        """End the pane if it is still this worker's; nothing to do when it is gone, or goes at the same moment."""
        if not self._has(pane):
            return
        try:
            self._server.within(pane, [("kill-pane", "-t", pane.id)], dead=True)
        except OrchestraError:
            if self._has(pane):
                raise

    def _has(self, pane: Pane) -> bool:
        return any((row.pane, row.worker) == (pane.id, pane.worker) for row in self._session.look().rows)

    def watched(self, pane: Pane) -> bool:
        """Whether somebody is in this pane: the active one of the window that an attached terminal shows."""
        here = "#{&&:#{pane_active},#{&&:#{window_active},#{session_attached}}}"
        return self._server.ask("display-message", "-p", "-t", pane.id, here).out.strip() == "1"

    def spot(self, pane: str, mouse: tuple[int, int] | None = None) -> Spot:
        """The lines around the cursor of a pane, in copy mode too, or around where the mouse was."""
        said = self._server.ask("display-message", "-p", "-t", checked_pane_id(pane), _WHERE).out.strip().split("|")
        if len(said) != 6 or not said[4].isdigit():
            raise OrchestraError(f"pane {pane} is gone", "run `orchestra list`")
        up = int(said[3] or 0)
        x, y = (int(said[1] or 0), int(said[2] or 0)) if said[0] != "0" else (int(said[4]), int(said[5]))
        x, y = mouse or (x, y)
        first, row = y - up - AROUND, AROUND
        window = ("capture-pane", "-p", "-t", pane, "-S", str(first), "-E", str(y - up + AROUND))
        lines = self._server.ask(*window).out.split("\n")[:-1]
        joined = self._server.ask(*window, "-J").out.split("\n")[:-1]
        above = len(self._server.ask(*window[:-1], str(y - up)).out.split("\n")) - 2
        row = min(row, above) if above >= 0 else 0  # fewer where the history begins
        if said[0] != "0" and mouse is None:
            seen = self._server.ask_text("display-message", "-p", "-t", pane, "#{copy_cursor_line}").rstrip("\n")
            if not lines[row:] or lines[row].rstrip() != seen.rstrip():  # the pane has gone on below the copy mode
                return Spot((seen,), (seen,), 0, x)
        return Spot(tuple(lines), tuple(joined), row, x)

    def facts(self, pane: str) -> tuple[str, str, str]:
        """Worker, project and directory of a pane, each empty where it has none."""
        form = "#{@orchestra_worker}|#{@orchestra_project}|#{pane_current_path}"
        said = self._server.ask_text("display-message", "-p", "-t", checked_pane_id(pane), form).rstrip("\n")
        worker, _, rest = said.partition("|")
        project, _, path = rest.partition("|")
        return worker, project, path
