"""What needs you: one request after the other, each answered where it is shown whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from orchestra.core.text import age, clean
from orchestra.ui import needs
from orchestra.ui.needs import Need, Step
from orchestra.ui.screens.base import GUARD_SECONDS, LOOK_SECONDS
from orchestra.ui.screens.paper import BOLD, CURSOR, DIM, REVERSE, Line, Paper, Span
from orchestra.ui.screens.verbs import Outcome
from orchestra.ui.screens.writing import SENDS, WritingView
from orchestra.ui.worker_table import fold
from orchestra.workers.overview import Overview, overview
from orchestra.workers.session_files import FileTimes, session_files

MOVES = ("down", "up", "j", "k", "pagedown", "pageup", "ctrl+d", "ctrl+u", "home", "end", "G")
OTHER = "something else\u2026"
LABEL = 8


class NeedsView(WritingView):
    """One request at a time. `first` is what the key that opened it wants to do: tell, approve, deny or gates."""

    def __init__(self, first: str = "", worker: str = "") -> None:
        super().__init__()
        self.first, self.wanted = first, worker
        self.found: list[Need] = []
        self.place, self.top, self.cursor = 0, 0, 0
        self.step, self.answers = 0, list[str]()
        self.chosen = set[int]()
        self.read_to_end = False
        self.changed = 0.0
        self.busy = False
        self._files: FileTimes = ()
        self._at_row = dict[int, int]()  # rows of the screen, and the option on each

    # --- what is there ---

    def begin(self) -> None:
        """Look at the workers, and begin at the one the user is at."""
        self._files = session_files(self.home.project.store.root)
        self.take(overview(self.home.project, changes=False))
        self.place = needs.start_at(self.found, self.wanted or self.home.place.worker)
        self.arrive()
        if self.first == "tell" and self.need is None and self.target:
            self.open_field("tell")
        elif self.first == "deny" and self.need is not None and self.need.passes:
            self.open_field("deny")
        self.set_interval(LOOK_SECONDS, self.look_again)

    @property
    def target(self) -> str:
        """The worker that words are for when nothing is asked."""
        return self.wanted or self.home.place.worker

    @property
    def need(self) -> Need | None:
        """The one that is shown; None: nothing needs the user."""
        return self.found[self.place] if self.place < len(self.found) else None

    def take(self, view: Overview) -> None:
        """What needs the user now; the one that is shown stays where it is."""
        before = self.need
        self.found = needs.needs(view.rows)
        if self.wanted and self.first == "tell" and not any(n.row.worker.id == self.wanted for n in self.found):
            self.found = []
        if before is None:
            self.place = min(self.place, max(0, len(self.found) - 1))
            return
        places = [place for place, need in enumerate(self.found) if need.identity == before.identity]
        if places:
            self.place = places[0]
            if self.found[self.place].asked != before.asked:
                self.arrive()
        elif not self.busy:
            self.place = min(self.place, max(0, len(self.found) - 1))
            if self.typing:
                self.close_field()
            self.arrive()
            self.say(f"#{before.row.worker.id}: it was answered elsewhere, or is over")

    def look_again(self) -> None:
        """Another request may have come, or this one been answered elsewhere."""
        now = session_files(self.home.project.store.root)
        if now != self._files and not self.busy:
            self._files = now
            self.run_apart(partial(overview, self.home.project, changes=False), self.take)

    def arrive(self) -> None:
        """Another request is shown: nothing is chosen yet, and a key in the same breath was not meant for it."""
        self.top = self.cursor = self.step = 0
        self.answers, self.chosen = [], set()
        self.read_to_end = False
        self.changed = time.monotonic()

    # --- painting ---

    def paint(self, paper: Paper) -> None:
        """The request, its options, and the keys that answer it."""
        need = self.need
        if need is None:
            self._paint_nothing(paper)
            return
        worker, wide = need.row.worker, paper.width - 4
        count = f" \u00b7 {self.place + 1} of {len(self.found)}" if len(self.found) > 1 else ""
        right = f"{need.state.value} \u00b7 {age(need.row.state_age)}{count}"
        keys = self._hint(need)
        said = self.said
        bottom = self._options(need, wide)
        field = self._field_height(paper) if self.typing else 0
        room = paper.height - 2 - len(bottom) - field - (1 if said else 0)
        body = self._body(need, wide)
        last = max(0, len(body) - max(1, room))
        self.top = min(self.top, last)
        self.read_to_end = self.read_to_end or self.top >= last
        for row, line in enumerate(body[self.top : self.top + max(1, room)]):
            paper.put(2, 1 + row, wide, line)
        end = f"{self.top + 1}-{min(len(body), self.top + room)} of {len(body)}" if last else ""
        title = f"#{worker.id} {clean(worker.title)}"
        paper.box(0, 0, paper.width, paper.height, title=title, right=right, keys=keys, end=end)
        y = 1 + min(len(body), max(1, room))
        self._at_row = {}
        for line, option in bottom:
            paper.put(2, y, wide, line)
            if option is not None:
                self._at_row[y] = option
            y += 1
        if self.typing:
            self._paint_field(paper, y, wide)
        if said:
            style = paper.style(need.row.shown.role) if self.alarm else BOLD
            paper.put(2, paper.height - 2, wide, said, style)

    def _paint_nothing(self, paper: Paper) -> None:
        if self.typing == "tell":
            paper.box(0, 0, paper.width, paper.height, title=f"Tell #{self.target}", keys="Enter sends   Esc leaves")
            paper.put(2, 1, paper.width - 4, "It asks nothing; what you say is guidance.", DIM)
            self._paint_field(paper, 2, paper.width - 4)
            return
        paper.box(0, 0, paper.width, paper.height, title="What needs you", keys="Esc leaves")
        paper.put(2, 1, paper.width - 4, self.said or "Nobody needs you.")

    def _body(self, need: Need, wide: int) -> list[Line]:
        lines: list[Line] = []
        for place, (label, text) in enumerate(needs.text_of(need)):
            before = f"{label:<{LABEL}}" if label else ""
            style = BOLD if not place and not label else None
            for piece in fold(text, max(8, wide - len(before))):
                lines.append([Span(before, DIM), Span(piece, style) if style else Span(piece)])
                before = " " * len(before)
        return lines

    def _options(self, need: Need, wide: int) -> list[tuple[Line, int | None]]:
        """The options of the present question with their places, the cursor's reversed."""
        step = self._step(need)
        if step is None or self.typing:
            return []
        lines: list[tuple[Line, int | None]] = [([Span("")], None)]
        asked = f"{self.step + 1} of {len(need.steps)}  {step.question}" if len(need.steps) > 1 else step.question
        if asked and need.asked is not None and asked != clean(need.asked.summary, 400):
            lines += [([Span(piece, BOLD)], None) for piece in fold(asked, wide)]
        for place, option in enumerate((*step.options, OTHER)):
            box = ("[x] " if place in self.chosen else "[ ] ") if step.many and place < len(step.options) else ""
            here = place == self.cursor
            mark = CURSOR if here else " "
            for piece in fold(f"{place + 1} {box}{clean(option, 400)}", max(8, wide - 1), "    "):
                lines.append(([Span(mark), Span(piece, REVERSE) if here else Span(piece)], place))
                mark = " "
        return lines

    def _step(self, need: Need) -> Step | None:
        steps = need.steps
        return steps[self.step] if self.step < len(steps) else None

    def _hint(self, need: Need) -> str:
        keys, wide = self.home.keys, self.app.size.width - 10
        if self.typing:
            return SENDS
        more = [("=]", "next")] if len(self.found) > 1 else []
        rest = [("next", "go to its pane"), *more, ("=Esc", "later")]
        if self._step(need) is not None:
            no = [("deny", "no")] if need.passes else []
            return keys.hint_within(wide, ("=\u2191\u2193 1-9", "choose"), ("=Enter", "answers"), *no, *rest)
        if need.passes:
            always = [("=Y", "always")] if need.asked and need.asked.rule else []
            return keys.hint_within(wide, ("approve", "yes"), *always, ("deny", "no"), ("tell", "say"), *rest)
        return keys.hint_within(wide, ("tell", "answer"), *rest)

    def keys_here(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The keys of this screen, as the config has them."""
        key = self.home.keys.key
        return [("What needs you", [
            ("j k, arrows", "over the options; where there are none, scroll"),
            ("1-9 Enter", "answer with that option"), ("Space", "mark, where several may be chosen"),
            (f"{key('approve')} {key('deny')}", "yes; no, with a reason"),
            ("Y", "yes, and always for this worker: the rule is shown"), (f"{key('tell')} Enter", "answer in words"),
            ("] [", "the next one, the one before"), (key("next"), "go to its pane"),
            (key("diff"), "its changes"),
            ("PgDn PgUp", "scroll; also Home, End, the wheel"), ("Esc q", "later"),
        ])]  # fmt: skip

    def _field_height(self, paper: Paper) -> int:
        return min(6, max(3, paper.height // 4)) + 1

    def _paint_field(self, paper: Paper, y: int, wide: int) -> None:
        words = {"deny": "Why not? (it is told)", "tell": "", "answer": "Your answer"}[self.typing]
        y = min(y, paper.height - 3)
        paper.put(2, y, wide, words, DIM)
        self.home.place_field(
            self.field, 2, y + 1, wide, max(1, min(self._field_height(paper), paper.height - 2 - y - 1))
        )

    # --- keys ---

    def closes(self, key: str, action: str) -> bool:
        """Esc and `q` leave; the key that opened it too, unless it answers here."""
        if key == "escape" or action == "back":
            return True
        return action == "gates" and self.home.place.popup and self.home.place.opener == action

    def press(self, key: str, action: str) -> None:
        """Move, choose, answer."""
        if self.closes(key, action):
            self.close()
            return
        need = self.need
        if need is None or self.busy:
            return
        if key in MOVES:
            self.move(key, need)
        elif time.monotonic() - self.changed < GUARD_SECONDS:
            return
        elif key in ("]", "[", "tab"):
            self.turn(-1 if key == "[" else 1)
        elif self._step(need) is not None and (key.isdigit() or key in ("enter", "space")):
            self.choose(key, need)
        else:
            self.decide(key, action, need)

    def decide(self, key: str, action: str, need: Need) -> None:
        """What the key table says: go there, yes, no, words."""
        if action in ("next", "workers"):
            self.go(need.row.worker.id)
        elif action == "approve" and need.passes:
            self.approve(need)
        elif key == "Y" and need.asked is not None and need.asked.rule:
            self.approve(need, always=True)
        elif action == "deny" and need.passes:
            if self._was_read():
                self.open_field("deny")
        elif action == "tell" or key == "enter":
            self.open_field("answer")
        elif action == "diff":
            self.review(need.row.worker.id)
        elif action == "help":
            self.home.show_help(self)

    def review(self, worker: str) -> None:
        """Its changes, which a question may be about; leaving them comes back to the question."""
        from orchestra.ui.screens.review import ReviewView

        self.app.push_screen(ReviewView(worker), self._came_back)

    def _came_back(self, outcome: Outcome | None) -> None:
        self.changed = time.monotonic()
        if outcome is not None:
            self.say(outcome.said)

    def click(self, x: int, y: int, *, double: bool) -> None:  # noqa: ARG002
        """A click chooses an option, a double click answers with it."""
        need, place = self.need, self._at_row.get(y)
        if need is None or place is None or self.typing or self.busy:
            return
        self.cursor = place
        if double and time.monotonic() - self.changed >= GUARD_SECONDS:
            self.choose("enter", need)

    def wheel(self, lines: int) -> None:
        """The wheel scrolls what is asked."""
        self.top = max(0, self.top + lines)

    def move(self, key: str, need: Need) -> None:
        """The cursor over the options; where there are none, the text."""
        page = max(1, self.app.size.height // 2)
        step = self._step(need)
        if step is not None and key in ("down", "up", "j", "k"):
            self.cursor = (self.cursor + (1 if key in ("down", "j") else -1)) % (len(step.options) + 1)
            return
        way = {"down": 1, "j": 1, "up": -1, "k": -1, "pagedown": page, "ctrl+d": page, "pageup": -page, "ctrl+u": -page}
        self.top = 0 if key == "home" else 10_000 if key in ("end", "G") else max(0, self.top + way.get(key, 0))

    def turn(self, way: int) -> None:
        """The next or the one before."""
        if self.found:
            self.place = (self.place + way) % len(self.found)
            self.arrive()

    def choose(self, key: str, need: Need) -> None:
        """A digit chooses and answers; Enter answers with the option under the cursor; Space marks several."""
        step = self._step(need)
        if step is None:
            return
        if key.isdigit():
            if not 1 <= int(key) <= len(step.options) + 1:
                return
            self.cursor = int(key) - 1
        if step.many and key != "enter" and self.cursor < len(step.options):
            self.chosen ^= {self.cursor}
            return
        if key == "space":
            return
        if self.cursor == len(step.options):
            self.open_field("answer")
            return
        picked = sorted(self.chosen) if step.many and self.chosen else [self.cursor]
        self.answer(need, ", ".join(step.options[place] for place in picked))

    def _was_read(self) -> bool:
        """Whether everything has been on the screen; says what is missing otherwise."""
        if not self.read_to_end:
            self.say("read it to its end first: j, Page Down", alarm=True)
        return self.read_to_end

    # --- the text field ---

    def leave_field(self) -> None:
        """Back to the keys; to nothing, where there was only the field."""
        super().leave_field()
        if self.need is None:
            self.close()

    def send(self) -> None:
        """What was typed, as what the field is for."""
        words, need, what = self.field.text.strip(), self.need, self.typing
        if what == "tell" and need is None:
            if words:
                self._act(lambda: self.home.verbs.tell(self.target, words))
            return
        if need is None:
            return
        if what == "deny":
            self.close_field()
            self._act(lambda: self.home.verbs.deny(need, words))
        elif words:
            self.close_field()
            self.answer(need, words)

    # --- what is done ---

    def answer(self, need: Need, words: str) -> None:
        """An answer to the present question; of several the last one sends them all."""
        self.answers.append(words)
        if need.is_dialog and self.step + 1 < len(need.steps):
            self.step, self.cursor, self.chosen = self.step + 1, 0, set()
            return
        answers = tuple(self.answers)
        self._act(lambda: self.home.verbs.answer(need, answers))

    def approve(self, need: Need, *, always: bool = False) -> None:
        """Yes, once or always."""
        if self._was_read():
            self._act(lambda: self.home.verbs.approve(need, always=always))

    def go(self, worker: str) -> None:
        """To its pane."""
        self.run_apart(lambda: self.home.verbs.go(worker), self.leave_with)

    def leave_with(self, outcome: Outcome) -> None:
        """The user is elsewhere now."""
        self.app.exit(outcome) if outcome.argv or self.home.place.popup else self.close()

    def _act(self, act: Callable[[], str]) -> None:
        """Do it, then look anew; the last one that is answered closes the popup."""
        self.busy = True
        self.say("\u2026")

        def look() -> tuple[str, Overview]:
            said = act()
            return said, overview(self.home.project, changes=False)

        self.run_apart(look, self.after, failed=self._ready)

    def _ready(self) -> None:
        self.busy = False

    def after(self, done: tuple[str, Overview]) -> None:
        """Go on to the next request, or leave when there is none."""
        said, view = done
        self.busy = False
        self.say(said)
        answered = self.need.row.worker.id if self.need else self.target
        self.found = needs.needs(view.rows)
        self.place = min(self.place, max(0, len(self.found) - 1))
        self.arrive()
        over = self.first != "gates" and all(need.row.worker.id != answered for need in self.found)
        if over or self.need is None:
            self.close(Outcome(said=said))
