"""A new task: title, text, labels and how a worker begins on it. What is typed is kept until the tracker has it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding
from textual.widget import Widget
from textual.widgets import Input

from orchestra.commands.new import drafts, written
from orchestra.core import cells
from orchestra.core.records import Record
from orchestra.core.state import Role
from orchestra.core.text import age, clean
from orchestra.errors import OrchestraError
from orchestra.storage.drafts import Draft, new_id
from orchestra.storage.files import locked, make_private
from orchestra.trackers import templates
from orchestra.ui.new_task import Made, in_editor, made_lines, make, taken_up
from orchestra.ui.screens.base import View, Words
from orchestra.ui.screens.paper import BOLD, CURSOR, DIM, REVERSE, Paper, Span
from orchestra.ui.screens.verbs import Outcome
from orchestra.ui.worker_table import fold

LABEL = 11  # columns of a field's name
TWO_COLUMNS = 66  # columns of the form from which the options stand in two
SAVE_SECONDS = 0.2
KEYS = [
    ("Enter", "create it (in the text: a new line)"),
    ("Ctrl-S", "create it, from anywhere"),
    ("Tab", "next field; Shift-Tab the one before"),
    ("Space", "change a choice"),
    ("Ctrl-E", "title and text in your editor"),
    ("Ctrl-O", "choose from a list, in On top of and After"),
    ("Ctrl-T", "next issue template of the repository"),
    ("Ctrl-N", "next draft, then an empty form"),
    ("Ctrl-X", "throw this draft away (asks)"),
    ("Esc", "leave; the draft is kept"),
]


class Field(Record):
    """A line of the form: its key in the draft, its name, and what may be in it (empty: text)."""

    key: str
    name: str
    choices: tuple[str, ...] = ()
    hint: str = ""


class Body(Words):
    """The text: Enter makes a new line here."""

    LEFT_OUT = ("escape", "ctrl+e", "ctrl+s", "ctrl+t", "ctrl+n", "ctrl+x")


class Line(Input):
    """A field of one line, which leaves to the form the keys that it does something with."""

    LEFT_OUT = ("enter", "escape", "ctrl+e", "ctrl+s", "ctrl+t", "ctrl+n", "ctrl+x", "ctrl+o", "up", "down")

    async def _on_key(self, event: events.Key) -> None:
        """Those keys go up to the form."""
        if event.key in self.LEFT_OUT:
            event.prevent_default()


class NewTaskView(View):
    """The form. It takes up the draft that was left last, when no other form has it open."""

    # Before a key is given to a field: what is typed next belongs to the next one.
    BINDINGS: ClassVar[list[Any]] = [
        Binding("tab", "step(1)", priority=True, show=False),
        Binding("shift+tab", "step(-1)", priority=True, show=False),
    ]

    def __init__(self, draft: Draft | None = None) -> None:
        super().__init__()
        self.given = draft
        self.draft = Draft("")
        self.at = 0
        self.busy = ""
        self.made: Made | None = None
        self.asking = False  # whether to throw the draft away
        self.inputs = {key: Line() for key in ("title", "labels", "parent", "base", "after", "model")}
        self.body = Body()
        self.listed: Sequence[Field] = ()
        self.offered = templates.Templates()
        self.template = -1
        self.others: list[Draft] = []
        self.total = 0
        self._held = ExitStack()
        self._filling = False
        self._dirty = False

    def fields(self) -> Sequence[Widget]:
        """Every field that text is typed into."""
        return (*self.inputs.values(), self.body)

    # --- the draft ---

    def begin(self) -> None:
        """What was left is taken up; signals that end the program keep it."""
        project = self.home.project
        self.kept = drafts(project)
        self.offered = templates.read(project.root)
        github = (project.config.tracker or ("github" if project.on_github else "")) == "github"
        where = ("GitHub", "this repository") if github else ("this repository",)
        self.listed = (
            Field("title", "Title"),
            Field("body", "Text"),
            Field("labels", "Labels", hint="(bug, ui)"),
            Field("start", "Worker", ("starts at once", "not yet")),
            Field("parent", "On top of", hint="(a worker: Ctrl-O)"),
            Field("base", "Base", hint=f"({clean(project.config.base, 60)})"),
            Field("after", "After", hint="(wait for: Ctrl-O)"),
            Field("agent", "Agent", tuple(dict.fromkeys((project.config.agent, *project.config.agents)))),
            Field("model", "Model", hint="(as configured)"),
            Field("plan", "Plan", ("as configured", "auto", "review")),
            Field("local", "Kept in", where),
        )
        found = list(self.kept.free())
        self.others = found[1:]
        self.total = len(found)
        first = self.given or (found[0] if found else None)
        self.take(first or Draft(new_id()))
        if first and not self.given:
            self.say(
                f"a draft from {age(project.now() - self.kept.changed(first))} ago; Ctrl-N: the next, or a new one"
            )
        self.set_interval(SAVE_SECONDS, self.save)
        with suppress(RuntimeError, ValueError, NotImplementedError):  # not in the main thread: a test
            for number in (signal.SIGHUP, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.leave)

    def take(self, draft: Draft) -> None:
        """Show a draft, and hold it: no other form opens it."""
        self._held.close()
        self._held = ExitStack()
        self.draft = taken_up(self.kept, draft)
        self._hold()
        self._filling = True
        for key, field in self.inputs.items():
            value = getattr(draft, key)
            field.value = ", ".join(value) if isinstance(value, tuple) else value
            field.cursor_position = len(field.value)
        self.inputs["title"].value = self.draft.title
        self.body.take(self.draft.body)
        self._filling = False
        self.template = -1
        self.go_to(0)

    def _hold(self) -> None:
        if not self.draft.empty:
            with suppress(OrchestraError, OSError):
                make_private(self.kept.directory)
                self._held.enter_context(locked(self.kept.lock(self.draft.id), wait=0))

    def now(self) -> Draft:
        """The draft as the form has it."""
        title, body = written(self.inputs["title"].value, self.body.text)
        return self.draft._replace(
            title=title,
            body=body,
            labels=_split(self.inputs["labels"].value, ","),
            parent=self.inputs["parent"].value.strip(),
            base=self.inputs["base"].value.strip(),
            model=clean(self.inputs["model"].value, 100),
            after=_split(self.inputs["after"].value.replace(",", " "), None),
        )

    def save(self) -> None:
        """Keep what was typed."""
        if not self._dirty or self.busy or self.made:
            return
        self._dirty = False
        was_empty, self.draft = self.draft.empty, self.now()
        try:
            if self.draft.empty:
                self.kept.remove(self.draft)
            else:
                self.kept.save(self.draft)
        except OrchestraError as wrong:
            self.say(f"{wrong.message} ({wrong.hint})", alarm=True)
        if was_empty:
            self._hold()

    def on_input_changed(self, _: Input.Changed) -> None:
        """Typed: it is kept a moment later."""
        self._typed()

    def on_text_area_changed(self) -> None:
        """The same for the text."""
        self._typed()

    def _typed(self) -> None:
        if self._filling:
            return
        self._dirty = True
        if self.alarm and not self.asking:
            self.say("")

    def leave(self) -> None:
        """Keep the draft and end."""
        self._dirty = self._dirty or not self.busy
        self.save()
        self._held.close()
        said = "" if self.busy or self.made or self.draft.empty else "the draft is kept: it comes back with the form"
        self.close(Outcome(said=said))

    # --- painting ---

    def paint(self, paper: Paper) -> None:
        """The fields, and the keys that work now."""
        if self.made is not None:
            self._paint_made(paper)
            return
        wide = paper.width - 4
        count = f"draft 1 of {self.total}" if self.total > 1 else "draft" if self.total else ""
        where = clean(self.home.project.title, 60)
        keys = "Enter creates it  Tab next  Ctrl-E editor  F1 keys  Esc keeps it"
        right = f"{where} \u00b7 {count}" if count else where
        paper.box(0, 0, paper.width, paper.height, title="New task", right=right, keys=keys)
        options = self.listed[2:]
        columns = 2 if wide >= TWO_COLUMNS else 1
        rows = -(-len(options) // columns)
        said = 1 if self.said or self.busy else 0
        room = paper.height - 2 - said
        shown = max(1, min(rows, room - 4))
        high = max(1, room - 2 - shown)  # of the text
        self._paint_field(paper, 0, 2, 1, wide)
        self._paint_field(paper, 1, 2, 2, wide, high)
        self._paint_options(paper, 3 + high, shown, columns)
        if said:
            style = paper.style(Role.ALARM) if self.alarm else BOLD
            paper.put(2, paper.height - 2, wide, self.said or f"{self.busy}\u2026", style)

    def _paint_options(self, paper: Paper, y: int, shown: int, columns: int) -> None:
        options, wide = self.listed[2:], paper.width - 4
        each = wide // columns
        here = max(0, self.at - 2) // columns
        top = max(0, min(here - shown + 1, -(-len(options) // columns) - shown)) if here >= shown else 0
        for place in range(len(options)):
            row = place // columns - top
            if 0 <= row < shown:
                self._paint_field(paper, place + 2, 2 + place % columns * each, y + row, each - 1)
            else:
                self._away(options[place].key)

    def _paint_field(self, paper: Paper, place: int, x: int, y: int, wide: int, high: int = 1) -> None:
        field = self.listed[place]
        here = place == self.at
        mark = CURSOR if here else " "
        paper.put(x, y, LABEL, [Span(f"{mark}{field.name}", BOLD if here else DIM)])
        room = wide - LABEL
        if y > paper.height - 2 or room < 1:
            self._away(field.key)
        elif field.choices:
            value = field.choices[self._chosen(field)]
            paper.put(x + LABEL, y, room, [Span(cells.cut(value, room), REVERSE if here else BOLD)])
        elif field.key == "body":
            self._put(self.body, x + LABEL, y, room, high)
        else:
            line = self.inputs[field.key]
            line.placeholder = field.hint
            self._put(line, x + LABEL, y, room)

    def _put(self, field: Widget, x: int, y: int, wide: int, high: int = 1) -> None:
        field.styles.offset = (x, y)
        field.styles.width, field.styles.height = wide, high
        field.display = True

    def _away(self, key: str) -> None:
        if key in self.inputs:
            self.inputs[key].display = False

    def _paint_made(self, paper: Paper) -> None:
        paper.box(0, 0, paper.width, paper.height, title="New task", keys="any key closes this")
        lines = [piece for line in made_lines(self.made) for piece in fold(line, paper.width - 4)] if self.made else []
        for y, line in enumerate(lines[: paper.height - 2]):
            paper.put(2, 1 + y, paper.width - 4, line)

    # --- fields ---

    def go_to(self, place: int) -> None:
        """Another field."""
        self.at = place % len(self.listed)
        key = self.listed[self.at].key
        widget: Widget | None = self.body if key == "body" else self.inputs.get(key)
        self.set_focus(widget)

    def _chosen(self, field: Field) -> int:
        draft = self.draft
        if field.key == "start":
            return 0 if draft.start else 1
        if field.key == "local":
            return 1 if draft.local and len(field.choices) > 1 else 0
        value = getattr(draft, field.key)
        return field.choices.index(value) if value in field.choices else 0

    def change(self, way: int) -> None:
        """The next value of a choice."""
        field = self.listed[self.at]
        value = (self._chosen(field) + way) % len(field.choices)
        given = field.choices[value] if value else ""
        changed: dict[str, Any] = {field.key: given}
        changed = {"start": {"start": value == 0}, "local": {"local": value == 1}}.get(field.key, changed)
        self.draft = self.draft._replace(**changed)
        self._dirty = True

    def click(self, x: int, y: int, *, double: bool) -> None:  # noqa: ARG002
        """A click goes to a field; on a choice it changes it."""
        if self.busy or self.made:
            return
        for place, field in enumerate(self.listed):
            widget = self.body if field.key == "body" else self.inputs.get(field.key)
            if widget is not None and widget.display and widget.region.contains(x, y):
                self.go_to(place)

    # --- keys ---

    def on_key(self, event: events.Key) -> None:
        """The keys of the form; everything else is text."""
        acts: dict[str, Callable[[], None]] = {
            "escape": self.leave,
            "ctrl+s": self.create,
            "ctrl+e": self.edit,
            "ctrl+t": self.next_template,
            "ctrl+o": self.choose,
            "ctrl+n": self.next_draft,
            "ctrl+x": self.ask_to_remove,
            "f1": partial(self.home.show_help, self),
        }
        field = self.listed[self.at]
        if field.key != "body":
            acts |= {"enter": self.create, "down": partial(self._step, 1), "up": partial(self._step, -1)}
        if field.choices:
            acts |= {
                "space": partial(self.change, 1),
                "right": partial(self.change, 1),
                "left": partial(self.change, -1),
            }
        if self.made is not None:
            acts = dict.fromkeys((event.key,), self.leave)
        elif self.asking:
            acts = dict.fromkeys((event.key,), partial(self._answer, event.key))
        elif self.busy:
            acts = {event.key: lambda: None, "escape": self.leave}
        act = acts.get(event.key)
        if act is None:
            return
        event.prevent_default()
        event.stop()
        if self.alarm:
            self.said, self.alarm = "", False
        act()
        self.repaint()

    def action_step(self, way: int) -> None:
        """The next field, or the one before."""
        if not (self.busy or self.made or self.asking):
            self._step(way)
            self.repaint()

    def _step(self, way: int) -> None:
        self.go_to(self.at + way)

    def keys_here(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The keys of the form, for the help."""
        return [("New task", KEYS)]

    # --- what it does ---

    def edit(self) -> None:
        """Title and text in the user's editor."""
        self._dirty = True
        self.save()
        draft, wrong = self.draft, ""
        with self.app.suspend():
            try:
                draft = in_editor(self.home.project, draft)
            except OrchestraError as problem:
                draft, wrong = taken_up(self.kept, draft), f"{problem.message} ({problem.hint})"
        self.app.refresh()
        at = self.at
        self.take(draft)
        self.go_to(at)
        self.say(wrong, alarm=bool(wrong))

    def next_template(self) -> None:
        """Begin the text with the next template; only what the user has not changed is replaced."""
        found = self.offered.found
        if not found:
            self.say("this repository has no issue templates (.github/ISSUE_TEMPLATE)")
            return
        before = found[self.template] if self.template >= 0 else templates.Template("")
        if self.body.text.strip() not in ("", before.body.strip()):
            self.say("the text is yours: remove it first, then Ctrl-T")
            return
        self.template = self.template + 1 if self.template + 1 < len(found) else -1
        kind = found[self.template] if self.template >= 0 else templates.Template("")
        title = self.inputs["title"].value.removeprefix(before.title)
        self.inputs["title"].value = kind.title + title
        labels = [one for one in _split(self.inputs["labels"].value, ",") if one not in before.labels]
        self.inputs["labels"].value = ", ".join(dict.fromkeys((*kind.labels, *labels)))
        self.body.take(kind.body)
        self.body.move_cursor((0, 0))
        self._dirty = True
        self.say(f"template: {kind.words or kind.name}" if kind.name else "no template")

    def next_draft(self) -> None:
        """The next draft; after the last one an empty form."""
        self._dirty = True
        self.save()
        self.take(self.others.pop(0) if self.others else Draft(new_id()))
        self.say("a kept draft" if not self.draft.empty else "a new task; the draft is kept")

    def choose(self) -> None:
        """A worker to build on, or what to wait for, from a list."""
        from orchestra.ui.screens.choices import task_picker

        key = self.listed[self.at].key
        if key not in ("parent", "after"):
            self.say("Ctrl-O chooses in On top of and After")
            return
        chosen: list[str] = []

        def take(keys: Sequence[str]) -> Outcome:
            chosen.extend(keys)
            return Outcome()

        def put(_: Outcome | None) -> None:
            field = self.inputs[key]
            before = _split(field.value.replace(",", " "), None) if key == "after" else ()
            field.value = ", ".join(dict.fromkeys((*before, *chosen))) or field.value
            field.cursor_position = len(field.value)
            self.go_to(self.at)
            self.repaint()

        self.app.push_screen(task_picker(self.home.project, take, many=key == "after"), put)

    def ask_to_remove(self) -> None:
        """One line, and no by default."""
        if not self.now().empty:
            self.asking = True
            self.set_focus(None)
            self.say("throw this draft away? y/n", alarm=True)

    def _answer(self, key: str) -> None:
        self.asking = False
        self.go_to(self.at)
        if key == "y":
            self._dirty = False
            self.kept.remove(self.draft)
            self.take(self.others.pop(0) if self.others else Draft(new_id()))

    def create(self) -> None:
        """Write the issue, start the worker; what is refused is said, and the form stays."""
        self._dirty = True
        self.save()
        if self.draft.empty or not self.draft.title:
            self.say("a task needs a title", alarm=True)
            self.go_to(0)
            return
        self.busy = "creating it, and starting its worker" if self.draft.start else "creating it"
        project, draft = self.home.verbs.project, self._addressed()
        self.run_apart(lambda: make(project, draft, lambda _: False, wait=False), self.after_it, failed=self._ready)

    def _addressed(self) -> Draft:
        return self.draft._replace(
            after=tuple(one.lstrip("#") for one in self.draft.after), parent=self.draft.parent.lstrip("#")
        )

    def _ready(self) -> None:
        self.busy = ""
        kept = next((one for one in self.kept.all() if one.id == self.draft.id), None)
        if kept:
            self.draft = self.draft._replace(sending=kept.sending, sent=kept.sent, number=kept.number)

    def after_it(self, made: Made) -> None:
        """Close with a line, unless there is something to read."""
        self.busy, self.made = "", made
        self._held.close()
        failed = made.worker is not None and made.worker.result == "failed"
        if not failed and not made.issue.left_out:
            started = {"spawned": ", its worker starts", "queued": ", its worker waits in the queue"}
            more = started.get(made.worker.result, "") if made.worker else ""
            self.close(Outcome(said=f"#{made.issue.number} {cells.cut(made.issue.title, 60)}: created{more}"))


def _split(text: str, by: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (clean(one.strip(), 100) for one in text.split(by)))))
