"""Our tmux session: open the workspace and the workers' panes, show, tell, close.

Importing this costs only the cheap part of the standard library, because a hook does it.
"""

from __future__ import annotations

import os
import re

from orchestra import tmux_conf as conf
from orchestra.errors import OrchestraError, Unreachable
from orchestra.guidance import sayable
from orchestra.text import clean, clean_lines
from orchestra.tmux_keys import Keyboard
from orchestra.tmux_rows import dead_plans, keyed, pane_of, room_for
from orchestra.tmux_session import Seen

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.model import Pane, WindowPlan, WorkerPlan
    from orchestra.tmux_conf import Group

DOWN_SECONDS = 5.0


class Tmux(Keyboard):
    """One project's session on our tmux server. `hook` is the argv called with `pane-died %ID` when a pane dies."""

    # --- opening ---

    def open(self, windows: Sequence[WindowPlan]) -> bool:
        """Ensure server, session and these windows, and run dead panes of theirs again; True when anything was done."""
        plans = keyed(windows)
        with self.server.locked():
            seen = self._look()
            known = {row.key for row in seen.rows}
            groups: list[Group] = []
            for row, pane in dead_plans(seen.rows, plans):
                groups.append(conf.again(row.pane, pane, self.hook, row.place))
            session = seen.session or f"={self._name}"
            for key, plan in plans:
                if key not in known:
                    first = not seen.rows and not groups
                    groups.append(conf.open_window(plan, key, session, self.hook, first=first))
                    if plan.focus and not seen.rows:
                        groups.append([("select-window", "-t", f"{session}:{{end}}")])
            if groups:
                said = self._begin(seen, groups, next(plan.panes[0].cwd for _, plan in plans))
                self._prove([(key, plan) for key, plan in plans if key not in known], said)
        return bool(groups)

    def open_worker(self, plan: WorkerPlan, *, per_window: int) -> Pane:
        """The worker's pane: the living one of this nonce, its dead one run again, or a new one beside other workers.

        Opened and tagged in one tmux message (failures.md P2); nothing anybody looks at is selected.
        """
        with self.server.locked():
            seen = self._look()
            before = next((row for row in seen.rows if row.worker == plan.worker), None)
            if before and not before.dead:
                if before.nonce != plan.nonce:
                    raise OrchestraError(
                        f"#{plan.worker} runs in pane {before.pane} already", f"orchestra attach {plan.worker}"
                    )
                return pane_of(before)
            if before:
                group = conf.again(before.pane, conf.tagged(plan), self.hook, before.place)
            else:
                number, room = room_for(seen.rows, per_window)
                session = seen.session or f"={self._name}"
                group = conf.beside(conf.tagged(plan), number, session, room, self.hook, first=not seen.rows)
            said = self._begin(seen, [group], plan.cwd)
            for row in self._look().rows:
                if (row.worker, row.nonce) == (plan.worker, plan.nonce):
                    return pane_of(row)
        raise OrchestraError(f"tmux opened no pane for #{plan.worker}: {clean(said)}", "run `orchestra doctor`")

    def open_workers(self, plans: Sequence[WorkerPlan], *, per_window: int) -> None:
        """Many at once, in one message: dead panes run again, and windows of their own for those without a pane."""
        with self.server.locked():
            seen = self._look()
            rows = {row.worker: row for row in seen.rows if row.worker}
            wanted = [plan for plan in plans if plan.worker not in rows or rows[plan.worker].dead]
            old = [plan for plan in wanted if plan.worker in rows]
            new = [plan for plan in wanted if plan.worker not in rows]
            groups: list[Group] = [
                conf.again(rows[plan.worker].pane, conf.tagged(plan), self.hook, rows[plan.worker].place)
                for plan in old
            ]
            number, _ = room_for(seen.rows, per_window)
            session = seen.session or f"={self._name}"
            for first in range(0, len(new), per_window):
                shared = [conf.tagged(plan) for plan in new[first : first + per_window]]
                groups.append(
                    conf.together(shared, number + first // per_window, session, self.hook, first=not seen.rows)
                )
            if groups:
                self._begin(seen, groups, wanted[0].cwd)
            missing = {plan.worker for plan in wanted} - {row.worker for row in self._look().rows if not row.dead}
        for plan in plans:  # no space for all of a window's panes, or a pane that died at once: one by one it is told
            if plan.worker in missing:
                self.open_worker(plan, per_window=per_window)

    def _begin(self, seen: Seen, groups: Sequence[Group], cwd: str) -> str:
        """Send the groups, behind what makes server and session where they are missing; returns what went wrong."""
        first: list[Group] = [] if seen.server else conf.start_server(self.environ, self.user_config)
        if not seen.rows:
            first.append(conf.start_session(self._name, self.project, cwd or self.environ.get("HOME", "/")))
        return self.server.send([*first, *groups], begin=not seen.server).err

    def _prove(self, plans: Sequence[tuple[str, WindowPlan]], said: str) -> None:
        """What was to be opened is there: a line of the person's own config may fail, and that is theirs."""
        found = {(row.key, row.place) for row in self._look().rows} if said else set()
        for key, plan in plans if said else ():
            if any((key, str(index)) not in found for index in range(len(plan.panes))):
                why = f"tmux did not open all of window {conf.window_name(plan.name)}: {clean(said)}"
                raise OrchestraError(why, "change the layout, or run `orchestra doctor`")

    # --- showing ---

    def show(
        self,
        text: str,
        level: str,
        labels: Mapping[str, str] | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """The bar, the labels of panes (by pane id) and the marks of workers' windows (by window id), in one message.

        Nothing happens while we are not open.
        """
        borders = [conf.set_options(pane, {"@orchestra_label": words}, "-p") for pane, words in (labels or {}).items()]
        names = [conf.marked(window, mark) for window, mark in (marks or {}).items()]
        self._tell({"@orchestra_bar": text, "@orchestra_level": level}, [*borders, *names])

    def bar(self, text: str, level: str) -> None:
        """The bar alone: its text, and the attention that colours it, or any other word for no colour."""
        self.show(text, level)

    def label(self, pane_id: str, text: str) -> None:
        """What the pane's border says."""
        self.server.send([conf.set_options(pane_id, {"@orchestra_label": text}, "-p")])

    def beat(self, epoch: float) -> None:
        """The monitor lives, at this wall-clock time; the bar itself shows when that is long ago."""
        self._tell({"@orchestra_beat": str(int(epoch))})

    def push_bar(self, text: str, level: str) -> None:
        """`bar` for a hook: waits a second at most, loads nothing, and fails in silence."""
        here = ("set-option", "-t", f"={self._name}:", "--")
        words = conf.arg(clean(text, 400))
        self.server.push(*here, "@orchestra_bar", words, ";", *here, "@orchestra_level", conf.arg(clean(level)))

    # --- one pane ---

    def deliver(self, pane: Pane, text: str) -> None:
        """Paste text into the worker's own living pane, without Enter. One at a time for a pane: the caller's lock.

        Exact but for control characters, which could end the paste and press keys (K5).
        """
        if not (words := sayable(text)):
            raise OrchestraError("there is nothing to deliver", "give some text")
        buffer = f"orchestra-{conf.word(pane.nonce)}-{os.urandom(6).hex()}"
        paste = [("copy-mode", "-q", "-t", pane.id), ("paste-buffer", "-p", "-r", "-d", "-b", buffer, "-t", pane.id)]
        try:
            self.server.within(pane, paste, "load-buffer", "-b", buffer, "-", ";", text=words)
        except OrchestraError:
            self.server.ask("delete-buffer", "-b", buffer)
            raise

    def enter(self, pane: Pane) -> None:
        """Press Enter in the worker's own living pane."""
        self.server.within(pane, [("copy-mode", "-q", "-t", pane.id), ("send-keys", "-t", pane.id, "Enter")])

    def capture(self, pane: Pane, lines: int = 0) -> str:
        """What the pane shows, dead or alive, and `lines` of its history above that: clean text, long lines joined."""
        lines = lines or int(pane.dead)  # "Pane is dead" has pushed a line out of sight
        start = ("-S", str(-lines)) if lines else ()
        said = self.server.within(pane, [("capture-pane", "-p", "-J", "-t", pane.id, *start)], dead=True)
        return re.sub(r"\n*Pane is dead[^\n]*\n*\Z", "\n", clean_lines(said, limit=1_000_000))

    def drawn(self, pane: Pane) -> str:
        """What the pane shows, with its colours: for an agent's module to read, never for a terminal."""
        return self.server.within(pane, [("capture-pane", "-p", "-e", "-t", pane.id)], dead=True)

    def close(self, pane: Pane) -> None:
        """End the pane if it is still this worker's; nothing to do when it is gone."""
        if any((row.pane, row.worker) == (pane.id, pane.worker) for row in self._look().rows):
            self.server.within(pane, [("kill-pane", "-t", pane.id)], dead=True)

    def shutdown(self) -> None:
        """End our session and no other, and wait for the server's end if it was the last one (O12)."""
        session = self._look().session
        if not session:
            return
        others = set(self.server.ask("list-sessions", "-F", "#{session_id}").out.split()) - {session}
        self.server.ask("kill-session", "-t", session)
        if not others and not self.server.ended(DOWN_SECONDS):
            raise Unreachable("the tmux server has not ended", "run `orchestra doctor`")
