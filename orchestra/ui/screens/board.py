"""The board: workers and issues, all about the selected one beside them, and every key of the key table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from orchestra.core.dialogs import open_questions
from orchestra.errors import OrchestraError
from orchestra.ui.screens import merging
from orchestra.ui.screens.board_pane import BESIDE_FROM, BoardPane
from orchestra.ui.screens.board_rows import Sort
from orchestra.ui.screens.help import table_groups
from orchestra.ui.screens.text import TextView, ask_lines
from orchestra.ui.screens.verbs import Outcome

OWN_KEYS = [
    ("Enter", "go to its pane; on an issue: start a worker"), ("j k, arrows", "move"), ("Home G", "first, last"),
    ("Ctrl-D Ctrl-U", "scroll what is at the right"), ("Tab", "what is selected in full, and back"),
    ("Space", "mark it: s, P, R and X act on all that are marked"),
    ("/", "filter: words, number, label:bug, state:ready"), ("O", "another order of the workers"),
    ("< >", "a queued worker: earlier, later"), ("H", "hold a queued worker, or let it start"),
    ("U", "stop what starts by itself, or let it go on"),
    ("A", "all projects"), ("r", "look again, and ask the tracker"), ("Esc", "take back filter and marks; then back"),
]  # fmt: skip


class BoardView(BoardPane):
    """What every key of the board does."""

    def hint(self) -> str:
        """The keys that work now."""
        keys = self.home.keys
        return keys.hint_within(
            self.app.size.width - 14,
            ("=Enter", "go"), ("tell", "answer"), ("next", "next"), ("diff", "review"), ("spawn", "spawn"),
            ("merge", "merge"), ("new", "new"), ("=/", "filter"), ("help", "all keys"),
        )  # fmt: skip

    def keys_here(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Those of the board, then the key table."""
        return [("Board", OWN_KEYS), *table_groups(self.home.keys.chosen)]

    # --- keys ---

    def closes(self, key: str, action: str) -> bool:
        """`q` leaves; Esc does when there is nothing to take back."""
        return action == "back" or (key == "escape" and not (self.words or self.marked or self.full))

    def close(self, outcome: Outcome | None = None) -> None:
        """To where the user came from; outside of the workspace, the end."""
        if outcome is not None:
            super().close(outcome)
        else:
            self.run_apart(self.home.verbs.back, self._left)

    def _left(self, is_elsewhere: bool) -> None:
        if not is_elsewhere:
            super().close()

    def press(self, key: str, action: str) -> None:
        """The key table first, as the config has it; then the keys of every list."""
        acts = self._actions()
        own: dict[str, Callable[[], None]] = {
            "enter": self.enter, "space": self.mark, "tab": self._full, "slash": self._filter, "/": self._filter,
            "O": self._order, "A": self._all_projects, "r": self.refresh_all, "escape": self._take_back,
            "<": partial(self._queue, "up"), ">": partial(self._queue, "down"), "H": partial(self._queue, "hold"),
            "U": self._auto,
            "ctrl+d": partial(self._scroll, 1), "ctrl+u": partial(self._scroll, -1),
        }  # fmt: skip
        if self.closes(key, action):
            self.close()
        elif action in acts:
            acts[action]()
        elif key in own:
            own[key]()
        elif not self.move(key):
            super().press(key, action)

    def _actions(self) -> dict[str, Callable[[], None]]:
        return {
            "spawn": self.spawn, "next": self._next, "orchestrator": self._orchestrator, "board": self.refresh_all,
            "tell": partial(self._needs, "tell"), "approve": partial(self._needs, "approve"),
            "deny": partial(self._needs, "deny"), "gates": partial(self._needs, "gates"), "diff": self._review,
            "merge": self._merge, "pull": self._pull, "edit": self._edit, "log": self._log, "list": self._all_projects,
            "workers": self._choose, "new": self._new_task, "pause": self._pause,
            "restart": partial(self._asked, "restart"),
            "cancel": partial(self._asked, "cancel"),
        }  # fmt: skip

    def _full(self) -> None:
        if self.app.size.width >= BESIDE_FROM:  # it is shown already: the other list
            kind = "issue" if self.at[0] == "worker" else "worker"
            other = next((entry for entry in self.found if entry.identity[0] == kind), None)
            if other is not None:
                self.select(other)
            return
        self.full = not self.full

    def _take_back(self) -> None:
        if self.full:
            self.full = False
        elif self.words:
            self.words = ""
            self.sift()
        else:
            self.marked.clear()

    def mark(self) -> None:
        """Mark it, or not, and go on to the next."""
        if self.at[1]:
            self.marked ^= {self.at}
            self.move("down")

    def _order(self) -> None:
        orders = list(Sort)
        self.sort = orders[(orders.index(self.sort) + 1) % len(orders)]
        self.sift()
        self.say(f"workers: {self.sort.value}")

    # --- the queue ---

    def _queue(self, what: str) -> None:
        """Move the selected worker in the queue, or hold it; the cursor stays at it."""
        if self._has_worker():
            self.run_apart(partial(self.home.verbs.queue, self.worker, what), self._went)

    def _auto(self) -> None:
        self.run_apart(self.home.verbs.auto, self._went)

    # --- the filter ---

    def _filter(self) -> None:
        self.open_field("filter", self.words)

    def on_text_area_changed(self) -> None:
        """Both lists narrow while it is typed."""
        if self.typing:
            self._narrow()
            self.repaint()

    def _narrow(self) -> None:
        self.words = self.field.text.replace("\n", " ").strip()
        self.sift()

    def send(self) -> None:
        """Enter keeps the filter; it may come before the news of what was typed."""
        self._narrow()
        self.close_field()

    def leave_field(self) -> None:
        """Esc shows everything again."""
        self.close_field()
        self.words = ""
        self.sift()

    # --- what is done ---

    def enter(self) -> None:
        """Go to the worker; start one on an issue."""
        entry = self.entry
        if entry is None:
            return
        if entry.row is not None:
            self._go(entry.number)
        else:
            self.spawn()

    def _go(self, number: str) -> None:
        self.run_apart(partial(self.home.verbs.go, number), self._went)

    def _went(self, outcome: Outcome | str | None) -> None:
        """The user is elsewhere now: outside of the workspace this terminal goes there, too."""
        if isinstance(outcome, Outcome) and outcome.argv:
            self.app.exit(outcome)
        elif isinstance(outcome, str):
            self.say(outcome)
        self.refresh_all()

    def spawn(self) -> None:
        """A worker on the issue under the cursor, or on all that are marked."""
        numbers = [number for kind, number in sorted(self.marked) if kind == "issue"] or (
            [self.at[1]] if self.at[1] else []
        )
        if not numbers:
            self.say("no issue is selected", alarm=True)
            return
        if len(numbers) > 1:
            listed = ", ".join(f"#{number}" for number in numbers)
            self.ask([f"start {len(numbers)} workers: {listed}"], partial(self._spawn, numbers))
            return
        self._spawn(numbers)

    def _spawn(self, numbers: Sequence[str]) -> None:
        self.marked.clear()
        listed = ", ".join(f"#{number}" for number in numbers)
        self.say(f"spawning {listed}\u2026")
        self.run_apart(partial(self.home.verbs.spawn, numbers), self._went)

    def _next(self) -> None:
        def went(found: tuple[str, Outcome] | None) -> None:
            if found is None:
                self.say("nothing needs you")
                return
            self.last = found[0]
            self._went(found[1])

        self.run_apart(partial(self.home.verbs.next, self.last), went)

    def _orchestrator(self) -> None:
        self.run_apart(self.home.verbs.orchestrator, self._went)

    def _needs(self, first: str) -> None:
        from orchestra.ui.screens.needs import NeedsView

        number = self.worker
        row = next((row for row in self.rows if row.worker.id == number), None)
        if first in ("approve", "deny") and (row is None or not open_questions(row.worker)):
            self.say(f"#{number} asks for nothing" if number else "no worker is selected", alarm=True)
        elif first == "tell" and row is None:
            self.say("no worker is selected", alarm=True)
        elif first == "gates" and not any(row.shown.needs_you for row in self.rows):
            self.say("nothing needs you")
        else:
            self.app.push_screen(NeedsView(first, number), self._came_back)

    def _came_back(self, outcome: Outcome | None) -> None:
        """A screen that lay over the board is closed."""
        if outcome is not None and outcome.said:
            self.say(outcome.said)
        self.refresh_all()

    def _new_task(self) -> None:
        from orchestra.ui.screens.new_task import NewTaskView

        self.app.push_screen(NewTaskView(), self._came_back)

    def _review(self) -> None:
        from orchestra.ui.screens.review import ReviewView

        if self._has_worker():
            self.app.push_screen(ReviewView(self.worker), self._came_back)

    def _has_worker(self) -> bool:
        if not self.worker:
            self.say("no worker is selected", alarm=True)
        return bool(self.worker)

    def _merge(self) -> None:
        if self._has_worker():
            merging.start(self, self.worker, self.refresh_all)

    def _pull(self) -> None:
        if self._has_worker():
            self.run_apart(partial(self.home.verbs.pull, self.worker), self.say)

    def _edit(self) -> None:
        if self._has_worker():
            self.home.open_editor(self, self.worker)

    def _log(self) -> None:
        number, log = self.worker, self.home.verbs.log
        title = f"#{self.worker}: what happened" if self.worker else "What happened"
        self.app.push_screen(TextView(title, lambda _: log(number), "log"), self._came_back)

    def _all_projects(self) -> None:
        self.app.push_screen(TextView("All projects", self.home.verbs.all_projects, "list"), self._came_back)

    def _choose(self) -> None:
        from orchestra.ui.screens.choices import workers_picker

        self.app.push_screen(workers_picker(self.home.project, self.home.verbs), self._picked)

    def _picked(self, outcome: Outcome | None) -> None:
        """The picker has gone there already; outside of the workspace this terminal goes, too."""
        if outcome is not None and outcome.argv:
            self.app.exit(outcome)
        else:
            self._came_back(outcome)

    def _targets(self) -> list[str]:
        """The workers that are marked, or the selected one."""
        return [number for kind, number in sorted(self.marked) if kind == "worker"] or (
            [self.worker] if self.worker else []
        )

    def _pause(self) -> None:
        """One at once, as it is taken back by the same key; several are named before."""
        if len(self._targets()) > 1:
            self._asked("pause")
        else:
            self._each("pause")

    def _asked(self, verb: str) -> None:
        """Ask, then do it to each."""
        numbers = self._targets()
        if not numbers:
            self.say("no worker is selected", alarm=True)
            return
        self.ask(ask_lines(self.home.project, numbers, verb), partial(self._each, verb))

    def _each(self, verb: str) -> None:
        numbers = self._targets()
        if not numbers:
            self.say("no worker is selected", alarm=True)
            return
        self.marked.clear()
        act: Callable[[str], str] = getattr(self.home.verbs, verb)
        self.say("\u2026")
        self.run_apart(partial(_do_each, act, numbers), self._went)


def _do_each(act: Callable[[str], str], numbers: Sequence[str]) -> str:
    """What was done to each; of several, one that refuses keeps no other from it."""
    if len(numbers) == 1:
        return act(numbers[0])
    said = []
    for number in numbers:
        try:
            said.append(act(number))
        except OrchestraError as wrong:
            said.append(wrong.message)
    return "; ".join(said)
