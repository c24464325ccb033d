"""Our tmux session: open the workspace and the workers' panes, show, tell, close.

Importing this costs only the cheap part of the standard library, because a hook does it. libtmux is used where people
are attached and its 0.15 s do not matter; never its listings, which one hostile title breaks (failures.md 0.6).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra import tmux_conf as conf
from orchestra.errors import OrchestraError, Unreachable
from orchestra.model import Pane, PanePlan, WindowPlan
from orchestra.text import clean, clean_lines
from orchestra.tmux_conf import Group
from orchestra.tmux_rows import ROW, Row, dead_plans, is_at, keyed, pane_of, room_for, rows
from orchestra.tmux_server import INSTALL, Server, attach_argv, inside

if TYPE_CHECKING:
    import libtmux

OLDEST = (3, 2, "a")
DOWN_SECONDS = 5.0


class _Seen(NamedTuple):
    server: bool  # there is one, with sessions
    rows: list[Row]  # of our session; it has at least one while it is there

    @property
    def session(self) -> str:
        return self.rows[0].session if self.rows else ""


class Tmux:
    """One project's session on our tmux server. `hook` is the argv called with `pane-died %ID` when a pane dies."""

    def __init__(
        self,
        socket: str,
        project: str,
        environ: Mapping[str, str],
        *,
        user_config: bool = True,
        key: str = "O",
        hook: Sequence[str] = (),
    ) -> None:
        self.project = clean(project)
        self.environ = environ
        self.user_config = user_config
        self.key = key
        self.hook = hook
        self.server = Server(socket, environ)
        self._name = conf.session_name(self.project)

    def check(self) -> None:
        """Raise OrchestraError when tmux is missing or older than 3.2a; a development version passes."""
        said = self.server.ask("-V").out.strip()
        found = re.fullmatch(r"tmux (?:next-)?(\d+)\.(\d+)([a-z]?).*", said)
        if found and (int(found[1]), int(found[2]), found[3]) < OLDEST:
            raise OrchestraError(f"{clean(said)} is too old", INSTALL)

    def running(self) -> bool:
        """Whether our session is there; raises Unreachable when that cannot be known (failures.md S11)."""
        return bool(self._look().rows)

    def panes(self) -> tuple[Pane, ...]:
        """Every pane of our session with a worker's tag, dead or alive. None of them only when that is certain."""
        return tuple(pane_of(row) for row in self._look().rows if row.worker)

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

    def open_worker(
        self,
        worker: str,
        nonce: str,
        argv: Sequence[str],
        cwd: str,
        *,
        per_window: int,
        label: str,
        environment: Mapping[str, str] | None = None,
    ) -> Pane:
        """The worker's pane: the living one of this nonce, its dead one run again, or a new one beside other workers.

        Opened and tagged in one tmux message (failures.md P2); nothing anybody looks at is selected.
        """
        tags = {"@orchestra_worker": conf.word(worker), "@orchestra_nonce": conf.word(nonce), "@orchestra_label": label}
        plan = PanePlan(tuple(argv), cwd, environment=environment or {}, options=tags)
        with self.server.locked():
            seen = self._look()
            before = next((row for row in seen.rows if row.worker == worker), None)
            if before and not before.dead:
                if before.nonce != nonce:
                    raise OrchestraError(f"#{worker} runs in pane {before.pane} already", f"orchestra attach {worker}")
                return pane_of(before)
            if before:
                group = conf.again(before.pane, plan, self.hook, before.place)
            else:
                number, room = room_for(seen.rows, per_window)
                session = seen.session or f"={self._name}"
                group = conf.beside(plan, number, session, room, self.hook, first=not seen.rows)
            said = self._begin(seen, [group], cwd)
            for row in self._look().rows:
                if (row.worker, row.nonce) == (worker, nonce):
                    return pane_of(row)
        raise OrchestraError(f"tmux opened no pane for #{worker}: {clean(said)}", "run `orchestra doctor`")

    def _begin(self, seen: _Seen, groups: Sequence[Group], cwd: str) -> str:
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

    def show(self, text: str, level: str, labels: Mapping[str, str] | None = None) -> None:
        """The bar and the labels of panes (by pane id), in one message. Nothing happens while we are not open."""
        borders = [conf.set_options(pane, {"@orchestra_label": words}, "-p") for pane, words in (labels or {}).items()]
        self._tell({"@orchestra_bar": text, "@orchestra_level": level}, borders)

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

    def _tell(self, options: Mapping[str, str], more: Sequence[Group] = ()) -> None:
        """Set options of the session: by its name, which is one process, and by its id when it was renamed."""
        said = self.server.send([conf.set_options(f"={self._name}:", options), *more])
        if "session" in said.err and (session := self._look().session):
            self.server.send([conf.set_options(session, options), *more])

    # --- one pane ---

    def deliver(self, pane: Pane, text: str) -> None:
        """Paste text into the worker's own living pane, without Enter. One at a time for a pane: the caller's lock.

        Exact but for control characters, which could end the paste and press keys (K5).
        """
        if not (words := conf.pasteable(text)):
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

    # --- people ---

    def goto(self, target: Pane | str) -> None:
        """Show a worker's pane, or the window of a role such as `orchestrator`, to who is attached to our session."""
        row = next((row for row in self._look().rows if is_at(row, target)), None)
        if row is None:
            raise OrchestraError("that pane is gone", "run `orchestra list`")
        server = self._libtmux()
        commands = [("select-window", row.pane), ("select-pane", row.pane, "-Z")]
        if self._inside_ours(self.environ):
            commands.append(("switch-client", row.session))
        for name, at, *flags in commands:
            done = server.cmd(name, *flags, target=at)
            if done.stderr:
                raise OrchestraError(f"tmux: {clean(' '.join(done.stderr))}", "run `orchestra list`")

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
        for client, _ in self._clients():
            self._libtmux().cmd("display-message", "-c", client, "--", "#{q/h:@orchestra_say}")

    def terminals(self) -> tuple[str, ...]:
        """The devices of everybody attached to our session: what is written there reaches no pane."""
        return tuple(tty for _, tty in self._clients() if tty)

    def shutdown(self) -> None:
        """End our session and no other, and wait for the server's end if it was the last one (O12)."""
        session = self._look().session
        if not session:
            return
        others = set(self.server.ask("list-sessions", "-F", "#{session_id}").out.split()) - {session}
        self.server.ask("kill-session", "-t", session)
        if not others and not self.server.ended(DOWN_SECONDS):
            raise Unreachable("the tmux server has not ended", "run `orchestra doctor`")

    # --- asking ---

    def _look(self) -> _Seen:
        for _ in range(2):
            said = self.server.ask("list-panes", "-a", "-F", ROW)
            empty = said.absent or said.err.startswith("no current target")  # or it is about to end
            if said.code and not empty:
                raise Unreachable(f"tmux does not answer: {clean(said.err)}", "run `orchestra doctor`")
            seen = _Seen(not empty, list(rows(said.out, self.project)))
            if all(row.reaped or not row.dead for row in seen.rows):
                break
            # tmux 3.3a can miss the end of a program, here 10 of 57 that were killed early, and with it the exit
            # status and the pane-died hook, until another child of its ends.
            self.server.ask("run-shell", "true")
        return seen

    def _inside_ours(self, environ: Mapping[str, str]) -> bool:
        outer = inside(environ)
        return bool(outer) and os.path.realpath(outer[0]) == os.path.realpath(self.server.path)

    def _libtmux(self) -> libtmux.Server:
        import libtmux

        return libtmux.Server(socket_path=self.server.path)

    def _clients(self) -> list[tuple[str, str]]:
        """Name and terminal of everybody attached to our session."""
        if not (session := self._look().session):
            return []
        said = self._libtmux().cmd("list-clients", "-F", "#{client_name}|#{client_tty}", target=session)
        return [(name, tty) for name, _, tty in (line.partition("|") for line in said.stdout)]
