"""A run of many workers as a picture: a row an issue, a bar for each status it had, time from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

WIDE, ROW, LEFT, TOP = 760, 22, 60, 34
COLOURS = {"queued": "#c9ced6", "working": "#4c8bd9", "shipping": "#e3b341", "complete": "#57ab5a", "merged": "#8957e5", "registered": "#db6d28"}  # fmt: skip
OTHER = "#8b949e"


class Seen(NamedTuple):
    """One look at all workers: when (monotonic seconds), and the status of each."""

    at: float
    states: Mapping[str, str]


def svg(seen: Sequence[Seen], numbers: Sequence[str], title: str) -> str:
    """The picture: what each of these issues was doing, look by look."""
    begin, end = seen[0].at, seen[-1].at
    scale = WIDE / (end - begin or 1)
    high = TOP + ROW * len(numbers) + 46
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + 20}" height="{high}" font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="8" y="20">{title}</text>',
    ]
    for place, number in enumerate(numbers):
        top = TOP + ROW * place
        parts.append(f'<text x="8" y="{top + 14}">#{number}</text>')
        for status, since, until in _bars(seen, number):
            left, wide = LEFT + (since - begin) * scale, max((until - since) * scale, 1.0)
            parts.append(
                f'<rect x="{left:.1f}" y="{top + 2}" width="{wide:.1f}" height="{ROW - 6}" fill="{COLOURS.get(status, OTHER)}">'
                f"<title>#{number} {status}, {until - since:.0f} s</title></rect>"
            )
    for minute in range(int((end - begin) // 60) + 1):
        left = LEFT + minute * 60 * scale
        parts.append(f'<text x="{left:.1f}" y="{high - 28}" fill="#555555">{minute} min</text>')
    for place, (status, colour) in enumerate(COLOURS.items()):
        parts.append(f'<rect x="{LEFT + place * 110}" y="{high - 16}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + place * 110 + 15}" y="{high - 7}">{status}</text>')
    return "\n".join((*parts, "</svg>", ""))


def _bars(seen: Sequence[Seen], number: str) -> Iterator[tuple[str, float, float]]:
    """The statuses of one issue in order, each with its begin and its end."""
    known = [(look.states[number], place) for place, look in enumerate(seen) if number in look.states]
    for status, group in groupby(known, key=lambda one: one[0]):
        places = [place for _, place in group]
        yield status, seen[places[0]].at, seen[min(places[-1] + 1, len(seen) - 1)].at
