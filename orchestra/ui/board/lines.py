"""The board's lines: plain ASCII around foreign text, cut to the room there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from orchestra.core import attention
from orchestra.core.text import age, clean, clean_lines, seconds_of
from orchestra.ui import text
from orchestra.workers import token_usage

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed
    from orchestra.core.models import Worker
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
    """Whether the person's terminal takes ASCII alone, as far as their locale says."""
    chosen = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return "utf" not in chosen.lower()


def head(view: Overview, title: str) -> str:
    """The line above both sides."""
    first = click.unstyle(next(iter(text.table(view, title, 100))))
    closed = "   (the workspace is not open: orchestra up)" if view.open is False else ""
    unknown = "   (tmux does not answer: panes are not known)" if view.open is None else ""
    used = token_usage.total(row.tokens for row in view.rows)
    return first + closed + unknown + (f"   {used} tokens" if used else "")


def worker(row: WorkerRow, columns: int) -> str:
    """`[!] #124  stuck        5m  Add export button   3 files +42 -5  PR #9, checks pass  1.2M tokens`."""
    kind = str(row.attention or row.worker.status.value)
    mark = attention.sign(row.worker, row.attention)
    start = f"[{mark}] #{row.worker.id:<5} {kind:<10} {age(row.age):>3}  "
    facts = "  ".join(_facts(row) if columns >= WIDE else _short_facts(row))
    room = columns - len(start) - len(facts) - 1
    return f"{start}{text.fit(clean(row.worker.title), max(8, room), '...')} {facts}"


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
        yield f"+{token_usage.short(held.insertions)}-{token_usage.short(held.deletions)}"
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
    """One worker in full: first what it asks, then how it stands, and the named parts below."""
    title, *facts = (click.unstyle(line) for line in text.state_lines(row, now))
    yield Line(title, "bold")
    yield from map(Line, (*map(click.unstyle, text.questions(row.worker)), *facts, *text.guidance(row.worker)))
    for name, lines in (*parts, ("pull request", list(_pull(row.worker, now)))):
        if lines:
            yield Line("")
            yield Line(f"-- {name} --", "dim")
            yield from map(Line, lines)


def _pull(worker: Worker, now: float) -> Iterator[str]:
    pull = worker.pull
    if pull is None:
        return
    yield f"{attention.pull_line(worker)}; {clean(pull.state, 20)} {clean(worker.pull_url or '', 200)}"
    review = clean(pull.review_decision or "none", 40).lower().replace("_", " ")
    mergeable = {None: "not known", True: "yes", False: "no"}[pull.mergeable]
    open_ones = "not known" if pull.unresolved is None else str(pull.unresolved)
    yield f"review: {review}; unresolved: {open_ones}; mergeable: {mergeable}"
    seen = seconds_of(pull.observed_at)
    yield f"as GitHub said {age(now - seen)} ago" if seen else "when GitHub said so is not known"


def coloured(row: WorkerRow, columns: int) -> tuple[str, str]:
    """A worker's line and its style, in the terminal's own sixteen colours."""
    colour = text.COLOURS.get(row.attention) if row.attention else None
    return worker(row, columns), f"ansi_{colour} bold" if colour else ""
