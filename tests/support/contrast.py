"""What colours a terminal's line has, from its escape codes, and how well they can be told apart (WCAG 2.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

# xterm's own palette (XTerm-col.ad): the sixteen colours that a program may count on.
XTERM = (
    *("#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5"),
    *("#7f7f7f", "#ff0000", "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff"),
)
_SGR = re.compile(r"\x1b\[([\d;:]*)m|\x1b\][^\x1b\x07]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|\x0e|\x0f")


class Style(NamedTuple):
    """What is on at a character: colours by number (None: the terminal's own), and attributes."""

    fg: int | None = None
    bg: int | None = None
    bold: bool = False
    dim: bool = False
    reverse: bool = False

    @property
    def pair(self) -> tuple[int | None, int | None]:
        return (self.bg, self.fg) if self.reverse else (self.fg, self.bg)


_ATTRIBUTES: dict[int, Callable[[Style], Style]] = {
    1: lambda style: style._replace(bold=True),
    2: lambda style: style._replace(dim=True),
    7: lambda style: style._replace(reverse=True),
    22: lambda style: style._replace(bold=False, dim=False),
    27: lambda style: style._replace(reverse=False),
    39: lambda style: style._replace(fg=None),
    49: lambda style: style._replace(bg=None),
}


def styles(drawn: str) -> Iterator[tuple[str, Style]]:
    """Each character of `drawn` with the style it has."""
    style, at = Style(), 0
    for found in _SGR.finditer(drawn):
        yield from ((char, style) for char in drawn[at : found.start()])
        at = found.end()
        if found[1] is not None:
            style = _after(style, [int(code or 0) for code in re.split("[;:]", found[1])])
    yield from ((char, style) for char in drawn[at:])


def _after(style: Style, codes: list[int]) -> Style:
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in (38, 48) and codes[:1] == [5]:
            style = style._replace(fg=codes[1]) if code == 38 else style._replace(bg=codes[1])
            del codes[:2]
        elif code in (38, 48):
            raise AssertionError(f"a colour that is not the terminal's own: {code} {codes}")
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = style._replace(fg=code - 30 if code < 40 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = style._replace(bg=code - 40 if code < 50 else code - 92)
        else:
            style = _ATTRIBUTES[code](style) if code in _ATTRIBUTES else style
    return style


def ratio(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def weak_pairs(drawn: str, least: float = 4.5) -> dict[tuple[int | None, int | None], str]:
    """Pairs on a background of a colour whose contrast is too low, or of which one colour is the terminal's own.

    By pair, the text that has it.
    """
    found: dict[tuple[int | None, int | None], str] = {}
    for char, style in styles(drawn):
        fg, bg = style.pair
        if char.isspace() or bg is None:
            continue
        if fg is None or fg > 15 or bg > 15 or ratio(XTERM[fg], XTERM[bg]) < least:
            found[fg, bg] = found.get((fg, bg), "") + char
    return found
