"""The board's lines: plain ASCII around foreign text, cut to the room there is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from orchestra import attention, render
from orchestra.text import age, clean

if TYPE_CHECKING:
    from orchestra.commands.issues import Listed
    from orchestra.model import Attention
    from orchestra.view import Row, View

WIDE = 110  # columns of the whole screen from which a row says more


def head(view: View, title: str) -> str:
    """The line above the workers."""
    first = next(iter(render.table(view, title, 100)))
    return first + ("   (the workspace is not open: orchestra up)" if view.open is False else "")


def worker(row: Row, columns: int) -> str:
    """`[!] #124  stuck     5m  Add export button   3 files +42 -5  PR #9, checks pass`"""
    kind = str(row.attention or row.worker.status.value)
    mark = attention.sign(row.worker, row.attention)
    start = f"[{mark}] #{row.worker.id:<5} {kind:<10} {age(row.age):>4}  "
    pull = attention.pull_line(row.worker)
    held = row.changes
    files = f"{held.files} files +{held.insertions} -{held.deletions}" if held and held.files else ""
    tail = "  ".join(part for part in (files, pull) if part)
    room = columns - len(start) - (len(tail) + 2 if tail and columns > WIDE // 2 else 0)
    title = clean(row.worker.title)
    shown = start + (fit(title, max(10, room)) if tail and columns > WIDE // 2 else title)
    return f"{shown}  {tail}" if tail and columns > WIDE // 2 else shown


def fit(text: str, room: int) -> str:
    """In exactly `room` columns, as far as one character is one column."""
    return f"{text:<{room}}" if len(text) <= room else text[: max(0, room - 3)] + "..."


def issue(one: Listed) -> str:
    """`[*] #124 Add export button (ui, bug) octocat, after #120`"""
    it = one.issue
    labels = f" ({', '.join(clean(label, 30) for label in it.labels)})" if it.labels else ""
    after = f", after {', '.join('#' + clean(number, 12) for number in it.after)}" if it.after else ""
    return f"[{'*' if one.worker else ' '}] #{it.number} {clean(it.title, 120)}{labels} {clean(it.author, 40)}{after}"


def matches(one: Listed, words: str) -> bool:
    """Whether every word of the filter is in the issue's line."""
    text = issue(one).lower()
    return all(word in text for word in words.lower().split())


def detail(row: Row, now: float, parts: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """One worker in full, and the named parts below it."""
    import click

    yield from (click.unstyle(line) for line in render.worker(row, now))
    for name, lines in parts:
        if lines:
            yield ""
            yield f"-- {name} --"
            yield from lines


def level(kind: Attention | None) -> str:
    """The colour of a row, by the terminal's own sixteen."""
    return render.COLOURS.get(kind, "") if kind else ""
