"""Which values `select-layout` may be given. Anything else kills a tmux 3.3a server with every pane in it.

Seen on 3.3a: an unknown name does (6 of 6); of well-formed layout strings with a right checksum, random sizes do (39 of
400), a container with one cell does (57 of 300), and consistent ones with two or more cells never did (900).
"""

from __future__ import annotations

import re

from orchestra.core.records import Record
from orchestra.core.regex import regex

NAMES = ("even-horizontal", "even-vertical", "main-horizontal", "main-vertical", "tiled")

_CELL = regex(r"([1-9][0-9]{0,3})x([1-9][0-9]{0,3}),(0|[1-9][0-9]{0,3}),(0|[1-9][0-9]{0,3})", re.ASCII)
_PANE = regex(r",(0|[1-9][0-9]{0,5})(?![0-9x])", re.ASCII)
_MAX_DEPTH = 20


class _Cell(Record):
    width: int
    height: int
    x: int
    y: int
    end: int  # where the text after it starts
    panes: int


def pane_count(layout: str) -> int | None:
    """How many panes a custom layout string places; None for one of the five names. Raises ValueError for neither."""
    if layout in NAMES:
        return None
    sum_, _, body = layout.partition(",")
    if len(layout) > 4000 or not re.fullmatch(r"[0-9a-f]{4}", sum_) or not body.isascii():
        raise ValueError(f"expected one of {', '.join(NAMES)}, or a layout string as tmux prints it")
    if f"{checksum(body):04x}" != sum_:
        raise ValueError("the layout string's checksum is wrong; copy it whole from `tmux list-windows`")
    root = _cell(body, 0, 0)
    if root is None or root.end != len(body) or (root.x, root.y) != (0, 0):
        raise ValueError("the layout string's cells do not fit together; copy it whole from `tmux list-windows`")
    return root.panes


def checksum(body: str) -> int:
    """The 16-bit sum in front of a layout string: rotate right by one, add the character (tmux, layout-custom.c)."""
    total = 0
    for char in body:
        total = ((total >> 1) + ((total & 1) << 15) + ord(char)) & 0xFFFF
    return total


def _cell(body: str, start: int, depth: int) -> _Cell | None:
    """The cell at `start`, with its children; None when it is not one, or when they do not fill it exactly."""
    found = _CELL.match(body, start)
    if found is None or depth > _MAX_DEPTH:
        return None
    width, height, x, y = map(int, found.groups())
    if body[found.end() : found.end() + 1] not in ("{", "["):
        pane = _PANE.match(body, found.end())
        return _Cell(width, height, x, y, pane.end() if pane else found.end(), 1)
    across = body[found.end()] == "{"
    end, place, children, panes = found.end() + 1, x if across else y, 0, 0
    while (child := _cell(body, end, depth + 1)) is not None:
        aligned = (child.x, child.y) == ((place, y) if across else (x, place))
        if not aligned or (child.height if across else child.width) != (height if across else width):
            return None
        place += (child.width if across else child.height) + 1  # and a border
        end, children, panes = child.end + 1, children + 1, panes + child.panes
        if body[child.end : end] != ",":
            break
    filled = place - 1 == (x + width if across else y + height)
    closed = body[end - 1 : end] == ("}" if across else "]")
    return _Cell(width, height, x, y, end, panes) if filled and closed and children > 1 else None
