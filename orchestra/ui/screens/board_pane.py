"""The part of the board that shows: what is looked up, the list, and beside it all about the selected one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer

from orchestra.core import cells, radar
from orchestra.core.records import Record
from orchestra.core.state import Role
from orchestra.core.text import age, clean, clean_lines
from orchestra.errors import OrchestraError
from orchestra.ui import worker_page, worker_table
from orchestra.ui.happened import history
from orchestra.ui.screens import board_rows
from orchestra.ui.screens.base import LOOK_SECONDS
from orchestra.ui.screens.board_rows import Entry, Sort
from orchestra.ui.screens.paper import BOLD, CURSOR, DIM, NORMAL, REVERSE, Line, Paper, Span
from orchestra.ui.screens.wrap import page_lines
from orchestra.ui.screens.writing import WritingView
from orchestra.workers import token_usage
from orchestra.workers.overview import Overview, WorkerRow, overview, with_tokens
from orchestra.workers.session_files import FileTimes, session_files

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed, OpenIssues

BESIDE_FROM, PANE_FROM = 100, 180  # columns from which the detail, and the pane, have a place of their own
ALL_SECONDS = 20.0  # between two looks at everything: some states change without any event
ISSUES_SECONDS = 120.0
REST_SECONDS = 0.1  # git and tmux are asked about a worker when the user has stopped at it
LAST_LINES = 12  # of its pane, where that has no column
NO_WORKER = "No worker yet. Put the cursor on an issue and press {spawn}, or {new} for a new task."
NO_ISSUE = "No open issue. {new} makes one."
NOT_FOUND = "no issue is let through by the filter"


class Detail(Record):
    """What was looked up about one worker: its plan's begin, its files, what happened, the end of its pane."""

    number: str = ""
    facts: worker_page.Facts = worker_page.Facts()
    pane: tuple[str, ...] = ()


