"""Choose issues or workers: type to narrow, arrows move, Tab marks several, Enter takes, Esc leaves; as fzf does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from orchestra.core import cells, fuzzy
from orchestra.core.records import Record
from orchestra.core.state import Role
from orchestra.ui.screens.base import View
from orchestra.ui.screens.paper import BOLD, CURSOR, DIM, REVERSE, Paper, Span
from orchestra.ui.screens.verbs import Outcome
from orchestra.ui.worker_table import fold

PREVIEW_FROM = 100  # columns from which the row under the cursor is shown beside the list
MARK = "\u25cf"
KEYS = [
    ("Enter", "take the row under the cursor, or all that are marked"),
    ("Tab", "mark and go on; Shift-Tab: mark and go back"),
    ("Up, Down", "move; also Ctrl-P, Ctrl-N, Ctrl-K, Ctrl-J, Page Up, Page Down"),
    ("Ctrl-A", "mark all that are found, or none"),
    ("Ctrl-U", "empty the line"),
    ("'word", "exactly this; ^word at the begin, word$ at the end, !word not this"),
    ("label:", "label:bug, state:ready, author:ada"),
    ("Esc", "leave"),
]


class Choice(Record):
    """A row: its key, the mark and number in front, its title, what is said at its end, and its preview."""

    key: str
    head: str
    title: str
    tail: str = ""
    role: Role = Role.PLAIN
    facts: frozenset[str] = frozenset()
    search: str = ""  # what is searched beside head, title and tail: a branch, a pull request
    preview: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What the query is looked for in."""
        return f"{self.head.strip()} {self.title} {self.tail} {self.search}"


class Rows(Record):
    """What there is to choose from, and what could not be read of it."""

    choices: Sequence[Choice]
    left_out: Sequence[str] = ()


class Query(Input):
    """The line to type in, which leaves to the list the keys that move and mark."""

    LEFT_OUT = ("enter", "escape", "up", "down", "ctrl+n", "ctrl+p", "ctrl+j", "ctrl+k", "pageup", "pagedown", "ctrl+a")

    async def _on_key(self, event: events.Key) -> None:
        """Those keys go up to the list."""
        if event.key in self.LEFT_OUT:
            event.prevent_default()


