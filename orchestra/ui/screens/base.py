"""What every full-screen view shares, and what each finds in the app that shows it."""

from __future__ import annotations

import gc
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events, work
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, TextArea
from textual.worker import WorkerFailed

from orchestra.core import cells
from orchestra.core.look import Look, look_of
from orchestra.core.records import Record
from orchestra.core.state import Role
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.ui.editor import run_editor
from orchestra.ui.screens.keyboard import Keyboard
from orchestra.ui.screens.keymap import KeyMap, pressed
from orchestra.ui.screens.paper import Paper, Span
from orchestra.ui.screens.verbs import Outcome, Place, Verbs
from orchestra.ui.worker_table import fold

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from orchestra.project.context import Project
    from orchestra.ui.console import Console

T = TypeVar("T")

LOOK_SECONDS = 1.0  # between two looks at whether a session file has changed
SAID_SECONDS = 8.0
GUARD_SECONDS = 0.3  # keys pressed so soon after something new is shown were meant for what was there before
WHEEL = 3  # lines a turn

CSS = """
Screen { layers: below above; background: ansi_default; color: ansi_default; overflow: hidden hidden; }
Canvas { width: 100%; height: 100%; layer: below; background: ansi_default; }
Input, TextArea {
  layer: above; position: absolute; border: none; padding: 0; height: 1; background: ansi_default;
  color: ansi_default; display: none;
}
Input:focus, TextArea:focus { border: none; background-tint: ansi_default 0%; }
Input > .input--cursor, TextArea .text-area--cursor { text-style: reverse; color: ansi_default; }
Input > .input--placeholder { text-style: dim; color: ansi_default; }
Input > .input--selection, TextArea .text-area--selection { text-style: reverse; background: ansi_default; }
TextArea .text-area--cursor-line { background: ansi_default; }
TextArea { scrollbar-size: 0 0; }
"""


class Canvas(Widget):
    """What a screen has painted. A line is drawn again only when it is another one."""

    def __init__(self) -> None:
        super().__init__()
        self._strips: list[Strip] = []

    def show(self, strips: list[Strip]) -> None:
        """Draw these lines."""
        before, self._strips = self._strips, strips
        if len(before) != len(strips):
            self.refresh()
            return
        changed = [
            Region(0, y, self.size.width, 1)
            for y, (old, new) in enumerate(zip(before, strips, strict=True))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def drawn(self, terminal: RichConsole) -> str:
        """All lines as they are written to the terminal."""
        return "".join(f"\x1b[{y};1H{strip.render(terminal)}" for y, strip in enumerate(self._strips, 1))

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)


class Words(TextArea):
    """A field for several lines, which leaves to its screen the keys that send, leave or edit it."""

    LEFT_OUT: tuple[str, ...] = ("escape", "enter", "ctrl+e")
    NEW_LINE = ("ctrl+j", "alt+enter", "shift+enter")  # the last from terminals that tell it from Enter

    def __init__(self) -> None:
        super().__init__(soft_wrap=True, show_line_numbers=False, tab_behavior="focus")

    async def _on_key(self, event: events.Key) -> None:
        """Those keys go up to the screen; a new line is made here, before what is typed next."""
        if event.key in (*self.LEFT_OUT, *self.NEW_LINE):
            event.prevent_default()
        if event.key in self.NEW_LINE:
            event.stop()
            self.insert("\n")

    def take(self, text: str) -> None:
        """This text, the cursor at its end."""
        self.text = text
        self.move_cursor(self.document.end)


class Question(Record):
    """What is asked over a screen, what `y` does, and since when it is shown."""

    lines: tuple[str, ...]
    yes: Callable[[], None]
    since: float


