"""The board: a full-screen, live view of issues and workers. Its keys do what the key table does."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static

from orchestra.core import actions
from orchestra.core.models import Status
from orchestra.errors import OrchestraError
from orchestra.ui.board import details, keys, lines
from orchestra.ui.board.widgets import CSS, Rows, page, words
from orchestra.workers.overview import overview, with_tokens
from orchestra.workers.session_files import session_files

if TYPE_CHECKING:
    from textual.content import Content
    from textual.timer import Timer

    from orchestra.commands.issues import Listed
    from orchestra.ui.board.actions import BoardActions
    from orchestra.workers.overview import Overview, WorkerRow

LOOK_SECONDS = 1.0
AGES_SECONDS = 20.0  # ages move without any event
ISSUES_SECONDS = 120.0
SAID_SECONDS = 8.0
REST_SECONDS = 0.1  # a worker is asked about when the person has stopped at it


class Board(App[tuple[str, ...]]):
    """Leaves with the argv that brings the terminal to a worker, or with nothing."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("slash", "filter"),
        Binding("r", "look"),
        Binding("tab", "other", priority=True),
        Binding("escape", "leave_filter"),
        Binding("ctrl+d", "scroll(1)"),
        Binding("ctrl+u", "scroll(-1)"),
        Binding("ctrl+c", "quit", priority=True),
    ]

    def __init__(self, acts: BoardActions) -> None:
        super().__init__(ansi_color=True)
        self.theme = "ansi-dark"
        self.acts = acts
        self.project = acts.project
        self.plain = lines.ascii_only(acts.console.environ)
        self.chosen = actions.chosen(self.project.config.keys)
        self.view: Overview | None = None
        self.found: tuple[Listed, ...] = ()
        self.parts: tuple[str, tuple[details.Part, ...]] = ("", ())
        self.seen: object = None
        self.looked, self.said = 0.0, ""
        self.timers: dict[str, Timer] = {}
        for name, key in self.chosen.items():
            self.bind(keys.textual_key(key), keys.ACTIONS[name])

    def compose(self) -> ComposeResult:
        """Issues at the left, workers at the right, the selected one below."""
        yield Static("", id="head", markup=False)
        with Horizontal():
            with Vertical(id="left"):
                yield Input(placeholder="/ filter issues", id="filter")
                yield Rows(id="issues", markup=False)
            with Vertical(id="right"):
                yield Rows(id="workers", markup=False)
                yield VerticalScroll(Static("", id="text", markup=False), id="detail", can_focus=False)
        yield Static("", id="keys", markup=False)

    def on_mount(self) -> None:
        """Show the workers at once; what git and the tracker know comes when the first screen is there."""
        self.left, self.right = self.query_one("#issues", Rows), self.query_one("#workers", Rows)
        self.show(overview(self.project, changes=False))
        self.say("")
        self.right.focus()
        self.call_after_refresh(self.begin)

    def begin(self) -> None:
        """Everything that can wait for the first screen."""
        gc.enable()
        self.set_interval(LOOK_SECONDS, self.check)
        self.set_interval(ISSUES_SECONDS, self.ask_issues)
        self.action_look()

    def check(self) -> None:
        """Look again when a session file is another, ages have moved, or tokens are still being counted."""
        counting = any(row.tokens and row.tokens.behind for row in self.rows)
        old = self.project.now() - self.looked > AGES_SECONDS
        if old or counting or session_files(self.project.store.root) != self.seen:
            self.look_again()

    @work(thread=True, exclusive=True, group="look")
    def look_again(self) -> None:
        """Look at everything, away from the screen."""
        self.seen, self.looked = session_files(self.project.store.root), self.project.now()
        self.call_from_thread(self.show, with_tokens(self.project, overview(self.project)))

    @work(thread=True, exclusive=True, group="issues")
    def ask_issues(self) -> None:
        """Ask the tracker for the open issues."""
        try:
            found = self.acts.issues()
        except OrchestraError as wrong:
            self.call_from_thread(self.say, f"{wrong.message}: {wrong.hint}")
            return
        self.call_from_thread(self.show_issues, found)

    # --- what is shown ---

    def text(self, told: str, style: str = "") -> Content:
        """A message, shown as it is: never markup."""
        return words(told, style, plain=self.plain)

    def show(self, view: Overview) -> None:
        """Draw the workers; the selected one stays selected."""
        self.view = view
        self.query_one("#head", Static).update(self.text(lines.head(view, self.project.title)))
        width = max(40, self.size.width - lines.left_width(self.size.width))
        self.right.fill([(one.worker.id, self.text(*lines.coloured(one, width))) for one in view.rows])
        self.show_issues(self.found)
        self.detail()

    def show_issues(self, found: tuple[Listed, ...]) -> None:
        """Draw the issues that the filter lets through."""
        held = {row.worker.id for row in self.rows if row.worker.status is not Status.CANCELLED}
        self.found = tuple(one._replace(worker=one.issue.number if one.issue.number in held else None) for one in found)
        wanted = self.query_one("#filter", Input).value
        kept = [one for one in self.found if lines.matches(one, wanted)]
        self.left.fill([(one.issue.number, self.text(lines.issue(one))) for one in kept])

    @property
    def rows(self) -> tuple[WorkerRow, ...]:
        """The workers as last seen."""
        return self.view.rows if self.view else ()

    @property
    def row(self) -> WorkerRow | None:
        """The selected worker."""
        return next((row for row in self.rows if row.worker.id == self.right.chosen), None)

    def detail(self) -> None:
        """All about the selected worker, or the selected issue while the person is there."""
        if self.focused is self.left:
            one = next((one for one in self.found if one.issue.number == self.left.chosen), None)
            self.draw(lines.issue_detail(one) if one else ())
            return
        row = self.row
        if row is None:
            self.draw([lines.Line("no worker yet: choose an issue (Tab) and press s")])
            return
        number, parts = self.parts
        self.draw(lines.detail(row, self.project.now(), parts if number == row.worker.id else ()))
        self.later("parts", REST_SECONDS, lambda: self.ask_parts(row))

    def draw(self, lines: Iterable[lines.Line]) -> None:
        """The lower part."""
        self.query_one("#text", Static).update(page(lines, plain=self.plain))

    def later(self, name: str, seconds: float, act: Callable[[], object]) -> None:
        """Do it when nothing has asked for the same for so long."""
        if name in self.timers:
            self.timers[name].stop()
        self.timers[name] = self.set_timer(seconds, act)

    @work(thread=True, exclusive=True, group="parts")
    def ask_parts(self, row: WorkerRow) -> None:
        """What tmux and git say of the selected worker: asked when it is selected or has changed."""
        self.call_from_thread(self.show_parts, row.worker.id, details.parts(self.project, row))

    def show_parts(self, number: str, found: tuple[details.Part, ...]) -> None:
        """Draw them, unless the person has gone on."""
        self.parts, row = (number, found), self.row
        if row and row.worker.id == number and self.focused is not self.left:
            self.draw(lines.detail(row, self.project.now(), found))

    def say(self, text: str) -> None:
        """A line at the bottom, and after a while the keys again."""
        self.said = text
        told = self.text(text) if text else self.text(keys.footer(self.chosen, self.size.width), "dim")
        self.query_one("#keys", Static).update(told)
        if text:
            self.later("say", SAID_SECONDS, lambda: self.say(""))

    # --- what the person does ---

    def on_resize(self) -> None:
        """Lines are cut to the room there is, which is known a moment later."""
        if self.view:
            self.call_after_refresh(self.show, self.view)
            self.call_after_refresh(self.say, self.said)

    def on_descendant_focus(self) -> None:
        """What is below belongs to the side where the person is."""
        self.detail()

    def on_option_list_option_highlighted(self) -> None:
        """Another line is selected."""
        self.query_one("#detail").scroll_home(animate=False)
        self.detail()

    def on_option_list_option_selected(self, event: Rows.OptionSelected) -> None:
        """Enter or a double click: go to the worker, or spawn on the issue."""
        if event.option_list is self.right:
            self.do(lambda: self.acts.go(event.option_id or ""))
        else:
            self.action_spawn()

    def on_input_changed(self) -> None:
        """Filter as you type."""
        self.show_issues(self.found)

    def on_input_submitted(self) -> None:
        """Enter in the filter: on to the issues."""
        self.left.focus()

    def action_look(self) -> None:
        """Look at everything again, the tracker too."""
        self.look_again()
        self.ask_issues()

    def action_spawn(self) -> None:
        """A worker on the selected issue."""
        if (number := self.left.chosen) is not None:
            self.say(f"#{number}: spawning ...")
            self.do(lambda: self.acts.spawn(number))

    def action_act(self, name: str) -> None:
        """Verbs that are not about one worker: go to the worker that needs the user most, to the orchestrator."""
        self.do(getattr(self.acts, name))

    def action_act_on(self, name: str) -> None:
        """Verbs about the selected worker, which is shown below."""
        if row := self.row:
            self.do(lambda: getattr(self.acts, name)(row.worker))

    def action_ask(self, name: str) -> None:
        """A dialog in the terminal itself, then the board again."""
        number = self.row.worker.id if self.row else ""
        self.say(self.aside(lambda: self.acts.dialog(name, number)))

    def action_choose(self) -> None:
        """Choose a worker by a word of its title, and go there."""
        self.say(self.aside(self.acts.choose))

    def aside(self, act: Callable[[], str]) -> str:
        """Do it in the terminal itself, the board being away."""
        with self.suspend():
            said = act()
        self.refresh()
        self.look_again()
        return said

    def action_filter(self) -> None:
        """Type words to see fewer issues."""
        self.query_one("#filter").focus()

    def action_leave_filter(self) -> None:
        """All issues again."""
        self.query_one("#filter", Input).value = ""
        self.right.focus()

    def action_other(self) -> None:
        """The other list."""
        (self.left if self.right.has_focus else self.right).focus()

    def action_scroll(self, way: int) -> None:
        """Half a page of the lower part."""
        part = self.query_one("#detail")
        part.scroll_relative(y=way * max(1, part.size.height // 2), animate=False)

    def action_leave(self) -> None:
        """To where the person came from; outside of the workspace, the end."""
        if not self.acts.back():
            self.exit(())

    @work(thread=True)
    def do(self, act: Callable[[], str | tuple[str, ...]]) -> None:
        """Do it away from the screen, and say how it went; an argv ends the board and is run."""
        try:
            said = act()
        except OrchestraError as wrong:
            said = f"{wrong.message} {wrong.hint}"
        if isinstance(said, tuple):
            self.call_from_thread(self.exit, said)
            return
        self.call_from_thread(self.say, said)
        self.look_again()
