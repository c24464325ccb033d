"""The figures of `orchestra stats`: as tables, as JSON, as CSV, and as one HTML page with plots."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from orchestra.core import budget, cells
from orchestra.core.text import age, clean, short
from orchestra.workers import grouped, receipts, token_usage

if TYPE_CHECKING:
    from orchestra.commands.stats import Stats
    from orchestra.workers.figures import Figures
    from orchestra.workers.grouped import Group

_FACTS = ("worked", "shipping", "waited", "asked", "starts", "tokens")
_GROUP_HEAD = ("workers", "merged", "at work", "waited", "CI", "asked", "answer", "tokens", "cost", "lines")
NAME = 18  # columns of a group's name
BAR = 28  # columns of a bar
FACT = 9  # of a column of numbers, where there is room
UNLIMITED = 1000  # a pipe, which is not cut


def table(found: Stats, title: str, columns: int = UNLIMITED) -> Iterable[str]:
    """A line a worker, and one for all of them."""
    yield _heading(found, title)
    if not found.workers:
        return
    yield ""
    rows: list[tuple[str, str, tuple[str, ...]]] = [("", "status", _FACTS)]
    rows += [(f"#{one.id}", one.status.value, _facts(one)) for one in found.workers]
    rows += [("all", "", _all(found.workers))]
    yield from _aligned([(f"{number:<7} {status:<11}", facts) for number, status, facts in rows], columns)
    yield ""
    yield "waited: for you. Tokens: all that the agents' own transcripts count, what was read again from the cache too."


def receipt_lines(found: Stats) -> Iterable[str]:
    """A line a worker with all that is known of it."""
    for one in found.workers:
        yield f"#{one.id} {cells.cut(clean(one.title), 60)}"
        yield f"  {receipts.line(one)}"


def groups(found: Stats, title: str, by: str, columns: int = UNLIMITED) -> Iterable[str]:
    """A line a group, and one for all workers, with a bar of the time at work."""
    yield _heading(found, title)
    if not found.workers:
        return
    rows = grouped.grouped(found.workers, by)
    most = max(row.busy for row in rows)
    yield ""
    drawn = (*rows, grouped.group("all", found.workers))
    lines = [(f"{by:<{NAME}}", _GROUP_HEAD), *((_group_name(row), _group_facts(row)) for row in drawn)]
    head, *told, last = _aligned(lines, columns)
    yield head
    for row, line in zip(rows, told, strict=True):
        has_room = cells.width(line) + 2 + BAR <= columns
        yield f"{line}  {bar(row.busy / most if most else 0.0, BAR)}" if has_room else line
    yield last
    yield ""
    under = {"day": "the day on which it began", "week": "the week in which it began"}.get(by, f"its {by}")
    yield f"Each worker counts under {under}. answer: the median time until you answered; cost: the agents' own count."


def bar(share: float, columns: int) -> str:
    """A bar of eighths of a column, as the library for tables draws it."""
    from rich.bar import Bar
    from rich.console import Console

    console = Console(width=columns, no_color=True, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as drawn:
        console.print(Bar(1.0, 0.0, share, width=columns))
    return drawn.get().rstrip()


def _heading(found: Stats, title: str) -> str:
    counts = Counter(one.status for one in found.workers)
    told = ", ".join(f"{count} {status.value}" for status, count in counts.items())
    count = len(found.workers)
    return f"{clean(title)}   {count} worker{'' if count == 1 else 's'}" + (f": {told}" if told else "")


def _group_name(row: Group) -> str:
    return cells.pad(cells.cut(clean(row.name, 60), NAME), NAME)


def _group_facts(row: Group) -> tuple[str, ...]:
    facts = (
        row.workers,
        row.merged,
        budget.duration(row.busy),
        budget.duration(row.waited),
        budget.duration(row.shipped),
        row.asked,
        "-" if row.answer is None else budget.duration(row.answer),
        row.tokens or "-",
        "-" if row.cost is None else budget.money(row.cost),
        "-" if row.lines is None else short(row.lines),
    )
    return tuple(map(str, facts))


def _aligned(rows: Sequence[tuple[str, Sequence[str]]], columns: int) -> list[str]:
    """A line a row: a name and its facts. In little room the columns are as narrow as what they hold.

    The last ones are left out where even that is too wide.
    """
    name = max(cells.width(left) for left, _ in rows)
    widths = [FACT for _ in rows[0][1]]
    if name + sum(widths) > columns:
        name = max(cells.width(left.rstrip()) for left, _ in rows)
        widths = [1 + max(map(len, column)) for column in zip(*(facts for _, facts in rows), strict=True)]
    while name + sum(widths) > columns:
        widths.pop()
    return [
        cells.pad(left.rstrip(), name) + "".join(f"{fact:>{wide}}" for fact, wide in zip(facts, widths, strict=False))
        for left, facts in rows
    ]


def _facts(one: Figures) -> tuple[str, ...]:
    times = (age(seconds) for seconds in (one.worked, one.shipped, one.waited))
    return (*times, str(one.asked), str(one.starts), str(one.tokens or "-"))


def _all(workers: Sequence[Figures]) -> tuple[str, ...]:
    times = (age(sum(getattr(one, name) for one in workers)) for name in ("worked", "shipped", "waited"))
    counts = (str(sum(getattr(one, name) for one in workers)) for name in ("asked", "starts"))
    return (*times, *counts, str(token_usage.total(one.tokens for one in workers) or "-"))


def document(found: Stats, by: str = "") -> str:
    """`stats --json`."""
    rows: dict[str, Any] = {"workers": [as_json(one) for one in found.workers]}
    if by:
        rows = {"by": by, "groups": [_group_json(row) for row in grouped.grouped(found.workers, by)], **rows}
    return json.dumps({"schema": 1, "project": found.project, **rows}, indent=2)


def as_json(one: Figures) -> dict[str, Any]:
    """One worker's figures."""
    return {
        "id": one.id,
        "title": one.title,
        "labels": list(one.labels),
        "agent": one.agent,
        "status": one.status.value,
        "merged": one.merged,
        "began": one.began or None,
        "wallSeconds": int(one.wall),
        "workedSeconds": int(one.worked),
        "busySeconds": int(one.busy),
        "shippingSeconds": int(one.shipped),
        "waitedSeconds": int(one.waited),
        "answerSeconds": [int(seconds) for seconds in one.answers],
        "asked": one.asked,
        "decided": one.decided,
        "starts": one.starts,
        "turns": one.turns,
        "verifyFailed": one.verify_failed,
        "ciFailed": one.ci_failed,
        "reviewRounds": one.reviews,
        "size": one.size._asdict() if one.size else None,
        "tokens": token_usage.as_json(one.tokens),
        "cost": one.cost,
    }


