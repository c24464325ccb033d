"""What stands on the board: workers and issues as rows, filtered and sorted, and an issue in full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestra.core import cells
from orchestra.core.enums import StrEnum
from orchestra.core.records import Record
from orchestra.core.state import Role
from orchestra.core.text import clean, clean_lines
from orchestra.ui import worker_table
from orchestra.ui.screens.paper import BOLD, DIM, Line, Paper, Span
from orchestra.ui.screens.wrap import paragraphs
from orchestra.workers.overview import WorkerRow

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed

MOST_BODY = 200  # lines of an issue
NUMBER, LABELS, AUTHOR = 6, 14, 10  # columns of the issues


class Sort(StrEnum):
    """The order of the workers."""

    URGENT = "most urgent first"
    AGE = "longest in its state first"
    NUMBER = "by number"
    CHANGES = "largest change first"


class Entry(Record):
    """A row: a worker, or an issue."""

    number: str
    row: WorkerRow | None = None
    issue: Listed | None = None

    @property
    def identity(self) -> tuple[str, str]:
        """What the cursor stays at when the order changes."""
        return ("worker" if self.row else "issue", self.number)


def entries(rows: Iterable[WorkerRow], issues: Iterable[Listed], words: str, sort: Sort) -> list[Entry]:
    """The workers in their order, then the issues: those that the filter lets through."""
    wanted = words.lower().split()
    workers = [Entry(row.worker.id, row) for row in _sorted(rows, sort) if _has(wanted, *_of_worker(row))]
    listed = [Entry(one.issue.number, issue=one) for one in issues if _has(wanted, *_of_issue(one))]
    return [*workers, *listed]


def _sorted(rows: Iterable[WorkerRow], sort: Sort) -> list[WorkerRow]:
    keys = {
        Sort.AGE: lambda row: -row.state_age,
        Sort.NUMBER: lambda row: int(row.worker.id),
        Sort.CHANGES: lambda row: -(row.changes.insertions + row.changes.deletions) if row.changes else 0,
    }
    return sorted(rows, key=keys[sort]) if sort in keys else list(rows)  # the overview is the most urgent first


def _of_worker(row: WorkerRow) -> tuple[str, Sequence[str], str]:
    return f"#{row.worker.id} {clean(row.worker.title)} {row.shown.word}", row.worker.labels, row.shown.word


def _of_issue(one: Listed) -> tuple[str, Sequence[str], str]:
    return f"#{one.issue.number} {clean(one.issue.title)} {clean(one.issue.author)}", one.issue.labels, ""


def _has(wanted: Iterable[str], text: str, labels: Sequence[str], state: str) -> bool:
    """Whether every word is in it; `label:bug` and `state:ready` look there alone."""
    lower, names = text.lower(), [clean(label).lower() for label in labels]
    for word in wanted:
        key, _, value = word.partition(":")
        if key == "label":
            if not any(value in name for name in names):
                return False
        elif key == "state":
            if value not in state.lower():
                return False
        elif word not in lower and not any(word in name for name in names):
            return False
    return True


def worker_line(row: WorkerRow, wide: worker_table.Columns, paper: Paper) -> Line:
    """A worker as the table of `list` has it."""
    before, state, rest = worker_table.row_parts(row, wide)
    return [Span(before), Span(state, paper.style(row.shown.role)), Span(rest)]


def worker_heads(wide: worker_table.Columns) -> str:
    """The heads of its columns."""
    return worker_table.heads(wide)


def issue_line(one: Listed, columns: int) -> Line:
    """`4   feature   grace   Find a widget by a part of…  has a worker`"""
    it = one.issue
    labels = ", ".join(clean(label, 30) for label in it.labels)
    after = " ".join(f"\u25cc#{clean(number, 12)}" for number in it.after)
    right = "  ".join(filter(None, (after, "has a worker" if one.worker else "")))
    start = f"{cells.pad(it.number, NUMBER)} "
    if columns >= 60:
        start += f"{cells.pad(labels, LABELS)} {cells.pad(clean(it.author, 40), AUTHOR)} "
    room = max(8, columns - len(start) - (cells.width(right) + 2 if right else 0))
    return [Span(start), Span(cells.pad(clean(it.title), room)), Span(f"  {right}" if right else "", DIM)]


def issue_heads(columns: int) -> str:
    """The heads of their columns."""
    middle = f"{'LABELS':<{LABELS}} {'AUTHOR':<{AUTHOR}} " if columns >= 60 else ""
    return f"{'#':<{NUMBER}} {middle}TITLE"


def issue_detail(one: Listed, columns: int, paper: Paper) -> Iterator[Line]:
    """One issue in full."""
    it = one.issue
    facts = (
        ("worker", f"#{one.worker} is on it" if one.worker else "none yet: s starts one"),
        ("labels", ", ".join(clean(label, 60) for label in it.labels)),
        ("by", f"{clean(it.author, 80)} ({clean(it.association.lower(), 20)})" if it.author else ""),
        ("blocked by", ", ".join("#" + clean(number, 12) for number in it.after)),
        ("at", clean(it.url, 200)),
    )
    for label, text in facts:
        if text:
            yield [Span(f"{label:<11}", DIM), Span(text)]
    yield [Span("")]
    for line in clean_lines(it.body).split("\n")[:MOST_BODY]:
        heading = line.startswith("#")
        style = BOLD if heading else paper.style(Role.PLAIN)
        yield from paragraphs([line.lstrip("# ") if heading else line], columns, style)
