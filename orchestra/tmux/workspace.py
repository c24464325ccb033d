"""Our tmux session: open the workspace and the workers' panes, show, tell, close.

Importing this costs only the cheap part of the standard library, because a hook does it.
"""

from __future__ import annotations

import os
import re

from orchestra.core.guidance import without_controls
from orchestra.core.text import clean, clean_lines
from orchestra.errors import OrchestraError, Unreachable
from orchestra.tmux import commands
from orchestra.tmux.client import SocketGone
from orchestra.tmux.keyboard import KeyBindings
from orchestra.tmux.panes import ROW, dead_plans, pane_from_row, parse_panes, window_with_space, windows_by_key
from orchestra.tmux.session import PaneListing

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.core.bar import Bar
    from orchestra.core.look import Look
    from orchestra.core.models import Border, Pane, WindowPlan, WorkerPlan
    from orchestra.tmux.client import TmuxReply
    from orchestra.tmux.commands import Group
    from orchestra.tmux.panes import PaneRow

__all__ = ["SocketGone", "Workspace"]

DOWN_SECONDS = 5.0


class Workspace(KeyBindings):
    """One project's session on our tmux server. `hook` is the argv called with `pane-died %ID` when a pane dies."""

    # --- opening ---

    def open(
        self,
        windows: Sequence[WindowPlan],
        workers: Sequence[WorkerPlan] = (),
        *,
        per_window: int = 4,
        bar: Mapping[str, str] | None = None,
    ) -> bool:
        """Ensure server, session, these windows and workers' panes, dead ones run again; True when anything was done.

        All in one message, and in the same one the bar: its values, as `bar_values` of `commands` makes them.
        """
        plans = windows_by_key(windows)
        with self.server.locked():
            seen = self._look()
            known = {row.key for row in seen.rows}
            groups: list[Group] = []
            for row, pane in dead_plans(seen.rows, plans):
                groups.append(commands.respawn_pane(row.pane, pane, self.hook, row.place))
            session = seen.session or f"={self._name}"
            for key, plan in plans:
                if key not in known:
                    first = not seen.rows and not groups
                    groups.append(commands.open_window(plan, key, session, self.hook, first=first))
                    if plan.focus and not seen.rows:
                        groups.append([("select-window", "-t", f"{session}:{{end}}")])
            groups += self._seats(seen, workers, session, per_window, empty=not seen.rows and not groups)
            if not groups:
                return False
            if bar:
                groups.append(commands.set_options(f"{session}:", bar))
            cwds = (*(plan.panes[0].cwd for _, plan in plans), *(plan.cwd for plan in workers))
            said = self._begin(seen, [*groups, [("list-panes", "-a", "-F", ROW)]], cwds[0])
            found = list(parse_panes(said.out, self.project))
            self._prove([(key, plan) for key, plan in plans if key not in known], found, said.err)
        alive = {row.worker for row in found if not row.dead}
        for context in workers:
            if context.worker not in alive:  # no space for all of a window's panes: one by one it is told
                self.open_worker(context, per_window=per_window)
        return True

    def _seats(
        self, seen: PaneListing, workers: Sequence[WorkerPlan], session: str, per_window: int, *, empty: bool
    ) -> list[Group]:
        """Dead panes of these workers run again, and windows of their own for those without a pane."""
        known = {row.worker: row for row in seen.rows if row.worker}
        dead = [(plan, known[plan.worker]) for plan in workers if plan.worker in known and known[plan.worker].dead]
        new = [commands.tagged_worker_pane(plan) for plan in workers if plan.worker not in known]
        number, _ = window_with_space(seen.rows, per_window)
        again = [
            commands.respawn_pane(row.pane, commands.tagged_worker_pane(plan), self.hook, row.place)
            for plan, row in dead
        ]
        return again + [
            commands.open_workers_window(
                new[at : at + per_window], number + at // per_window, session, self.hook, first=empty and not at
            )
            for at in range(0, len(new), per_window)
        ]

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
                return pane_from_row(before)
            if before:
                group = commands.respawn_pane(before.pane, commands.tagged_worker_pane(plan), self.hook, before.place)
            else:
                number, room = window_with_space(seen.rows, per_window)
                session = seen.session or f"={self._name}"
                group = commands.open_worker_pane(
                    commands.tagged_worker_pane(plan), number, session, room, self.hook, first=not seen.rows
                )
            said = self._begin(seen, [group], plan.cwd).err
            for row in self._look().rows:
                if (row.worker, row.nonce) == (plan.worker, plan.nonce):
                    return pane_from_row(row)
        raise OrchestraError(f"tmux opened no pane for #{plan.worker}: {clean(said)}", "run `orchestra doctor`")

    def arrange(self, windows: Sequence[WindowPlan], *, per_window: int, forget: Sequence[str] = ()) -> None:
        """Bring a running session into a layout: open what is missing, move every pane to its place, end none.

        `forget` names window options of the layout before. Run twice is run once; after a kill, run it again.
        """
        from orchestra.tmux import rearrange

        with self.server.locked():
            seen = self._look()
            if not seen.rows:
                raise OrchestraError("the workspace is not open", "open it: orchestra up")
            new = rearrange.missing_panes(seen.rows, windows)
            if new:
                self.server.send(
                    [commands.open_window(plan, key, seen.session, self.hook, first=False) for key, plan in new]
                )
                seen = self._look()
            rooms = rearrange.desired_windows(seen.rows, windows, per_window)
            said = self.server.send(rearrange.arrange_commands(seen.rows, rooms, self.here(seen.session), forget)).err
            if not rearrange.is_arranged(self._look().rows, rooms):
                hint = "nothing was ended; make the terminal larger, or take a layout with fewer panes a window"
                raise OrchestraError(f"tmux could not move every pane: {clean(said)}", hint)
        self.open(windows)  # what has died in its place runs again

    def _begin(self, seen: PaneListing, groups: Sequence[Group], cwd: str) -> TmuxReply:
        """Send the groups, behind what makes server and session where they are missing."""
        guest = self.server.guest  # their own config has been read by tmux itself
        first: list[Group] = [] if seen.server or guest else commands.start_server(self.environ, self.user_config)
        if not seen.rows:
            if seen.server:
                self.vacant()
            where = cwd or self.environ.get("HOME", "/")
            first.append(commands.start_session(self._name, self.project, where, guest=guest))
        if not guest or seen.server:
            return self.server.send([*first, *groups], begin=not seen.server)
        try:
            said = self.server.send([*first, *groups], begin=True)
            kept, why = self.lasts() and self.running(), said.err
        except Unreachable as wrong:
            kept, why = False, wrong.message
        if kept:
            return said
        raise OrchestraError(
            f"your own tmux server did not keep the workspace: {clean(why) or 'it ended at once'}",
            "is exit-unattached on in your tmux.conf? Or set `tmux: {socket: orchestra}` in orchestra.yaml",
        )

    def _prove(self, plans: Sequence[tuple[str, WindowPlan]], seen: Sequence[PaneRow], said: str) -> None:
        """What was to be opened is there: a line of the person's own config may fail, and that is theirs."""
        found = {(row.key, row.place) for row in seen}
        for key, plan in plans if said else ():
            if any((key, str(index)) not in found for index in range(len(plan.panes))):
                why = f"tmux did not open all of window {commands.window_name(plan.name)}: {clean(said)}"
                raise OrchestraError(why, "change the layout, or run `orchestra doctor`")

    # --- showing ---

    def show(
        self, bar: Bar, look: Look, borders: Mapping[str, Border] | None = None, marks: Mapping[str, str] | None = None
    ) -> None:
        """The bar, the borders of panes (by pane id) and the marks of workers' windows (by window id), in one message.

        Nothing happens while our session is not open.
        """
        edges = [commands.border_options(pane, border, look) for pane, border in (borders or {}).items()]
        names = [commands.with_window_mark(window, look.text(mark)) for window, mark in (marks or {}).items()]
        lines = [
            [commands.border_lines(window, heavy=commands.is_alarm(mark))] for window, mark in (marks or {}).items()
        ]
        self._tell(commands.bar_values(bar, look), [*edges, *names, *lines])

    def add_to_bar(self, extra: str, trouble: str) -> None:
        """What the bar says of the project beside its workers: `extra` where there is room, `trouble` always."""
        self._tell({"@orchestra_extra": extra, "@orchestra_trouble": trouble})

    def beat(self, epoch: float) -> None:
        """The monitor lives, at this wall-clock time; the bar itself shows when that is long ago."""
        self._tell({"@orchestra_beat": str(int(epoch))})

    # --- one pane ---

    def deliver(self, pane: Pane, text: str) -> None:
        """Paste text into the worker's own living pane, without Enter. One at a time for a pane: the caller's lock.

        Exact but for control characters, which could end the paste and press keys (K5).
        """
        if not (words := without_controls(text)):
            raise OrchestraError("there is nothing to deliver", "give some text")
        buffer = f"orchestra-{commands.checked_word(pane.nonce)}-{os.urandom(6).hex()}"
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
        return re.sub(r"\n*Pane is dead[^\n]*\n*\Z", "\n", clean_lines(said[-1_000_000:], limit=1_000_000))

    def drawn(self, pane: Pane) -> str:
        """What the pane shows, with its colours: for an agent's module to read, never for a terminal."""
        return self.server.within(pane, [("capture-pane", "-p", "-e", "-t", pane.id)], dead=True)

    def close(self, pane: Pane) -> None:
        """End the pane if it is still this worker's; nothing to do when it is gone, or goes at the same moment."""
        if not self._has(pane):
            return
        try:
            self.server.within(pane, [("kill-pane", "-t", pane.id)], dead=True)
        except OrchestraError:
            if self._has(pane):
                raise

    def _has(self, pane: Pane) -> bool:
        return any((row.pane, row.worker) == (pane.id, pane.worker) for row in self._look().rows)

    def shutdown(self) -> None:
        """End our session and no other, and wait for the server's end if it was the last one (O12).

        On the person's own server nothing of ours is left after the last workspace, however that ended.
        """
        with self.server.locked():
            if session := self._look().session:
                others = set(self.server.ask("list-sessions", "-F", "#{session_id}").out.split()) - {session}
                stays = others or self.server.ask("show-options", "-sv", "exit-empty").out.strip() == "off"
                self.server.ask("kill-session", "-t", session)
                if not stays and not self.server.ended(DOWN_SECONDS):
                    raise Unreachable("the tmux server has not ended", "run `orchestra doctor`")
            if self.server.guest:
                from orchestra.tmux import guest_keys

                guest_keys.leave(self.server)
