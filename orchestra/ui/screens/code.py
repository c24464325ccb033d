"""Lines of code for a screen: safe to draw, in syntax colours, with what differs between two of them marked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from rich.style import Style

from orchestra.core.regex import regex
from orchestra.core.text import clean_lines
from orchestra.ui.screens.paper import NORMAL, Span

TAB = 4
MOST_SHOWN = 4000  # characters of a line
MOST_COLOURED = 400  # characters of a line that is coloured
MOST_LINES = 3000  # lines of a hunk that are read as one piece of code
MOST_WORDS = 200  # of a line that is compared word by word
LEAST_ALIKE = 0.4  # two lines that have less in common are not the same line changed
CHANGED = Style(underline=True, bold=True)
_CONTROL = regex(r"[\x00-\x08\x0a-\x1f\x7f]")
_WORD = regex(r"\w+|\s+|.")
_BAD = regex("[\ud800-\udfff]")
_COLOURS = (
    ("Comment", Style(dim=True)),
    ("Keyword", Style(color="blue")),
    ("Literal", Style(color="cyan")),
    ("Name.Function", Style(bold=True)),
    ("Name.Class", Style(bold=True)),
    ("Name.Decorator", Style(color="blue")),
)


def shown(text: str) -> str:
    """A line as it can be drawn: tabs as columns, a control character as `^[`, a byte that is not text as a mark."""
    text = text[:MOST_SHOWN].expandtabs(TAB)
    text = _CONTROL.sub(lambda found: "^" + chr(ord(found[0]) ^ 64), text)
    return clean_lines(_BAD.sub("\ufffd", text), MOST_SHOWN)


def lexer_for(path: str) -> Any:
    """What reads a file's syntax, by its name; None for one that is not known."""
    from pygments.lexers import get_lexer_for_filename  # 30 ms: when the first code is shown
    from pygments.util import ClassNotFound

    try:
        return get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def coloured(lines: Sequence[str], lexer: Any) -> list[list[Span]]:
    """Lines that are shown, read as one piece of code; plain where they cannot be read."""
    if lexer is None or len(lines) > MOST_LINES or any(len(line) > MOST_COLOURED for line in lines):
        return [[Span(line)] for line in lines]
    found: list[list[Span]] = [[]]
    for kind, text in lexer.get_tokens("\n".join(lines)):
        style = _style(str(kind).removeprefix("Token."))
        first, *rest = text.split("\n")
        found[-1] += [Span(first, style)] if first else []
        found += [[Span(piece, style)] if piece else [] for piece in rest]
    if ["".join(span.text for span in line) for line in found[: len(lines)]] != list(lines):
        return [[Span(line)] for line in lines]  # the lexer has left something out
    return found[: len(lines)]


def _style(kind: str) -> Style:
    return next((style for name, style in _COLOURS if kind.startswith(name)), NORMAL)


def differing(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Which pieces of two lines differ, as ranges of characters; none where they have little in common."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    if max(len(left), len(right)) > MOST_WORDS:
        return [], []
    compared = SequenceMatcher(None, left, right, autojunk=False)
    if compared.ratio() < LEAST_ALIKE:
        return [], []
    mine, theirs = list[tuple[int, int]](), list[tuple[int, int]]()
    for what, a, b, c, d in compared.get_opcodes():
        if what != "equal":
            mine += _range(left, a, b)
            theirs += _range(right, c, d)
    return mine, theirs


def _range(words: Sequence[str], first: int, end: int) -> list[tuple[int, int]]:
    start = sum(map(len, words[:first]))
    size = sum(map(len, words[first:end]))
    return [(start, start + size)] if size else []


def marked(line: Sequence[Span], ranges: Sequence[tuple[int, int]], style: Style = CHANGED) -> list[Span]:
    """The line with `style` over some ranges of its characters."""
    if not ranges:
        return list(line)
    found, at = list[Span](), 0
    for span in line:
        cuts = sorted(
            {0, len(span.text), *(edge - at for pair in ranges for edge in pair if 0 < edge - at < len(span.text))}
        )
        for first, end in pairwise(cuts):
            inside = any(low <= at + first < high for low, high in ranges)
            found.append(Span(span.text[first:end], span.style + style if inside else span.style))
        at += len(span.text)
    return found


def from_column(line: Sequence[Span], column: int) -> list[Span]:
    """The line without its first characters: what is seen when it is scrolled sideways."""
    found = list[Span]()
    for span in line:
        found += [span._replace(text=span.text[column:])] if len(span.text) > column else []
        column = max(0, column - len(span.text))
    return found