def _group_json(row: Group) -> dict[str, Any]:
    found = row._asdict()
    return {**found, "tokens": token_usage.as_json(row.tokens)}


def as_csv(found: Stats) -> str:
    """`stats --csv`: a row a worker. A title that a spreadsheet would take for a formula gets a quote in front."""
    rows = [_flat(as_json(one)) for one in found.workers]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["id"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")


def _flat(one: dict[str, Any]) -> dict[str, Any]:
    size, tokens = one.pop("size") or {}, one.pop("tokens") or {}
    one["labels"] = _cell(" ".join(one["labels"]))
    one["title"] = _cell(one["title"])
    one["answerSeconds"] = " ".join(map(str, one["answerSeconds"]))
    named = {name: size.get(name, "") for name in ("commits", "files", "insertions", "deletions")}
    return {**one, **named, "tokens": tokens.get("total", "")}


def _cell(text: str) -> str:
    text = clean(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def page(found: Stats, title: str) -> str:
    """One HTML file with plots as SVG and the table: it loads nothing, so it can be sent."""
    days = grouped.grouped(found.workers, "day")
    plots = (
        ("Hours at work", [(row.name, row.busy / 3600) for row in days], "{:.1f}"),
        ("Hours waiting for you", [(row.name, row.waited / 3600) for row in days], "{:.1f}"),
        ("Merged", [(row.name, float(row.merged)) for row in days], "{:.0f}"),
        (
            "Million tokens",
            [(row.name, (row.tokens.usage.total if row.tokens else 0) / 10**6) for row in days],
            "{:.1f}",
        ),
        ("Cost", [(row.name, row.cost or 0.0) for row in days], "{:.2f}"),
    )
    drawn = "".join(_plot(name, rows, form) for name, rows, form in plots if any(value for _, value in rows))
    head = "".join(f"<th>{escape(name)}</th>" for name in ("", "title", "status", "receipt"))
    body = "".join(
        f"<tr><td>#{one.id}</td><td>{escape(clean(one.title))}</td><td>{one.status.value}</td>"
        f"<td>{escape(', '.join(receipts.parts(one)))}</td></tr>"
        for one in found.workers
    )
    style = (
        "body{font:15px system-ui,sans-serif;margin:2em auto;max-width:60em;color:#222}"
        "td,th{padding:.3em .8em .3em 0;text-align:left;vertical-align:top}svg{display:block;margin:1em 0}"
        "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}svg text{fill:#ddd}}"
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(clean(title))}</title>'
        f"<style>{style}</style><h1>{escape(_heading(found, title))}</h1>{drawn}"
        f"<table><tr>{head}</tr>{body}</table></html>\n"
    )


def _plot(name: str, rows: Sequence[tuple[str, float]], form: str) -> str:
    """Bars, one for each day on which work began."""
    most, wide, high = max(value for _, value in rows), 56, 140
    bars = "".join(
        f'<rect x="{place * wide + 8}" y="{high - value / most * 100:.1f}" width="{wide - 16}" '
        f'height="{value / most * 100:.1f}" fill="#4878a8"/>'
        f'<text x="{place * wide + wide / 2}" y="{high - value / most * 100 - 4:.1f}">{form.format(value)}</text>'
        f'<text x="{place * wide + wide / 2}" y="{high + 14}">{escape(day[-5:])}</text>'
        for place, (day, value) in enumerate(rows)
    )
    return (
        f'<h2>{escape(name)}</h2><svg width="{len(rows) * wide + 8}" height="{high + 20}" role="img" '
        f'aria-label="{escape(name)} by day" font-size="11" text-anchor="middle">{bars}</svg>'
    )