class View(Screen[Outcome | None]):
    """A screen: it paints itself on a canvas, and does what the key table says."""

    AUTO_FOCUS = ""
    OWN_KEY = ""  # the action whose key closes it again
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(self) -> None:
        super().__init__()
        self.canvas = Canvas()
        self.said = ""
        self.alarm = False
        self.question: Question | None = None
        self.sending = False
        self._painted_size = (0, 0)  # for which size
        self._covered = False

    @property
    def home(self) -> Home:
        """The app."""
        return self.app  # type: ignore[return-value]

    @property
    def look(self) -> Look:
        """What the terminal can show."""
        return self.home.look

    def compose(self) -> ComposeResult:
        """The canvas, and the fields that text is typed into."""
        yield self.canvas
        yield from self.fields()

    def fields(self) -> Sequence[Widget]:
        """The text fields of this screen; hidden until they are placed."""
        return ()

    def on_mount(self) -> None:
        """Paint as soon as the size is known."""
        self.begin()
        self.repaint()
        self.home.draw_first(self)

    def begin(self) -> None:
        """What this screen does once, before it is painted first: nothing that waits."""

    def on_resize(self) -> None:
        """Paint for another size; Textual tells of the first one twice."""
        if self.app.size != self._painted_size:
            self.repaint()

    def on_screen_suspend(self) -> None:
        """Another screen lies over this one."""
        self._covered = True

    def on_screen_resume(self) -> None:
        """Another screen that lay over this one is gone; Textual says so of a new one, too."""
        if self._covered:
            self._covered = False
            self.repaint()

    def repaint(self) -> None:
        """Paint everything; what has not changed is not drawn again."""
        width, height = self.app.size
        if width > 0 and height > 0:
            paper = Paper(width, height, self.look, framed=self.home.place.framed)
            self.paint(paper)
            self._paint_over(paper)
            self.canvas.show(paper.strips())
            self._painted_size = (width, height)

    @abstractmethod
    def paint(self, paper: Paper) -> None:
        """Put this screen's lines on the paper."""

    # --- what is said ---

    def say(self, text: str, *, alarm: bool = False) -> None:
        """A line in the footer: until the next key when it is an alarm, else for a while."""
        self.said, self.alarm = clean(text, 400), alarm
        if not alarm and text:
            self.set_timer(SAID_SECONDS, partial(self._unsay, self.said))
        self.repaint()

    def _unsay(self, text: str) -> None:
        if self.said == text and not self.alarm:
            self.say("")

    def footer(self, paper: Paper, keys: str, right: str = "", *, y: int = -1) -> None:
        """The last line: what was said, else the keys that work now; `right` at its end."""
        y = paper.height - 1 if y < 0 else y
        room = paper.width - len(right) - 2 if right else paper.width
        style = paper.style(Role.ALARM) if self.alarm else paper.style(Role.PLAIN if self.said else Role.MUTED)
        paper.put(1, y, room - 1, [Span(self.said or keys, style)])
        if right:
            paper.put(paper.width - len(right) - 1, y, len(right), right, paper.style(Role.MUTED))

    # --- a question before something ends or is published ---

    def ask(self, lines: Sequence[str], yes: Callable[[], None]) -> None:
        """Ask over the last lines of the screen; only `y` does it, and not in the same breath."""
        self.question = Question(tuple(clean(line, 400) for line in lines), yes, time.monotonic())
        self.repaint()

    def _paint_over(self, paper: Paper) -> None:
        """A question, or what went wrong and is too long for one line, over the last lines."""
        if self.question is not None:
            self._paint_last(paper, [*self.question.lines, "y yes   n no"])
        elif self.alarm and cells.width(self.said) > paper.width - 8:
            self._paint_last(paper, [self.said])

    def _paint_last(self, paper: Paper, lines: Sequence[str]) -> None:
        wide = max(8, paper.width - 4)
        shown = [(piece, not place) for place, line in enumerate(lines) for piece in fold(line, wide)]
        shown = [*shown[: max(0, paper.height - 2)], *shown[-1:]] if len(shown) > paper.height - 1 else shown
        top = max(0, paper.height - len(shown) - 1)
        for y in range(top, paper.height):
            paper.blank(y)
        paper.put(0, top, paper.width, paper.box_lines.flat * paper.width)
        for y, (line, first) in enumerate(shown, top + 1):
            paper.put(2, y, wide, line, paper.style(Role.ALARM if first else Role.PLAIN))

    def settle(self, key: str) -> None:
        """The key that answers the question."""
        asked = self.question
        if asked is None or time.monotonic() - asked.since < GUARD_SECONDS:
            return
        self.question = None
        if key in ("y", "Y"):
            asked.yes()
        else:
            self.say("left as it is")

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        """A key that no text field has taken."""
        event.prevent_default()
        event.stop()
        if self.question is not None:
            self.settle(pressed(event))
            self.repaint()
            return
        if self.alarm:
            self.said, self.alarm = "", False
        self.press(pressed(event), self.home.keys.action(event))
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """A click on what was painted; twice in the same place is a double click."""
        event.stop()
        if self.question is not None:
            return
        self.click(event.screen_x, event.screen_y, double=event.chain > 1)
        self.repaint()

    def click(self, x: int, y: int, *, double: bool) -> None:
        """What a click does here."""

    def on_mouse_scroll_down(self) -> None:
        """The wheel."""
        self.wheel(WHEEL)
        self.repaint()

    def on_mouse_scroll_up(self) -> None:
        """The wheel."""
        self.wheel(-WHEEL)
        self.repaint()

    def wheel(self, lines: int) -> None:
        """What the wheel does here."""

    def press(self, key: str, action: str) -> None:
        """What a key does here; by default it closes the screen, or does what the table says."""
        if self.closes(key, action):
            self.close()
        elif action == "help":
            self.home.show_help(self)

    def closes(self, key: str, action: str) -> bool:
        """Whether this key leaves the screen."""
        place = self.home.place
        own = {self.OWN_KEY, place.opener if place.popup else ""} - {""}
        return key == "escape" or action == "back" or action in own

    def close(self, outcome: Outcome | None = None) -> None:
        """Back to what lies below; the last screen ends the app."""
        if len(self.app.screen_stack) > 2:  # Textual's own empty one lies at the bottom
            self.dismiss(outcome)
        else:
            self.app.exit(outcome or Outcome())

    def keys_here(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The keys of this screen for the help, by group."""
        return []

    # --- work that takes time ---

    def run_apart(
        self, act: Callable[[], T], then: Callable[[T], None] | None = None, failed: Callable[[], None] | None = None
    ) -> None:
        """Do it away from the screen, then `then` with its result; what goes wrong is said, after `failed`."""
        self._work(act, then, failed)

    def run_once(self, act: Callable[[], T], then: Callable[[T], None]) -> None:
        """As `run_apart`, for what sends or merges: a second press while it runs does nothing."""
        if self.sending:
            self.say("still at it: wait for the answer", alarm=True)
            return
        self.sending = True

        def over() -> None:
            self.sending = False

        def done(result: T) -> None:
            over()
            then(result)

        self.run_apart(act, done, over)

    @work(thread=True)
    def _work(
        self, act: Callable[[], Any], then: Callable[[Any], None] | None, failed: Callable[[], None] | None
    ) -> None:
        try:
            with redirect_stdout(sys.__stdout__):  # libtmux asks it for its encoding, which Textual's has not
                result = act()
        except OrchestraError as wrong:
            hint = f" ({wrong.hint})" if wrong.hint else ""
            self._from_thread(partial(self._failed, f"{wrong.message}{hint}", failed))
            return
        except OSError as wrong:
            self._from_thread(partial(self._failed, f"{wrong.strerror or wrong}", failed))
            return
        if then is not None:
            self._from_thread(lambda: then(result))

    def _failed(self, message: str, failed: Callable[[], None] | None) -> None:
        if failed is not None:
            failed()
        self.say(message, alarm=True)

    def _from_thread(self, act: Callable[[], None]) -> None:
        """Do it on the screen's own thread, unless the screen is gone by then."""

        def once() -> None:
            if self.is_attached:
                act()
                self.repaint()

        if self.app.is_running:
            self.app.call_from_thread(once)


class Home(App[Outcome]):
    """What the app holds for its screens: the project, the keys and the look of the terminal; it shows one first."""

    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[Any]] = [("ctrl+c", "leave", "")]

    def __init__(self, console: Console, first: Callable[[], View], place: Place = Place()) -> None:  # noqa: B008
        super().__init__(driver_class=Keyboard, ansi_color=True)
        self.theme = "ansi-dark"
        self.terminal, self.place, self._first = console, place, first
        self._shown_first: View | None = None
        self.look = look_of(console.environ)
        self.keys = KeyMap(console.project.config.keys)
        self.verbs = Verbs(console, place)

    @property
    def project(self) -> Project:
        """The project that is shown."""
        return self.terminal.project

    @property
    def bug(self) -> Exception | None:
        """What ended the app: None when it ended as it should."""
        broke = self._exception
        return broke.error if isinstance(broke, WorkerFailed) and isinstance(broke.error, Exception) else broke

    def _print_error_renderables(self) -> None:
        """Nothing: the command line tells of a bug, as of every other, in one line, and keeps the traceback."""

    def on_mount(self) -> None:
        """The first screen."""
        self._shown_first = self._first()
        self.push_screen(self._shown_first)
        self.call_after_refresh(gc.enable)

    def draw_first(self, view: View) -> None:
        """Write the first picture at once: Textual draws it after it has laid out the screen, 50 ms later."""
        if view is self._shown_first and self._driver is not None:
            self._driver.write(view.canvas.drawn(self.console))
            self._driver.flush()

    def action_leave(self) -> None:
        """Ctrl-C ends it, whatever is open."""
        self.exit(Outcome())

    @contextmanager
    def suspend(self) -> Iterator[None]:
        """As Textual's, which does not come back to the screen when what has the terminal raises."""
        raised: Exception | None = None
        with super().suspend():
            try:
                yield
            except Exception as wrong:  # noqa: BLE001 - it is raised below
                raised = wrong
        if raised is not None:
            raise raised

    def edit(self, text: str) -> str | None:
        """The text after the user's editor; None when it was left without saving, or did not start, which is said."""
        import click

        changed: list[str | None] = []

        def act() -> None:
            environ = self.project.environ  # a popup's own is that of the tmux server
            try:
                changed.append(click.edit(text, environ.get("VISUAL") or environ.get("EDITOR"), dict(environ)))
            except click.ClickException as wrong:
                raise OrchestraError(clean(wrong.message), "set EDITOR to an editor that is installed") from None

        self.run_outside(act)
        return changed[0] if changed else None

    def run_outside(self, act: Callable[[], None]) -> None:
        """Something that takes the terminal for itself, such as an editor; what goes wrong is said."""
        view = self.screen
        try:
            with self.suspend():
                act()
        except OrchestraError as wrong:
            if isinstance(view, View):
                view.say(f"{wrong.message} ({wrong.hint})", alarm=True)
        self.refresh()

    def open_editor(self, view: View, worker: str) -> None:
        """A worker's worktree in the user's editor."""
        try:
            argv, directory = self.verbs.editor(worker)
        except OrchestraError as wrong:
            view.say(f"{wrong.message} ({wrong.hint})", alarm=True)
            return
        self.run_outside(lambda: run_editor(argv, directory))

    @abstractmethod
    def show_help(self, view: View) -> None:
        """The keys of a screen, over it."""

    def place_field(self, field: Input | TextArea, x: int, y: int, width: int, height: int = 1) -> None:
        """Show a text field at a place, and put the cursor into it."""
        field.styles.offset = (x, y)
        field.styles.width, field.styles.height = width, height
        if not field.display:
            field.display = True
        if not field.has_focus:
            field.screen.set_focus(field)


def hide(field: Widget) -> None:
    """Take a text field away."""
    field.display = False
    field.screen.set_focus(None)
