"""The board's lines: plain ASCII around foreign text, cut to the room there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core import attention, cells
from orchestra.core.state import Role
from orchestra.core.text import age, clean, clean_lines, short
from orchestra.ui import worker_page, worker_table
from orchestra.ui.paint import Paint
from orchestra.workers import token_usage

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed
    from orchestra.workers.overview import Overview, WorkerRow

WIDE = 84  # columns of the workers' list from which a line says more
MOST_BODY = 60  # lines of an issue


class Line(NamedTuple):
    """A line of the lower part."""

    text: str
    style: str = ""


def left_width(columns: int) -> int:
    """How wide the issues are on a screen of so many columns: as the board's CSS says."""
    return max(24, min(64, columns * 33 // 100))


def ascii_only(environ: Mapping[str, str]) -> bool:
    """Whether the user's terminal takes ASCII alone, as far as their locale says."""
    chosen = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "utf" not in chosen.lower()


def head(view: Overview, title: str) -> str:
    """The line above both sides."""
    first = worker_table.heading(view, title, Paint(columns=100))
    closed = "   (the workspace is not open: orchestra up)" if view.open is False else ""
    unknown = "   (tmux does not answer: panes are not known)" if view.open is None else ""
    used = token_usage.total(row.tokens for row in view.rows)
    return first + closed + unknown + (f"   {used} tokens" if used else "")


def worker(row: WorkerRow, columns: int) -> str:
    """`● #124  question   5m  Add export button   3 files +42 -5  PR #9, checks pass  1.2M tokens`."""
    start = f"{row.shown.mark} #{row.worker.id:<5} {row.shown.word:<10} {age(row.state_age):>3}  "
    facts = "  ".join(_facts(row) if columns >= WIDE else _short_facts(row))
    room = columns - cells.width(start) - len(facts) - 1
    return f"{start}{cells.pad(clean(row.worker.title), max(8, room))} {facts}"


def _facts(row: WorkerRow) -> Iterator[str]:
    held = row.changes
    if held and held.files:
        yield f"{held.files} file{'' if held.files == 1 else 's'} +{held.insertions} -{held.deletions}"
    if row.worker.pull is not None:
        yield attention.pull_line(row.worker)
    if row.tokens:
        yield f"{row.tokens} tokens"


def _short_facts(row: WorkerRow) -> Iterator[str]:
    held, pull = row.changes, row.worker.pull
    if held and held.files:
        yield f"+{short(held.insertions)}-{short(held.deletions)}"
    if pull is not None:
        yield {"none": "PR", "pending": "runs", "passing": "pass", "failing": "FAIL"}[pull.checks]
    if row.tokens:
        yield str(row.tokens)


def issue(one: Listed) -> str:
    """`[*] #124 Add export button (ui, bug) octocat, after #120`."""
    it = one.issue
    labels = f" ({', '.join(clean(label, 30) for label in it.labels)})" if it.labels else ""
    after = f", after {', '.join('#' + clean(number, 12) for number in it.after)}" if it.after else ""
    return f"[{'*' if one.worker else ' '}] #{it.number} {clean(it.title, 120)}{labels} {clean(it.author, 40)}{after}"


def matches(one: Listed, words: str) -> bool:
    """Whether every word of the filter is in the issue's line."""
    text = issue(one).lower()
    return all(word in text for word in words.lower().split())


def issue_detail(one: Listed) -> Iterator[Line]:
    """One issue in full: what its line on the left has no room for."""
    it = one.issue
    yield Line(f"#{it.number} {clean(it.title)}", "bold")
    yield Line("  worker     " + (f"#{one.worker} is on it" if one.worker else "none yet"))
    yield Line(f"  by         {clean(it.author, 80)} ({clean(it.association.lower(), 20)})")
    if it.labels:
        yield Line(f"  labels     {', '.join(clean(label, 60) for label in it.labels)}")
    if it.after:
        yield Line(f"  blocked by {', '.join('#' + clean(number, 12) for number in it.after)}")
    if it.url:
        yield Line(f"  at         {clean(it.url, 200)}")
    yield Line("")
    yield from map(Line, clean_lines(it.body).split("\n")[:MOST_BODY])


def detail(row: WorkerRow, now: float, parts: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Line]:
    """One worker in full: what it asks, its facts, the named parts; where it works comes last, a small screen cuts."""
    yield Line(f"#{row.worker.id} {clean(row.worker.title)}", "bold")
    facts = worker_page.Facts()
    yield from _detail_lines(worker_page.sections(row, facts, now))
    for name, lines in parts:
        if lines:
            yield from _heading(name)
            yield from map(Line, lines)
    if where := [*worker_page.place(row, facts)]:
        yield from _heading("place")
        yield from _detail_lines(where)


def _detail_lines(found: Iterable[worker_page.Line]) -> Iterator[Line]:
    for line in found:
        if line.is_heading:
            yield from _heading(line.label)
        else:
            yield Line(f"  {line.label:<{worker_page.LABEL}} {line.text}")


def _heading(name: str) -> Iterator[Line]:
    yield Line("")
    yield Line(f"-- {name} --", "dim")


def coloured(row: WorkerRow, columns: int) -> tuple[str, str]:
    """A worker's line and its style, in the terminal's own sixteen colours."""
    styles = {Role.ALARM: "ansi_red bold", Role.WARNING: "ansi_yellow bold", Role.GOOD: "ansi_green bold"}
    return worker(row, columns), styles.get(row.shown.role, "")
