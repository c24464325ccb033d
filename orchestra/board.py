"""The board: a full-screen, live view of issues and workers. Its keys do what the key table does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from orchestra import board_text, overview
from orchestra.errors import OrchestraError
from orchestra.model import Status
from orchestra.view import look

if TYPE_CHECKING:
    from orchestra.board_acts import Acts
    from orchestra.commands.issues import Listed
    from orchestra.view import Row, View

LOOK_SECONDS = 1.0
AGES_SECONDS = 20.0  # ages move without any event
ISSUES_SECONDS = 120.0
KEYS = "s spawn  Enter go  a next  t tell  y approve  n deny  g gates  d diff  p pull request  / filter  q back"


class Board(App[tuple[str, ...]]):
    """Leaves with the argv that brings the terminal to a worker, or with nothing."""

    CSS = """
    Screen { layout: vertical; }
    #head, #keys { height: 1; text-style: bold; }
    #keys { text-style: dim; }
    #left { width: 1fr; min-width: 26; max-width: 70; border-right: ascii; }
    #right { width: 2fr; }
    #filter { border: none; height: 1; padding: 0 1; }
    #issues { height: 1fr; }
    #workers { height: auto; max-height: 45%; min-height: 3; border-bottom: ascii; }
    #detail { height: 1fr; padding: 0 1; }
    OptionList { border: none; padding: 0; scrollbar-size-vertical: 0; text-wrap: nowrap; text-overflow: clip; }
    OptionList > .option-list--option { text-wrap: nowrap; text-overflow: clip; }
    OptionList > .option-list--option-highlighted { text-style: reverse; }
    VerticalScroll { scrollbar-size-vertical: 0; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("s", "spawn", priority=False),
        Binding("a", "next"),
        Binding("o", "orchestrator"),
        Binding("t", "ask('tell')"),
        Binding("n", "ask('deny')"),
        Binding("g", "ask('gates')"),
        Binding("d", "ask('diff')"),
        Binding("y", "approve"),
        Binding("p", "pull"),
        Binding("r", "issues"),
        Binding("slash", "filter"),
        Binding("tab", "other", priority=True),
        Binding("escape", "leave_filter"),
        Binding("q", "leave"),
        Binding("question_mark", "ask('help')"),
        Binding("ctrl+c", "quit", priority=True),
    ]

    def __init__(self, acts: Acts) -> None:
        super().__init__(ansi_color=True)
        self.acts = acts
        self.orchestra = acts.orchestra
        self.view: View | None = None
        self.found: tuple[Listed, ...] = ()
        self.seen: object = None
        self.looked = 0.0

    def compose(self) -> ComposeResult:
        """Issues at the left, workers at the right, the selected one below."""
        yield Static("", id="head", markup=False)
        with Horizontal():
            with Vertical(id="left"):
                yield Input(placeholder="/ filter issues", id="filter")
                yield OptionList(id="issues", markup=False)
            with Vertical(id="right"):
                yield OptionList(id="workers", markup=False)
                yield VerticalScroll(Static("", id="text", markup=False), id="detail")
        yield Static(KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        """Show the workers at once; the issues come from the tracker when they come."""
        self.theme = "ansi-dark"
        self.show(look(self.orchestra, changes=False))
        self.query_one("#workers").focus()
        self.set_interval(LOOK_SECONDS, self.check)
        self.set_interval(ISSUES_SECONDS, self.action_issues)
        self.look_again()
        self.action_issues()

    def check(self) -> None:
        """Look again when a session file is another, or ages have moved."""
        if overview.files(self.orchestra) != self.seen or self.orchestra.now() - self.looked > AGES_SECONDS:
            self.look_again()

    @work(thread=True, exclusive=True, group="look")
    def look_again(self) -> None:
        """Look at everything, away from the screen."""
        self.seen, self.looked = overview.files(self.orchestra), self.orchestra.now()
        self.call_from_thread(self.show, look(self.orchestra))

    @work(thread=True, exclusive=True, group="issues")
    def action_issues(self) -> None:
        """Ask the tracker for the open issues."""
        try:
            found = self.acts.issues()
        except OrchestraError as wrong:
            self.call_from_thread(self.say, wrong.message)
            return
        self.call_from_thread(self.show_issues, found)

    def show(self, view: View) -> None:
        """Draw the workers; the selected one stays selected."""
        chosen = self.row
        self.view = view
        self.query_one("#head", Static).update(Content(board_text.head(view, self.orchestra.title)))
        rows = self.query_one("#workers", OptionList)
        width = max(40, self.size.width * 2 // 3)
        rows.set_options([Option(self.line(row, width), row.worker.id) for row in view.rows])
        if view.rows:
            numbers = [row.worker.id for row in view.rows]
            rows.highlighted = numbers.index(chosen.worker.id) if chosen and chosen.worker.id in numbers else 0
        else:
            self.query_one("#text", Static).update(Content("no worker yet: choose an issue and press s"))
        self.detail()
        self.show_issues(self.found)

    def line(self, row: Row, width: int) -> Content:
        """A worker's line in its colour; never markup."""
        colour = board_text.level(row.attention)
        text = Content(board_text.worker(row, width))
        return text.stylize(f"ansi_{colour} bold") if colour else text

    def show_issues(self, found: tuple[Listed, ...]) -> None:
        """Draw the issues that the filter lets through."""
        self.found = found
        words = self.query_one("#filter", Input).value
        held = (
            {row.worker.id for row in self.view.rows if row.worker.status is not Status.CANCELLED} if self.view else ()
        )
        marked = [one._replace(worker=one.issue.number if one.issue.number in held else None) for one in found]
        kept = [one for one in marked if board_text.matches(one, words)]
        issues = self.query_one("#issues", OptionList)
        before = issues.highlighted
        issues.set_options([Option(Content(board_text.issue(one)), one.issue.number) for one in kept])
        if kept:
            issues.highlighted = min(before or 0, len(kept) - 1)

    @property
    def row(self) -> Row | None:
        """The selected worker."""
        place = self.query_one("#workers", OptionList).highlighted
        rows = self.view.rows if self.view else ()
        return rows[place] if place is not None and place < len(rows) else None

    @property
    def number(self) -> str | None:
        """The selected issue."""
        issues = self.query_one("#issues", OptionList)
        return None if issues.highlighted is None else issues.get_option_at_index(issues.highlighted).id

    @work(thread=True, exclusive=True, group="detail")
    def detail(self) -> None:
        """Everything about the selected worker; its pane is read when it is selected or has changed."""
        row = self.row
        if row is None:
            return
        parts = (
            ("the end of its pane", overview.screen(self.orchestra, row)),
            ("files", overview.changed(self.orchestra, row)),
            ("what happened", overview.timeline(self.orchestra, row)),
        )
        text = "\n".join(board_text.detail(row, self.orchestra.now(), parts))
        self.call_from_thread(self.query_one("#text", Static).update, Content(text))

    # --- what the person does ---

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Another worker is selected."""
        if event.option_list.id == "workers":
            self.detail()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click: go to the worker, or spawn on the issue."""
        if event.option_list.id == "workers" and self.row:
            self.do(lambda: self.acts.go(event.option_id or ""))
        elif event.option_list.id == "issues":
            self.action_spawn()

    def on_input_changed(self) -> None:
        """Filter as you type."""
        self.show_issues(self.found)

    def on_input_submitted(self) -> None:
        """Enter in the filter: on to the issues."""
        self.query_one("#issues").focus()

    def action_spawn(self) -> None:
        """A worker on the selected issue."""
        if (number := self.number) is not None:
            self.say(f"#{number}: spawning ...")
            self.do(lambda: self.acts.spawn(number))

    def action_next(self) -> None:
        """To who needs a person most; from that one, to the next."""
        self.do(self.acts.next)

    def action_orchestrator(self) -> None:
        """To the orchestrator's window."""
        self.do(self.acts.orchestrator)

    def action_approve(self) -> None:
        """Approve what the selected worker asks, which stands below."""
        if row := self.row:
            self.do(lambda: self.acts.approve(row.worker))

    def action_pull(self) -> None:
        """The selected worker's pull request."""
        if row := self.row:
            self.do(lambda: self.acts.pull(row.worker.id))

    def action_ask(self, name: str) -> None:
        """A dialog in the terminal itself, then the board again."""
        number = self.row.worker.id if self.row else ""
        with self.suspend():
            said = self.acts.dialog(name, number)
        self.refresh()
        self.look_again()
        if said:
            self.say(said)

    def action_filter(self) -> None:
        """Type words to see fewer issues."""
        self.query_one("#filter").focus()

    def action_leave_filter(self) -> None:
        """All issues again."""
        self.query_one("#filter", Input).value = ""
        self.query_one("#workers").focus()

    def action_other(self) -> None:
        """The other list."""
        there = self.query_one("#issues" if self.query_one("#workers").has_focus else "#workers")
        there.focus()

    def action_leave(self) -> None:
        """To where the person came from; outside of the workspace, the end."""
        if not self.acts.back():
            self.exit(())

    @work(thread=True)
    def do(self, act: Callable[[], str | tuple[str, ...]]) -> None:
        """Do it away from the screen, and say how it went; an argv ends the board and is run."""
        try:
            with redirect_stdout(sys.__stdout__):  # libtmux asks it for its encoding, which Textual's has not
                said = act()
        except OrchestraError as wrong:
            said = f"{wrong.message} {wrong.hint}"
        if isinstance(said, tuple):
            self.call_from_thread(self.exit, said)
            return
        self.call_from_thread(self.say, said)
        self.look_again()

    def say(self, text: str) -> None:
        """A line at the bottom, until the next."""
        self.query_one("#keys", Static).update(Content(text or KEYS))