class PickerView(View):
    """A list to choose from. `load` gives the rows, away from the screen; `take` does it, and says how it ended."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("tab", "mark(1)", priority=True, show=False),
        Binding("shift+tab", "mark(-1)", priority=True, show=False),
    ]

    def __init__(
        self,
        title: str,
        load: Callable[[], Rows],
        take: Callable[[Sequence[str]], Outcome],
        *,
        verb: str,
        empty: str,
        many: bool = True,
    ) -> None:
        super().__init__()
        self.named, self.load, self.take, self.verb, self.empty, self.many = title, load, take, verb, empty, many
        self.rows: Sequence[Choice] = ()
        self.shown: list[int] = []
        self.marked: dict[str, None] = {}
        self.at = self.top = 0
        self.waiting = "\u2026"
        self.query_line = Query()
        self._lines = 1
        self._found_for = ""  # the query of `shown`

    def fields(self) -> Sequence[Widget]:
        """The line to type in."""
        return (self.query_line,)

    def begin(self) -> None:
        """Ask for the rows; what is typed meanwhile counts."""
        self.set_focus(self.query_line)
        self.run_apart(self.load, self.arrived, failed=self._failed_to_load)

    def arrived(self, found: Rows) -> None:
        """The rows are here."""
        self.rows, self.waiting = found.choices, ""
        if found.left_out:
            self.say("; ".join(found.left_out), alarm=True)
        self.narrow()

    def _failed_to_load(self) -> None:
        self.waiting = ""
        self.empty = "It is not known what there is."

    def narrow(self) -> None:
        """Only what the query finds; the row under the cursor stays under it where it is still there."""
        before, self._found_for = self.current, self.query_line.value
        self.shown = fuzzy.found(self.query_line.value, [(row.text, row.facts) for row in self.rows])
        keys = [self.rows[place].key for place in self.shown]
        typed = bool(self.query_line.value.strip())
        self.at = keys.index(before.key) if before and before.key in keys and not typed else 0

    @property
    def current(self) -> Choice | None:
        """The row under the cursor."""
        return self.rows[self.shown[self.at]] if self.at < len(self.shown) else None

    def on_input_changed(self, _: Input.Changed) -> None:
        """Narrow as you type."""
        self.said, self.alarm = "", False
        self.narrow()
        self.repaint()

    # --- painting ---

    def paint(self, paper: Paper) -> None:
        """The line, the rows, the preview, and the keys that work now."""
        wide, high = paper.width - 2, paper.height - 2
        count = f"{len(self.shown)} of {len(self.rows)}" if self.rows else ""
        count += f" \u00b7 {len(self.marked)} marked" if self.marked else ""
        many = "Tab marks  " if self.many else ""
        keys = f"Enter {self.verb}  {many}F1 keys  Esc leaves"
        paper.box(0, 0, paper.width, paper.height, title=self.named, right=count, keys=keys)
        if high < 1:
            return
        paper.put(1, 1, 2, "> ", BOLD)
        self.home.place_field(self.query_line, 3, 1, max(1, wide - 3))
        list_wide = wide * 55 // 100 if paper.width >= PREVIEW_FROM else wide
        self._lines = max(1, high - 1 - (1 if self.said else 0))
        self.top = max(0, min(self.top, self.at), self.at - self._lines + 1)
        for row, place in enumerate(self.shown[self.top : self.top + self._lines]):
            self._paint_row(paper, 2 + row, list_wide, self.rows[place], here=self.top + row == self.at)
        if not self.shown:
            paper.put(2, 2, wide - 2, self.waiting or (self.empty if not self.rows else "nothing is found"), DIM)
        elif list_wide < wide and self.current:
            self._paint_preview(paper, list_wide + 2, wide - list_wide - 2, self.current)
        if self.said:
            paper.put(2, paper.height - 2, wide - 2, self.said, paper.style(Role.ALARM) if self.alarm else BOLD)

    def _paint_row(self, paper: Paper, y: int, wide: int, row: Choice, *, here: bool) -> None:
        mark = MARK if row.key in self.marked else " "
        head, tail = f"{mark} {row.head} ", f" {row.tail}" if row.tail else ""
        room = wide - 2 - cells.width(paper.look.text(head))
        tail = cells.cut(paper.look.text(tail), max(0, room // 2))
        title = cells.pad(paper.look.text(row.title), max(1, room - cells.width(tail)))
        style = paper.style(row.role)
        paper.put(1, y, 1, CURSOR if here else " ")
        line = [Span(head, style), Span(title), Span(tail, DIM)]
        if here:
            paper.fill(2, y, wide - 2, line, REVERSE)
        else:
            paper.put(2, y, wide - 2, line)

    def _paint_preview(self, paper: Paper, x: int, wide: int, row: Choice) -> None:
        lines = [piece for line in (row.title, "", *row.preview) for piece in fold(line, max(8, wide)) or [""]]
        for y, line in enumerate(lines[: self._lines]):
            paper.put(x, 2 + y, wide, line, BOLD if not y else DIM if not line else Span("").style)

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        """Move, mark, take; everything else is text."""
        page = max(1, self._lines - 1)
        moves = {"down": 1, "ctrl+n": 1, "ctrl+j": 1, "up": -1, "ctrl+p": -1, "ctrl+k": -1}
        moves |= {"pagedown": page, "pageup": -page}
        acts: dict[str, Callable[[], None]] = {key: partial(self.move, way) for key, way in moves.items()}
        acts |= {"escape": self.close, "enter": self.chosen, "f1": partial(self.home.show_help, self)}
        acts |= {"ctrl+u": self._empty_line, "ctrl+a": self.mark_all}
        act = acts.get(event.key)
        if act is not None:
            event.prevent_default()
            event.stop()
            if self._found_for != self.query_line.value:  # this key was faster than the news of what was typed
                self.narrow()
            act()
            self.repaint()

    def move(self, way: int) -> None:
        """The cursor up or down; not past the ends."""
        self.at = max(0, min(self.at + way, len(self.shown) - 1))

    def action_mark(self, way: int) -> None:
        """Mark the row, or take its mark away, and go on."""
        if self.many and self.current is not None:
            key = self.current.key
            if key in self.marked:
                del self.marked[key]
            else:
                self.marked[key] = None
        self.move(way)
        self.repaint()

    def mark_all(self) -> None:
        """Mark all that are found; where they are, none."""
        if not self.many:
            return
        keys = [self.rows[place].key for place in self.shown]
        self.marked = {} if all(key in self.marked for key in keys) else {**self.marked, **dict.fromkeys(keys)}

    def _empty_line(self) -> None:
        self.query_line.value = ""

    def click(self, x: int, y: int, *, double: bool) -> None:  # noqa: ARG002
        """A click goes to a row, a double click takes it."""
        place = self.top + y - 2
        if 0 <= y - 2 < self._lines and place < len(self.shown):
            self.at = place
            if double:
                self.chosen()

    def wheel(self, lines: int) -> None:
        """The wheel moves the cursor."""
        self.move(lines)

    def keys_here(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The keys of the list, for the help."""
        return [(self.named, KEYS)]

    def chosen(self) -> None:
        """Take what is marked, else the row under the cursor."""
        keys = list(self.marked) or ([self.current.key] if self.current else [])
        if keys and not self.waiting:
            self.waiting = "\u2026"
            self.say(f"{self.verb}: {', '.join(f'#{key}' for key in keys)} \u2026")
            self.run_apart(lambda: self.take(keys), self.ended, failed=self._failed_to_take)

    def _failed_to_take(self) -> None:
        self.waiting = ""

    def ended(self, outcome: Outcome) -> None:
        """It is done."""
        self.close(outcome)
