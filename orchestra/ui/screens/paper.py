"""What a screen is painted on: text at places, cut to its width, in styles by role, with boxes around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console as RichConsole
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from orchestra.core import cells
from orchestra.core.look import Look
from orchestra.core.records import Record
from orchestra.core.state import Role

NORMAL = Style.null()
BOLD = Style(bold=True)
DIM = Style(dim=True)
REVERSE = Style(reverse=True)
_ROLES = {
    Role.ALARM: Style(color="red", bold=True),
    Role.WARNING: Style(color="yellow"),
    Role.GOOD: Style(color="green"),
    Role.ACCENT: Style(color="blue"),
    Role.MUTED: DIM,
    Role.PLAIN: NORMAL,
}
_PLAIN_ROLES = {Role.ALARM: BOLD, Role.WARNING: BOLD, Role.GOOD: BOLD, Role.ACCENT: BOLD, Role.MUTED: DIM}
CURSOR = "\u258c"


class Span(Record):
    """A piece of text in one style."""

    text: str
    style: Style = NORMAL


Line = Sequence[Span]


class Lines(Record):
    """The characters of boxes: corners from the top left clockwise, sides, joints."""

    top: str
    bottom: str
    flat: str
    side: str
    left: str
    right: str
    down: str
    up: str


BOX = Lines("\u250c\u2510", "\u2514\u2518", "\u2500", "\u2502", "\u251c", "\u2524", "\u252c", "\u2534")
NO_BOX = Lines("  ", "  ", " ", " ", " ", " ", " ", " ")  # where tmux has drawn a frame around all of it
ASCII_BOX = Lines("++", "++", "-", "|", "+", "+", "+", "+")


def role_style(role: Role, look: Look) -> Style:
    """The style of a role: one of the terminal's own colours, or bold alone."""
    return _PLAIN_ROLES.get(role, NORMAL) if look.plain else _ROLES[role]


def from_ansi(text: str) -> list[Span]:
    """A line that `Paint` has coloured, as spans."""
    if "\x1b" not in text:
        return [Span(text)]
    pieces = Text.from_ansi(text, end="").render(RichConsole(width=10_000))
    return [Span(piece.text, piece.style or NORMAL) for piece in pieces if piece.text]


def width_of(line: Line) -> int:
    """Columns that a line takes."""
    return sum(cells.width(span.text) for span in line)


def cut_line(line: Line, columns: int, mark: str = cells.ELLIPSIS) -> list[Span]:
    """The line in at most `columns`; what is cut ends with `mark`."""
    room, found = columns, list[Span]()
    for place, span in enumerate(line):
        wide = cells.width(span.text)
        last = place == len(line) - 1
        if wide > room or (wide == room and not last and width_of(line[place + 1 :])):
            found.append(span._replace(text=cells.cut(span.text + (" " if wide <= room else ""), room, mark)))
            return found
        found.append(span)
        room -= wide
    return found


class Paper:
    """A screen's lines while they are painted. What is put later at the same place does not hide what was there."""

    def __init__(self, width: int, height: int, look: Look, *, framed: bool = False) -> None:
        self.width, self.height, self.look = width, height, look
        self.mark = look.text(cells.ELLIPSIS)
        self.box_lines = ASCII_BOX if look.ascii else BOX
        self.framed = framed
        self._rows: list[list[tuple[int, list[Span]]]] = [[] for _ in range(height)]

    def style(self, role: Role) -> Style:
        """The style of a role here."""
        return role_style(role, self.look)

    def put(self, x: int, y: int, width: int, line: Line | str, style: Style = NORMAL) -> None:
        """Text from column `x` of row `y` on, cut to `width` columns; nothing outside of the paper."""
        if not 0 <= y < self.height or width <= 0:
            return
        spans = [Span(line, style)] if isinstance(line, str) else line
        shown = [span._replace(text=self.look.text(span.text)) for span in spans]
        self._rows[y].append((x, cut_line(shown, min(width, self.width - x), self.mark)))

    def blank(self, y: int) -> None:
        """Forget what was put on a row."""
        if 0 <= y < self.height:
            self._rows[y] = []

    def fill(self, x: int, y: int, width: int, line: Line | str, style: Style) -> None:
        """The same, padded to `width` in `style`, which lies below every span: a row under the cursor."""
        spans = [Span(line)] if isinstance(line, str) else line
        shown = [Span(self.look.text(span.text), span.style + style) for span in spans]
        cut = cut_line(shown, width, self.mark)
        self.put(x, y, width, [*cut, Span(" " * (width - width_of(cut)), style)])

    def box(
        self, x: int, y: int, width: int, height: int, *,
        title: str = "", right: str = "", keys: str = "", end: str = "", keys_style: Style = BOLD,
    ) -> None:  # fmt: skip
        """A box, with a title and a word at the right in its top line, and keys and a word in its bottom line."""
        whole = self.framed and (width, height) == (self.width, self.height)
        lines, style = NO_BOX if whole else self.box_lines, NORMAL
        self.put(
            x, y, width, [Span(lines.top[0]), *self._edge(width - 2, title, right, flat=lines.flat), Span(lines.top[1])]
        )
        for row in range(y + 1, y + height - 1):
            self.put(x, row, 1, lines.side, style)
            self.put(x + width - 1, row, 1, lines.side, style)
        bottom = [
            Span(lines.bottom[0]),
            *self._edge(width - 2, keys, end, keys_style, flat=lines.flat),
            Span(lines.bottom[1]),
        ]
        self.put(x, y + height - 1, width, bottom)

    def rule(self, x: int, y: int, width: int, title: str = "") -> None:
        """A line across a box that begins at `x`, with a title in it."""
        lines = self.box_lines
        self.put(x, y, width, [Span(lines.left), *self._edge(width - 2, title, ""), Span(lines.right)])

    def _edge(self, width: int, left: str, right: str, style: Style = BOLD, flat: str = "") -> list[Span]:
        flat = flat or self.box_lines.flat
        right = f" {right} " if right and cells.width(right) + 4 < width else ""
        room = width - cells.width(self.look.text(right)) - 1
        left = f" {cells.cut(self.look.text(left), room - 2, self.mark)} " if left and room > 4 else ""
        used = cells.width(self.look.text(left)) + cells.width(self.look.text(right))
        return [Span(left, style), Span(flat * max(0, width - used)), Span(right)]

    def strips(self) -> list[Strip]:
        """The lines as Textual draws them."""
        return [_strip(row, self.width) for row in self._rows]


def _strip(row: Iterable[tuple[int, list[Span]]], width: int) -> Strip:
    """As `core/cells` counts, and tmux: Textual would count no column for the vowel signs of Indian scripts."""
    segments, at = list[Segment](), 0
    for x, spans in sorted(row, key=lambda piece: piece[0]):
        if x > at:
            segments.append(Segment(" " * (x - at)))
            at = x
        for span in spans:
            if span.text:
                segments.append(Segment(span.text, span.style))
                at += cells.width(span.text)
    if at > width:
        return Strip(segments, at).adjust_cell_length(width)
    return Strip([*segments, Segment(" " * (width - at))], width)