class BoardPane(WritingView):
    """One list: workers, then issues. The cursor stays at a worker or an issue, not at a place."""

    OWN_KEY = "board"

    def __init__(self) -> None:
        super().__init__()
        self.view: Overview | None = None
        self.issues: tuple[Listed, ...] | None = None  # None: the tracker has not answered yet
        self.left_out: tuple[str, ...] = ()  # issue files that could not be read
        self.at: tuple[str, str] = ("", "")
        self.marked: set[tuple[str, str]] = set()
        self.words, self.sort = "", Sort.URGENT
        self.full = False  # the detail over the list, where it has no place beside it
        self.scrolled = 0
        self.detail = Detail()
        self.found: list[Entry] = []
        self.wide: worker_table.Columns | None = None
        self.last = ""  # where `next` went
        self.trouble = ""  # what the tracker said instead of issues
        self._files: FileTimes = ()
        self._looked = self._taken = 0.0  # when everything was looked at, and as of when the ages are
        self._looking = self._asking = False
        self._rest: Timer | None = None
        self._rows_at: dict[int, int] = {}  # rows of the screen, and the entry on each

    # --- what is there ---

    def begin(self) -> None:
        """Show the workers at once; what git and the tracker know comes when the first picture is there."""
        self.take(overview(self.home.project, changes=False))
        self.set_interval(LOOK_SECONDS, self.check)
        self.set_interval(ISSUES_SECONDS, self.ask_issues)
        self.call_after_refresh(self.refresh_all)

    def refresh_all(self) -> None:
        """Look at everything anew, and ask the tracker."""
        self.look_again()
        self.ask_issues()
        self.inspect()

    def check(self) -> None:
        """Look again when a session file is another, the last look is old, or tokens are still being counted."""
        counting = any(row.tokens and row.tokens.behind for row in self.rows)
        old = self.home.project.now() - self._looked > ALL_SECONDS
        if old or counting or session_files(self.home.project.store.root) != self._files:
            self.look_again()
        else:
            self._age()
            if self._pane_shown():
                self.inspect()

    def _age(self) -> None:
        """Ages go on by themselves: between two looks only the clock is asked."""
        now = self.home.project.now()
        passed, view = now - self._taken, self.view
        if view is None or all(age(row.state_age) == age(row.state_age + passed) for row in view.rows):
            return
        self._taken = now
        self.view = view._replace(
            rows=tuple(row._replace(age=row.age + passed, state_age=row.state_age + passed) for row in view.rows)
        )
        self.sift()
        self.repaint()

    def _pane_shown(self) -> bool:
        """Whether the selected worker has a pane, which is shown live."""
        entry = self.entry
        return entry is not None and entry.row is not None and entry.row.seen.pane is not None

    @property
    def rows(self) -> Sequence[WorkerRow]:
        """All workers."""
        return self.view.rows if self.view else ()

    def look_again(self) -> None:
        """Look at all workers, away from the screen."""
        if self._looking:
            return
        project = self.home.project
        self._looking, self._files, self._looked = True, session_files(project.store.root), project.now()
        self.run_apart(lambda: with_tokens(project, overview(project)), self._seen, failed=self._not_seen)

    def _seen(self, view: Overview) -> None:
        self._looking = False
        self.take(view)
        self.inspect()

    def _not_seen(self) -> None:
        self._looking = False

    def ask_issues(self) -> None:
        """Ask the tracker for the open issues."""
        if not self._asking:
            self._asking = True
            self.run_apart(self._issues_or_why, self._take_issues)

    def _issues_or_why(self) -> OpenIssues | str:
        try:
            return self.home.verbs.issues()
        except OrchestraError as wrong:
            return f"{wrong.message}. {wrong.hint}".rstrip(". ")

    def _take_issues(self, found: OpenIssues | str) -> None:
        self._asking = False
        self.trouble = found if isinstance(found, str) else ""
        if not isinstance(found, str):
            self.issues, self.left_out = found.listed, found.left_out
        self.sift()

    def take(self, view: Overview) -> None:
        """Show these workers."""
        if self.view is not None and not any(row.changes for row in view.rows):
            held = {row.worker.id: row for row in self.view.rows}  # a quick look does not know them
            view = view._replace(
                rows=tuple(
                    row._replace(changes=held[row.worker.id].changes) if row.worker.id in held else row
                    for row in view.rows
                )
            )
        self.view, self._taken = view, self.home.project.now()
        self.sift()

    def sift(self) -> None:
        """The rows that the filter lets through; the cursor stays at its worker or issue."""
        before = [entry.identity for entry in self.found]
        self.found = board_rows.entries(self.rows, self.issues or (), self.words, self.sort)
        self.wide = None
        names = [entry.identity for entry in self.found]
        self.marked &= set(names)
        if self.at not in names:
            place = before.index(self.at) if self.at in before else 0
            self.at = names[min(place, len(names) - 1)] if names else ("", "")
            self.scrolled = 0
            self.inspect()

    @property
    def place(self) -> int:
        """Where the cursor is."""
        return next((place for place, entry in enumerate(self.found) if entry.identity == self.at), 0)

    @property
    def entry(self) -> Entry | None:
        """What is selected."""
        return self.found[self.place] if self.found else None

    @property
    def worker(self) -> str:
        """The number of the selected worker, or of the worker on the selected issue."""
        entry = self.entry
        if entry is None:
            return ""
        return entry.number if entry.row else (entry.issue.worker or "") if entry.issue else ""

    # --- all about the selected one ---

    def inspect(self) -> None:
        """Ask git and tmux about the selected worker, once the user has stopped at it."""
        if self._rest is not None:
            self._rest.stop()
        entry = self.entry
        if entry is not None and entry.row is not None:
            self._rest = self.set_timer(REST_SECONDS, partial(self._inspect, entry.row))

    def _inspect(self, row: WorkerRow) -> None:
        self.run_apart(partial(self._look_up, row), self._found_out)

    def _look_up(self, row: WorkerRow) -> Detail:
        project = self.home.project
        worker, files, pane = row.worker, list[str](), list[str]()
        try:
            if project.repository.ready(worker.worktree):
                files = [clean(line.strip()) for line in project.change_of(worker).stat().splitlines()[-21:]]
        except OrchestraError:
            files = []
        try:
            if row.seen.pane is not None:
                pane = clean_lines(project.panes.capture(row.seen.pane)).rstrip().splitlines()
        except OrchestraError:
            pane = []
        facts = worker_page.Facts(history(project.store.journal(worker.id)), files)
        return Detail(worker.id, facts, tuple(line for line in pane if line.strip()))

    def _found_out(self, detail: Detail) -> None:
        entry = self.entry
        if entry is not None and entry.row is not None and entry.number == detail.number:
            self.detail = detail

    # --- painting ---

    def paint(self, paper: Paper) -> None:
        """The heading, the list, and beside it what is selected."""
        width, high = paper.width, paper.height - 2
        self._paint_heading(paper)
        entry = self.entry
        beside = width >= BESIDE_FROM
        list_wide = width if not beside else max(52, width * (36 if width >= PANE_FROM else 54) // 100)
        if not beside and self.full and entry is not None:
            self._paint_detail(paper, 0, width, high, entry, pane=True)
        else:
            self._paint_list(paper, list_wide, high)
        if beside and entry is not None:
            third = width >= PANE_FROM and entry.row is not None
            detail_wide = (width - list_wide) // 2 if third else width - list_wide
            self._paint_detail(paper, list_wide, detail_wide, high, entry, pane=not third)
            if third:
                self._paint_pane(paper, list_wide + detail_wide, width - list_wide - detail_wide, high)
        elif beside:
            paper.box(list_wide, 1, width - list_wide, high)
        count = f"{self.place + 1} of {len(self.found)}" if self.found else ""
        if self.typing:
            label = "/ "
            paper.put(1, paper.height - 1, 2, label, BOLD)
            self.home.place_field(self.field, 3, paper.height - 1, max(4, width - 4))
        else:
            self.footer(paper, self.hint(), count)

    def _paint_heading(self, paper: Paper) -> None:
        count, needing = len(self.rows), sum(row.shown.needs_you for row in self.rows)
        parts = [f"{count} worker{'' if count == 1 else 's'}"]
        parts += [f"{needing} need{'s' if needing == 1 else ''} you"] if needing else []
        parts += [f"{len(self.issues)} issue{'' if len(self.issues) == 1 else 's'}"] if self.issues is not None else []
        parts += [f"filter: {clean(self.words, 60)}"] if self.words else []
        parts += [self.sort.value] if self.sort is not Sort.URGENT else []
        parts += [f"{len(self.marked)} marked"] if self.marked else []
        used = token_usage.total(row.tokens for row in self.rows)
        right = " \u00b7 ".join(filter(None, (self.view.heard if self.view else "", f"{used} tokens" if used else "")))
        right = right if cells.width(right) < paper.width // 2 else ""
        title = clean(self.home.project.title, 60)
        room = paper.width - cells.width(right) - 3
        paper.put(1, 0, room, [Span(title, BOLD), Span("  " + " \u00b7 ".join(parts))])
        if right:
            paper.put(paper.width - cells.width(right) - 1, 0, cells.width(right), right, paper.style(Role.MUTED))

    def _notices(self) -> list[tuple[str, Role]]:
        view = self.view
        if view is None:
            return []
        said = [(f"! {view.warning}", Role.ALARM)] if view.warning else []
        said += [(view.forge, Role.WARNING)] if view.forge else []
        said += [(clean(one, 400), Role.WARNING) for one in view.notices]
        said += [(clean(radar.sentence(one), 400), Role.WARNING) for one in view.conflicts[:3]]
        said += [("the workspace is not open: orchestra up", Role.WARNING)] if view.open is False and view.rows else []
        said += [("tmux does not answer: panes are not known", Role.WARNING)] if view.open is None else []
        said += [(one, Role.WARNING) for one in self.left_out[:2]]
        return said + [(f"#{one.id} {clean(one.what)}", Role.WARNING) for one in view.problems[:2]]

    def _paint_list(self, paper: Paper, wide: int, high: int) -> None:
        paper.box(0, 1, wide, high, title="Workers")
        self._rows_at = {}
        workers = [place for place, entry in enumerate(self.found) if entry.row]
        issues = [place for place, entry in enumerate(self.found) if entry.issue]
        y, inner = 2, wide - 2
        for text, role in self._notices():
            paper.put(2, y, inner - 2, text, paper.style(role))
            y += 1
        room = high - y - 2  # rows of both lists
        share = min(len(workers) or 1, max(1, room - min(len(issues) or 1, max(2, room // 3))))
        if workers:
            rows = [row for row in (self.found[place].row for place in workers) if row]
            self.wide = self.wide or worker_table.columns(rows, inner - 2)
            paper.put(2, y, inner - 1, board_rows.worker_heads(self.wide), DIM)
            self._paint_rows(paper, y + 1, share, workers, inner)
        else:
            empty = "no worker is let through by the filter" if self.words else self._empty_text()
            for at, piece in enumerate(worker_table.fold(empty, inner - 2)[: 1 + share]):
                paper.put(2, y + at, inner - 2, piece, DIM)
        y += 1 + share
        rule = f"{paper.box_lines.flat} Issues "
        paper.put(1, y, inner, [Span(rule, BOLD), Span(paper.box_lines.flat * (inner - len(rule)))])
        room = high - y
        if issues:
            paper.put(2, y + 1, inner - 1, board_rows.issue_heads(inner - 2), DIM)
            self._paint_rows(paper, y + 2, max(0, room - 1), issues, inner)
        else:
            none = NOT_FOUND if self.words and self.issues else NO_ISSUE
            waits = "\u2026" if self.issues is None else none.format(new=self.home.keys.key("new"))
            for at, piece in enumerate(worker_table.fold(self.trouble or waits, inner - 2)[: max(0, room)]):
                paper.put(2, y + 1 + at, inner - 2, piece, paper.style(Role.WARNING) if self.trouble else DIM)

    def _empty_text(self) -> str:
        return NO_WORKER.format(spawn=self.home.keys.key("spawn"), new=self.home.keys.key("new"))

    def _paint_rows(self, paper: Paper, y: int, room: int, places: Sequence[int], inner: int) -> None:
        here = places.index(self.place) if self.place in places else 0
        top = max(0, min(here - room // 2, len(places) - room))
        for at, place in enumerate(places[top : top + room]):
            entry = self.found[place]
            selected = entry.identity == self.at
            mark = CURSOR if selected else "*" if entry.identity in self.marked else " "
            line: Line = []
            if entry.row is not None and self.wide is not None:
                line = board_rows.worker_line(entry.row, self.wide, paper)
            elif entry.issue is not None:
                line = board_rows.issue_line(entry.issue, inner - 2)
            paper.put(1, y + at, 1, mark, BOLD)
            if selected:
                paper.fill(2, y + at, inner - 1, [Span(span.text) for span in line], REVERSE)
            else:
                paper.put(2, y + at, inner - 1, line)
            self._rows_at[y + at] = place

    def _paint_detail(self, paper: Paper, x: int, wide: int, high: int, entry: Entry, *, pane: bool) -> None:
        title = entry.row.worker.title if entry.row else entry.issue.issue.title if entry.issue else ""
        lines = self._detail_lines(paper, entry, wide - 4, pane=pane)
        room = high - 2
        self.scrolled = max(0, min(self.scrolled, len(lines) - room))
        end = (
            f"{self.scrolled + 1}-{min(len(lines), self.scrolled + room)} of {len(lines)}" if len(lines) > room else ""
        )
        paper.box(x, 1, wide, high, title=f"#{entry.number} {clean(title)}", end=end)
        for y, line in enumerate(lines[self.scrolled : self.scrolled + room], 2):
            paper.put(x + 2, y, wide - 4, line)

    def _detail_lines(self, paper: Paper, entry: Entry, wide: int, *, pane: bool) -> list[Line]:
        row = entry.row
        if row is None:
            return list(board_rows.issue_detail(entry.issue, wide, paper)) if entry.issue else []
        known = self.detail if self.detail.number == entry.number else Detail()
        state = [
            Span(f"{row.shown.mark} {row.shown.word}", paper.style(row.shown.role)),
            Span(f" {age(row.state_age)}"),
        ]
        place = (("place", worker_page.place(row, known.facts)),)
        sections = worker_page.sections(row, known.facts, self.home.project.now(), place)
        lines: list[Line] = [state, *page_lines(sections, wide, paper)]
        if pane and known.pane:
            flat = paper.box_lines.flat * 2
            lines += [[Span("")], [Span(f"{flat} its pane", DIM)]]
            lines += [[Span(line)] for line in known.pane[-LAST_LINES:]]
        return lines

    def _paint_pane(self, paper: Paper, x: int, wide: int, high: int) -> None:
        paper.box(x, 1, wide, high, title="Its pane")
        known = self.detail if self.detail.number == self.at[1] else Detail()
        for y, line in enumerate(known.pane[-(high - 2) :], 2):
            paper.put(x + 2, y, wide - 4, line, NORMAL)

    @abstractmethod
    def hint(self) -> str:
        """The keys that work now."""

    @abstractmethod
    def enter(self) -> None:
        """What Enter and a double click do."""

    # --- moving ---

    def move(self, key: str) -> bool:
        """The cursor; True when the key was one that moves."""
        page = max(1, self.app.size.height // 2)
        steps = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": page, "pageup": -page, "home": -(10**6),
                 "end": 10**6, "G": 10**6}  # fmt: skip
        if key not in steps or not self.found:
            return False
        self.select(self.found[max(0, min(self.place + steps[key], len(self.found) - 1))])
        return True

    def select(self, entry: Entry) -> None:
        """The cursor is here now."""
        if entry.identity != self.at:
            self.at, self.scrolled = entry.identity, 0
            self.inspect()

    def _scroll(self, way: int) -> None:
        self.scrolled = max(0, self.scrolled + way * max(1, self.app.size.height // 3))

    # --- the mouse ---

    def click(self, x: int, y: int, *, double: bool) -> None:  # noqa: ARG002
        """A click selects, a double click goes there: an issue is never spawned by a single click."""
        place = self._rows_at.get(y)
        if place is None or place >= len(self.found) or self.full:
            return
        self.select(self.found[place])
        if double:
            self.enter()

    def wheel(self, lines: int) -> None:
        """The wheel moves over the list."""
        self.move("down" if lines > 0 else "up")
