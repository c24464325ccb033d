"""The workspace: open its session, its windows and the workers' panes, arrange them, and end it."""

from __future__ import annotations

from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.tmux import commands, guest_keys, key_bindings, libtmux_server, rearrange
from orchestra.tmux.capabilities import MANUAL_SIZE
from orchestra.tmux.panes import ROW, dead_plans, pane_from_row, parse_panes, window_with_space, windows_by_key
from orchestra.tmux.session import PaneListing, Session

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestra.core.models import Pane, WindowPlan, WorkerPlan
    from orchestra.tmux.client import TmuxReply
    from orchestra.tmux.commands import Group
    from orchestra.tmux.panes import PaneRow

DOWN_SECONDS = 5.0
PROGRAMS = ("monitor", "board")  # ours that run for days in a pane of a layout

_STARTED = "started|"
_STARTED_ROW = f"{_STARTED}#{{pane_id}}|#{{@orchestra_worker}}|#{{pane_start_command}}"  # foreign text comes last


class Workspace:
    """Opens a session and what is in it. `hook` is the argv called with `pane-died %ID` when a pane dies.

    `version` is kept with the session: what another version has opened is brought up to date.
    """

    def __init__(
        self, session: Session, *, hook: Sequence[str] = (), user_config: bool = True, version: str = ""
    ) -> None:
        self._session = session
        self._server = session.server
        self._hook = hook
        self._user_config = user_config
        self._version = version

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
        with self._server.locked():
            seen = self._session.look()
            known = {row.key for row in seen.rows}
            groups: list[Group] = []
            for row, pane in dead_plans(seen.rows, plans):
                groups.append(commands.respawn_pane(row.pane, pane, self._hook, row.place))
            session = seen.session or f"={self._session.name}"
            for key, plan in plans:
                if key not in known:
                    first = not seen.rows and not groups
                    groups.append(commands.open_window(plan, key, session, self._hook, first=first))
                    if plan.focus and not seen.rows:
                        groups.append([("select-window", "-t", f"{session}:{{end}}")])
            groups += self._seats(seen, workers, session, per_window, empty=not seen.rows and not groups)
            if not groups:
                return False
            if bar:
                groups.append(commands.set_options(f"{session}:", bar))
            cwds = (*(plan.panes[0].cwd for _, plan in plans), *(plan.cwd for plan in workers))
            said = self._begin(seen, [*groups, *self._listings(started=bool(workers))], cwds[0])
            found = list(parse_panes(said.out, self._session.project))
            self._prove([(key, plan) for key, plan in plans if key not in known], found, said.err)
            if self._tag_again(workers, said.out) or not all(row.whole for row in found):
                found = list(self._session.look().rows)
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
            commands.respawn_pane(row.pane, commands.tagged_worker_pane(plan), self._hook, row.place)
            for plan, row in dead
        ]
        return again + [
            commands.open_workers_window(
                new[at : at + per_window], number + at // per_window, session, self._hook, first=empty and not at
            )
            for at in range(0, len(new), per_window)
        ]

    def renew(self, windows: Sequence[WindowPlan], *, moved: bool = False) -> bool:
        """Bring a session that another version opened up to date: formats, and our programs that run in it.

        `moved`: the repository has another place now, which programs that run do not know. The agents run on. Returns
        whether there was such a session.
        """
        with self._server.locked():
            seen = self._session.look()
            if not seen.rows or not (moved or self._is_of_another_version(seen.session)):
                return False
            ours = {row.window: row.key for row in seen.rows if row.key}
            groups = commands.renew_session(seen.session, ours, self._version)
            for row, pane in dead_plans(seen.rows, windows_by_key(windows), PROGRAMS):
                groups.append(commands.respawn_pane(row.pane, pane, self._hook, row.place, kill=True))
            self._server.send(groups if self._server.guest else [[commands.MARK_SERVER], *groups])
        return True

    def _is_of_another_version(self, session: str) -> bool:
        asked = self._server.ask("show-options", "-qv", "-t", f"{session}:", commands.VERSION)
        return asked.out.strip() != self._version

    def open_worker(self, plan: WorkerPlan, *, per_window: int) -> Pane:
        """The worker's pane: the living one of this nonce, its dead one run again, or a new one beside other workers.

        Opened and tagged in one tmux message; nothing anybody looks at is selected.
        """
        with self._server.locked():
            seen = self._session.look()
            before = next((row for row in seen.rows if row.worker == plan.worker), None)
            if before and not before.dead:
                if before.nonce != plan.nonce:
                    raise OrchestraError(
                        f"#{plan.worker} runs in pane {before.pane} already", f"orchestra attach {plan.worker}"
                    )
                return pane_from_row(before)
            if before:
                group = commands.respawn_pane(before.pane, commands.tagged_worker_pane(plan), self._hook, before.place)
            else:
                number, room = window_with_space(seen.rows, per_window)
                session = seen.session or f"={self._session.name}"
                group = commands.open_worker_pane(
                    commands.tagged_worker_pane(plan), number, session, room, self._hook, first=not seen.rows
                )
            said = self._begin(seen, [group, *self._listings()], plan.cwd)
            rows: Sequence[PaneRow] = tuple(parse_panes(said.out, self._session.project))
            if self._tag_again([plan], said.out) or not rows or not all(row.whole for row in rows):
                rows = self._session.look().rows
            for row in rows:
                if (row.worker, row.nonce) == (plan.worker, plan.nonce):
                    return pane_from_row(row)
        raise OrchestraError(f"tmux opened no pane for #{plan.worker}: {clean(said.err)}", "run `orchestra doctor`")

    def _listings(self, *, started: bool = True) -> list[Group]:
        """Commands at the end of a message that print what is there after it, for `parse_panes` and `_tag_again`."""
        what_runs = ("list-panes", "-s", "-t", f"={self._session.name}", "-F", _STARTED_ROW)
        return [*([[what_runs]] if started else []), [("list-panes", "-a", "-F", ROW)]]

    def _tag_again(self, plans: Sequence[WorkerPlan], shown: str) -> bool:
        """Tag the pane that runs a worker where the tag is on another one: a tmux hook of the user's split the window.

        The message that opens a pane tags the active one of its window, since it cannot know the new pane's id.
        `shown` is what `_listings` printed.
        """
        lines = (row.removeprefix(_STARTED) for row in shown.split("\n") if row.startswith(_STARTED))
        rows = [
            (pane, worker, line) for pane, worker, line in (row.split("|", 2) for row in lines if row.count("|") > 1)
        ]
        groups: list[Group] = []
        for plan in plans:
            running = [pane for pane, _, line in rows if line.replace('"', "").endswith(" ".join(plan.argv[-3:]))]
            tagged = [pane for pane, worker, _ in rows if worker == plan.worker]
            if len(running) == 1 and tagged != running:
                groups += [commands.untag_pane(pane) for pane in tagged if pane not in running]
                groups.append(commands.tag_pane(running[0], commands.tagged_worker_pane(plan), self._hook, "0"))
        if groups:
            self._server.send(groups)
        return bool(groups)

    def arrange(self, windows: Sequence[WindowPlan], *, per_window: int, forget: Sequence[str] = ()) -> None:
        """Bring a running session into a layout: open what is missing, move every pane to its place, end none.

        `forget` names window options of the layout before. Idempotent; after a kill, run it again.
        """
        with self._server.locked():
            seen = self._session.look()
            if not seen.rows:
                raise OrchestraError("the workspace is not open", "open it: orchestra up")
            new = rearrange.missing_panes(seen.rows, windows)
            if new:
                self._server.send(
                    [commands.open_window(plan, key, seen.session, self._hook, first=False) for key, plan in new]
                )
                seen = self._session.look()
            rooms = rearrange.desired_windows(seen.rows, windows, per_window)
            said = self._server.send(
                rearrange.arrange_commands(seen.rows, rooms, self._session.active_pane(seen.session), forget)
            ).err
            if not rearrange.is_arranged(self._session.look().rows, rooms):
                hint = "nothing was ended; make the terminal larger, or take a layout with fewer panes a window"
                raise OrchestraError(f"tmux could not move every pane: {clean(said)}", hint)
        self.open(windows)  # what has died in its place runs again

    def _begin(self, seen: PaneListing, groups: Sequence[Group], cwd: str) -> TmuxReply:
        """Send the groups, behind what makes server and session where they are missing."""
        guest = self._server.guest  # their own config has been read by tmux itself
        first: list[Group] = (
            [] if seen.server or guest else commands.start_server(self._server.caller, self._user_config)
        )
        if not seen.rows:
            if seen.server:
                self._check_vacant()
            where = cwd or self._server.caller.get("HOME", "/")
            first += [] if guest else [[commands.MARK_SERVER]]
            first.append(commands.start_session(self._session.name, self._session.project, where, guest=guest))
            first.append(commands.set_options(f"={self._session.name}:", {commands.VERSION: self._version}))
        if not guest or seen.server:
            return self._server.send([*first, *groups], begin=not seen.server)
        try:
            said = self._server.send([*first, *groups], begin=True)
            kept, why = self._session.lasts() and self._session.running(), said.err
        except Unreachable as wrong:
            kept, why = False, wrong.message
        if kept:
            return said
        raise OrchestraError(
            f"your own tmux server did not keep the workspace: {clean(why) or 'it ended at once'}",
            "is exit-unattached on, or window-size manual, in it? Or set `tmux: {socket: orchestra}` in orchestra.yaml",
        )

    def _check_vacant(self) -> None:
        """Raise OrchestraError when there is no place for our session on the running server."""
        server, name = self._server, self._session.name
        said = server.ask("list-sessions", "-F", "#{session_name} #{@orchestra_project}#{@orchestra_server}").out
        sessions = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
        if not server.guest and sessions and not any(sessions.values()) and not self._has_our_keys():
            raise OrchestraError(
                f"the tmux server on the socket {clean(server.name)} was started by another program",
                "choose another socket in orchestra.yaml: tmux: {socket: NAME}",
            )
        if name in sessions:
            how = server.line("rename-session", "-t", f"={name}", "NEW")
            raise OrchestraError(f"a session of yours is named {name} already", f"rename it: {how}")
        if server.guest and not self._session.lasts():
            raise OrchestraError(
                "your tmux ends with its last terminal (exit-unattached), and the workers would end with it",
                "run `tmux set -s exit-unattached off`, or set `tmux: {socket: orchestra}` in orchestra.yaml",
            )
        if server.guest:
            self._session.check_aliases()
        manual = server.guest and server.ask("show-options", "-gwv", "window-size").out.strip() == "manual"
        if manual and not server.capabilities.has(MANUAL_SIZE):
            raise OrchestraError(
                "your tmux has `window-size manual` for all windows; this version of tmux ends when one is opened then",
                "run `tmux set -g window-size latest`, or set `tmux: {socket: orchestra}` in orchestra.yaml",
            )

    def _has_our_keys(self) -> bool:
        """Whether the server has our keys: 0.1.0 left no other mark on a server whose workspaces are closed."""
        known = guest_keys.read_bindings(self._server)
        return any(
            table == key_bindings.TABLE and key_bindings.is_ours(one.command) for (table, _), one in known.items()
        )

    def _prove(self, plans: Sequence[tuple[str, WindowPlan]], seen: Sequence[PaneRow], said: str) -> None:
        """What was to be opened is there: a line of the user's own config may fail, and that is theirs."""
        found = {(row.key, row.place) for row in seen}
        for key, plan in plans if said else ():
            if any((key, str(index)) not in found for index in range(len(plan.panes))):
                why = f"tmux did not open all of window {commands.window_name(plan.name)}: {clean(said)}"
                raise OrchestraError(why, "change the layout, or run `orchestra doctor`")

    def shutdown(self) -> None:
        """End our session and no other, and wait for the server's end if it was the last one.

        On the user's own server we leave nothing after the last workspace, however that ended.
        """
        with self._server.locked():
            if session := self._session.look().session:
                others = set(self._server.ask("list-sessions", "-F", "#{session_id}").out.split()) - {session}
                stays = others or self._server.ask("show-options", "-sv", "exit-empty").out.strip() == "off"
                libtmux_server.kill_session(self._server, session)
                if not stays and not self._server.ended(DOWN_SECONDS):
                    self._session.check_aliases()
                    raise Unreachable("the tmux server has not ended", "run `orchestra doctor`")
            if self._server.guest:
                guest_keys.leave(self._server)
