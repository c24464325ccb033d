"""Text as lines of a screen: wrapped at words, with a label in front."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.style import Style

from orchestra.core import cells
from orchestra.core.state import Role
from orchestra.ui import worker_page
from orchestra.ui.screens.paper import BOLD, DIM, NORMAL, Line, Paper, Span, role_style
from orchestra.ui.worker_table import fold

LABEL = worker_page.LABEL


def paragraphs(lines: Iterable[str], columns: int, style: Style = NORMAL, indent: str = "") -> Iterator[list[Span]]:
    """Each line, folded to `columns`."""
    for line in lines:
        yield from ([Span(indent + piece, style)] for piece in fold(line, max(8, columns - cells.width(indent))))


def page_lines(lines: Iterable[worker_page.Line], columns: int, paper: Paper) -> list[Line]:
    """The sections of a worker's page for a screen of `columns`."""
    found: list[Line] = []
    for line in lines:
        if line.is_heading:
            rule = paper.box_lines.flat * 2
            found += [[Span("")]] if found else []
            found.append([Span(f"{rule} {line.label}", DIM)])
            continue
        style = role_style(line.role, paper.look) if line.role is not Role.PLAIN else NORMAL
        label = f"{line.label:<{LABEL}}" if line.label else ""
        for piece in fold(line.text, max(8, columns - len(label))):
            found.append([Span(label, DIM), Span(piece, style)])
            label = " " * len(label)
    return found


def window(lines: Sequence[Line], top: int, height: int) -> Sequence[Line]:
    """The lines from `top` on that fit."""
    return lines[max(0, top) : max(0, top) + height]


def heading(text: str) -> list[Span]:
    """A heading."""
    return [Span(text, BOLD)]
