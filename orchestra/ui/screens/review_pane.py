"""The part of the review screen that shows: files at the left, the lines of the present one at the right, search."""

from __future__ import annotations

import os
import time
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from orchestra.core import cells
from orchestra.core.state import Role
from orchestra.core.text import clean
from orchestra.ui.screens import review_rows
from orchestra.ui.screens.base import LOOK_SECONDS
from orchestra.ui.screens.code import from_column
from orchestra.ui.screens.paper import BOLD, CURSOR, DIM, REVERSE, Paper, Span
from orchestra.ui.screens.review_rows import Painted, Row
from orchestra.ui.screens.writing import WritingView
from orchestra.workers import review_drafts
from orchestra.workers.review_drafts import Draft, Drafts, ReviewFile

if TYPE_CHECKING:
    from orchestra.commands.review import Review

LIST_FROM = 76  # columns from which the files are listed at the left
LOOK_AGAIN = 4.0  # seconds between two looks at the worktree; longer when a look takes long
GUTTER = 7  # columns before the code: the cursor, the number, the sign
SHIFT = 8


def _name_of(row: Row) -> object:
    """What a row is the same by, when the change has been read again: its code, its comment, or what a note says."""
    return row.line[:2] if row.line else (row.draft, row.text)


class ReviewPane(WritingView):
    """One worker's change. `at` is the file that is shown, `cursor` the row in it."""

    def __init__(self, worker: str) -> None:
        super().__init__()
        self.worker = worker
        self.seen: Review | None = None
        self.drafts = Drafts()
        self.last_look: str | None = None  # the commit at the last visit; None: not known yet
        self.at = self.cursor = self.top = self.shift = 0
        self.range_from: int | None = None
        self.in_list, self.ignore_space, self.only_new, self.posting = False, False, False, False
        self.wanted = ""  # what is searched for
        self.opened = dict[tuple[str, bool], dict[int, list[str]]]()
        self.target: Draft | None = None  # the comment that is being written
        self.rows: list[Row] = []
        self._painted: tuple[ReviewFile | None, Painted | None] = (None, None)
        self._made_for: object = None  # what the rows were made of
        self._looked, self._took, self._stamp = 0.0, 0.0, 0
        self._busy = self._again = False
        self.from_top = True  # the next read is of something else: what is shown of it begins at its first line

    # --- what is there ---

    def begin(self) -> None:
        """Read the change, apart from the screen."""
        self.read()
        self.set_interval(LOOK_SECONDS, self.look_again)

    def read(self) -> None:
        """Read it again; what is shown stays where it is. A call during a read leads to another read after it."""
        if self._busy:
            self._again = True
            return
        self._busy, begun = True, time.monotonic()
        since = (self.last_look or "") if self.only_new else ""
        ignore = self.ignore_space

        def look() -> tuple[Review, float]:
            return self.home.verbs.review(self.worker, since, ignore_space=ignore), time.monotonic() - begun

        self.run_apart(look, self.take, failed=self._failed_to_read)

    def _failed_to_read(self) -> None:
        self._busy, self._looked = False, time.monotonic()
        self._read_again()

    def _read_again(self) -> None:
        """Read once more when a key asked for it during the last read, which may have looked before that."""
        if self._again:
            self._again = False
            self.read()

    def look_again(self) -> None:
        """The worker may have gone on, or another terminal may have commented."""
        old = time.monotonic() - self._looked > max(LOOK_AGAIN, 10 * self._took)
        if not self._busy and not self.typing and self.question is None and (old or self._draft_stamp() != self._stamp):
            self.read()

    def _draft_stamp(self) -> int:
        try:
            return os.stat(review_drafts.path_of(self.home.project.store, self.worker)).st_mtime_ns
        except OSError:
            return 0

    def take(self, found: tuple[Review, float]) -> None:
        """Show it: the same file and the same line as before, where they are still there."""
        before, row, place = self.file, self._line(), self.cursor
        self.seen, self._took = found
        self._busy, self._looked, self._stamp = False, time.monotonic(), self._draft_stamp()
        self.drafts = self.seen.drafts
        if self.last_look is None:
            self.last_look = self.drafts.looked
        if before is not None:
            names = [(one.patch.path, one.committed) for one in self.seen.files]
            wanted = (before.patch.path, before.committed)
            self.at = names.index(wanted) if wanted in names else min(self.at, max(0, len(names) - 1))
        self._make()
        if row is None or self.from_top:
            self.cursor, self.from_top = self._first_line(), False
        else:
            same = [at for at, one in enumerate(self.rows) if _name_of(one) == _name_of(row)]
            self.cursor = min(same, key=lambda at: abs(at - place), default=place)
        self.cursor = max(0, min(self.cursor, len(self.rows) - 1))
        if self.range_from is not None:
            self.range_from = max(0, self.range_from + self.cursor - place)
        self._read_again()

    def _first_line(self) -> int:
        """The first row that is a line of code."""
        return next((at for at, row in enumerate(self.rows) if row.line), 0)

    @property
    def files(self) -> Sequence[ReviewFile]:
        """All files."""
        return self.seen.files if self.seen else ()

    @property
    def file(self) -> ReviewFile | None:
        """The one that is shown."""
        return self.files[self.at] if self.at < len(self.files) else None

    def _line(self) -> Row | None:
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def _make(self) -> None:
        """The rows of the present file, when something in them is another one."""
        file, width = self.file, self._code_width()
        made_for = (self.at, file, self.drafts.comments, width, self._opened_here(file))
        if file is None or self.seen is None:
            self.rows = []
        elif made_for != self._made_for:
            placed: dict[int, list[Draft]] = {}
            lost: list[Draft] = []
            for draft in self.drafts.comments:
                spot = self.seen.spot(draft)
                if spot is not None and spot.file == self.at:
                    last = spot.line + len(draft.quote) - 1
                    placed.setdefault(-last if draft.old else last, []).append(draft)
                elif spot is None and (draft.path == file.patch.path or self._is_homeless(draft)):
                    lost.append(draft)
            opened = dict(self._opened_here(file))
            self.rows = review_rows.rows(file, placed, lost, opened, width)
        self._made_for = made_for

    def _is_homeless(self, draft: Draft) -> bool:
        """A comment on a file that is in this diff no more is shown with the first file: it is not lost."""
        return not self.at and draft.path not in {one.patch.path for one in self.files}

    def _opened_here(self, file: ReviewFile | None) -> tuple[tuple[int, tuple[str, ...]], ...]:
        found = self.opened.get((file.patch.path, file.committed), {}) if file else {}
        return tuple((gap, tuple(lines)) for gap, lines in found.items())

    # --- painting ---

    def _list_width(self) -> int:
        wide = self.app.size.width
        return min(32, wide // 4) if wide >= LIST_FROM else 0

    def _code_width(self) -> int:
        return max(8, self.app.size.width - 2 - self._list_width() - GUTTER - 1)

    def _room(self) -> int:
        """Rows of code that fit."""
        field = self._field_height() if self.typing else 0
        return max(1, self.app.size.height - 3 - field)

    def paint(self, paper: Paper) -> None:
        """The frame, the files at the left, the present one at the right."""
        self._make()
        worker = self.seen.worker if self.seen else None
        title = f"#{self.worker} {clean(worker.title)}" if worker else f"#{self.worker}"
        end = f"{self.at + 1} of {len(self.files)}" if len(self.files) > 1 else ""
        style = paper.style(Role.ALARM) if self.alarm else BOLD
        keys, right = self.said or self.hint(), self._facts()
        paper.box(0, 0, paper.width, paper.height, title=title, right=right, keys=keys, end=end, keys_style=style)
        left = self._list_width()
        if left:
            self._paint_list(paper, left)
        x = left + 1
        if self.seen is None:
            paper.put(x + 1, 1, paper.width - x - 2, self.said or "reading what it has changed\u2026", DIM)
        elif self.file is None:
            self._paint_nothing(paper, x + 1)
        else:
            self._paint_file(paper, x, self.file)
        if self.typing:
            self._paint_field(paper, x)

    def _facts(self) -> str:
        """`2 files +27 -0 · checks ✔ 4 · 1 comment`"""
        if self.seen is None:
            return ""
        patches = [one.patch for one in self.files]
        count = len(patches)
        came, went = sum(one.added for one in patches), sum(one.removed for one in patches)
        parts = [f"{count} file{'' if count == 1 else 's'} +{came} -{went}"]
        pull = self.seen.worker.pull
        if pull is not None:
            parts.append(f"#{pull.number} checks {pull.checks}")
        parts += ["only what is new"] if self.only_new else []
        parts += ["white space ignored"] if self.ignore_space else []
        comments = len(self.drafts.comments)
        parts += [f"{comments} comment{'' if comments == 1 else 's'}"] if comments else []
        return " \u00b7 ".join(parts)

    def _paint_list(self, paper: Paper, wide: int) -> None:
        paper.put(2, 1, wide - 2, "Files", BOLD)
        for y in range(1, paper.height - 1):
            paper.put(wide, y, 1, paper.box_lines.side)
        room = paper.height - 3
        top = max(0, min(self.at - room // 2, len(self.files) - room))
        for y, place in enumerate(range(top, min(len(self.files), top + room)), 2):
            patch = self.files[place].patch
            here = place == self.at
            count = "bin" if patch.binary else f"+{patch.added}-{patch.removed}"
            name = clean(os.path.basename(patch.path) or patch.path, 200)
            name = name if self.files[place].committed else f"*{name}"
            text = f"{cells.pad(name, max(1, wide - 3 - len(count)))} {count}"
            line = [
                Span(CURSOR if here else " "),
                Span(text, REVERSE if here and self.in_list else BOLD if here else DIM),
            ]
            paper.put(1, y, wide - 1, line)

    def _paint_nothing(self, paper: Paper, x: int) -> None:
        wide = paper.width - x - 2
        what = (
            "nothing has changed since you last looked" if self.only_new else f"#{self.worker} has changed nothing yet"
        )
        paper.put(x, 1, wide, what, BOLD)
        y = 2
        for draft in self.drafts.comments:
            for row in review_rows.comment(draft, wide, outdated=True):
                paper.put(x, y, wide, row.text)
                y += 1

    def _paint_file(self, paper: Paper, x: int, file: ReviewFile) -> None:
        wide = paper.width - x - 1
        count = review_rows.counts(file.patch)
        paper.put(x + 1, 1, wide - len(count) - 3, review_rows.title(file), BOLD)
        paper.put(x + wide - len(count) - 1, 1, len(count), count)
        room = self._room()
        if self.cursor < self.top or self.cursor >= self.top + room:
            self.top = self.cursor if self.cursor < self.top else self.cursor - room + 1
        self.top = max(0, min(self.top, len(self.rows) - room))
        painted = self._painted_of(file)
        for y, place in enumerate(range(self.top, min(len(self.rows), self.top + room)), 2):
            paper.put(x, y, wide, self._row(paper, place, painted))

    def _painted_of(self, file: ReviewFile) -> Painted:
        kept, painted = self._painted
        if kept is not file or painted is None:
            painted = Painted(file.patch, colours=not self.look.plain)
            self._painted = (file, painted)
        return painted

    def _row(self, paper: Paper, place: int, painted: Painted) -> list[Span]:
        row = self.rows[place]
        first, last = sorted((self.cursor if self.range_from is None else self.range_from, self.cursor))
        mark = CURSOR if first <= place <= last else " "
        here = REVERSE if place == self.cursor and not self.in_list else BOLD if mark == CURSOR else DIM
        if row.line is None:
            style = BOLD if row.draft else DIM
            style = style + paper.style(Role.WARNING) if row.outdated else style
            inset = "     \u2502 " if row.draft else "       "
            return [Span(mark), Span(inset[1:-1], here if place == self.cursor else DIM), Span(f" {row.text}", style)]
        sign = row.line.sign
        number = row.line.new or row.line.old
        role = {"+": Role.GOOD, "-": Role.ALARM}.get(sign, Role.MUTED)
        code = from_column(painted.spans(row), self.shift)
        return [Span(mark), Span(f"{number:>4}", here), Span(f" {sign}", paper.style(role)), Span(" "), *code]

    def _field_height(self) -> int:
        return 2 if self.typing == "search" else min(6, max(3, self.app.size.height // 4)) + 1

    def _paint_field(self, paper: Paper, x: int) -> None:
        words = {"comment": "Comment on " + (self.target.where if self.target else ""), "search": "Search for"}
        y = paper.height - 1 - self._field_height()
        paper.put(
            x + 1, y, paper.width - x - 3, words.get(self.typing, "What it says above the comments (may be empty)"), DIM
        )
        high = max(1, min(self._field_height() - 1, paper.height - 2 - y))
        self.home.place_field(self.field, x + 1, y + 1, max(4, paper.width - x - 3), high)

    @abstractmethod
    def hint(self) -> str:
        """The keys that work now."""

    @abstractmethod
    def comment(self) -> None:
        """Write a comment on what is under the cursor."""

    # --- moving ---

    def move(self, key: str) -> bool:
        """The cursor; True when the key was one that moves."""
        page = max(1, self._room() // 2)
        steps = {"j": 1, "down": 1, "k": -1, "up": -1, "ctrl+d": page, "ctrl+u": -page,
                 "pagedown": 2 * page, "pageup": -2 * page}  # fmt: skip
        if key in ("left", "right"):
            self.shift = max(0, self.shift + (SHIFT if key == "right" else -SHIFT))
        elif key in ("g", "home"):
            self.cursor = 0
        elif key in ("G", "end"):
            self.cursor = max(0, len(self.rows) - 1)
        elif key in steps and self.in_list:
            self.turn(1 if steps[key] > 0 else -1)
        elif key in steps:
            self._step(steps[key])
        else:
            return False
        return True

    def _step(self, lines: int) -> None:
        wanted = self.cursor + lines
        if abs(lines) == 1 and self.range_from is None and not 0 <= wanted < len(self.rows):
            if 0 <= self.at + lines < len(self.files):
                self.turn(lines)
                self.cursor = self.cursor if lines > 0 else max(0, len(self.rows) - 1)
            return
        self.cursor = max(0, min(wanted, len(self.rows) - 1))

    def turn(self, files: int) -> None:
        """Another file."""
        self.show_file(max(0, min(self.at + files, len(self.files) - 1)))

    def show_file(self, place: int) -> None:
        """This file, from its first line."""
        if place != self.at:
            self.at, self.top, self.shift, self.range_from = place, 0, 0, None
            self._make()
            self.cursor = self._first_line()

    def _other_side(self) -> None:
        self.in_list = not self.in_list

    def _enter(self) -> None:
        row, file = self._line(), self.file
        if self.in_list:
            self.in_list = False
        elif row is not None and row.draft:
            self.comment()
        elif row is not None and row.gap[0] and file is not None:
            self.run_apart(partial(self._lines_of, file, row.gap), partial(self._open_gap, file, row.gap))

    def _lines_of(self, file: ReviewFile, gap: tuple[int, int]) -> list[str]:
        from orchestra.commands.review import change_to_review
        from orchestra.workers.overview import worker_of

        project = self.home.project
        change = change_to_review(project, worker_of(project.store, self.worker))
        lines = change.content(file.patch.path, committed=file.committed).split("\n")
        lines = lines[:-1] if lines[-1] == "" else lines
        return lines[gap[0] - 1 : gap[1] - 1 if gap[1] else None]

    def _open_gap(self, file: ReviewFile, gap: tuple[int, int], lines: list[str]) -> None:
        self.opened.setdefault((file.patch.path, file.committed), {})[gap[0]] = lines
        if not lines:
            self.say("the file ends here")

    # --- the mouse ---

    def click(self, x: int, y: int, *, double: bool) -> None:
        """A click chooses a file or a line, a double click comments on it."""
        left = self._list_width()
        room = self.app.size.height - 3
        if x < left:
            place = max(0, min(self.at - room // 2, len(self.files) - room)) + y - 2
            if 0 <= place < len(self.files) and y >= 2:
                self.show_file(place)
        elif 2 <= y < 2 + self._room() and self.top + y - 2 < len(self.rows):
            self.cursor, self.in_list = self.top + y - 2, False
            if double:
                self.comment()

    def wheel(self, lines: int) -> None:
        """The wheel moves over the lines."""
        self.cursor = max(0, min(self.cursor + lines, len(self.rows) - 1))

    # --- search ---

    def _search(self) -> None:
        self.open_field("search")

    def find(self, way: int) -> None:
        """The next line that has the words, in this file or another."""
        if not self.wanted:
            return
        words = self.wanted.lower()
        for step in range(len(self.files) + 1):
            place = (self.at + way * step) % len(self.files)
            start = self.cursor if not step else -1 if way > 0 else 1 << 30
            found = self._row_with(place, words, way, start)
            if found is not None:
                self.show_file(place)
                self.cursor = found
                return
        self.say(f"no line has {clean(self.wanted, 60)!r}", alarm=True)

    def _row_with(self, place: int, words: str, way: int, start: int) -> int | None:
        rows = self.rows if place == self.at else review_rows.rows(self.files[place], {}, [], {}, 80)
        hits = [at for at, row in enumerate(rows) if words in (row.line.text if row.line else row.text).lower()]
        hits = [at for at in hits if (at > start if way > 0 else at < start)]
        return (hits[0] if way > 0 else hits[-1]) if hits else None
