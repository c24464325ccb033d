"""All keys of a screen, over it; they scroll where they do not fit, and any other key closes them."""

from __future__ import annotations

from orchestra.core.actions import ACTIONS
from orchestra.ui.screens.base import View
from orchestra.ui.screens.paper import BOLD, Paper, Span
from orchestra.ui.worker_table import fold

MOST_COLUMNS, LEAST_WIDE = 3, 38  # a column that is narrower cannot be read: then they scroll
KEY = 15  # columns of a key

Groups = list[tuple[str, list[tuple[str, str]]]]


class HelpView(View):
    """The keys in groups, in as many columns as fit."""

    def __init__(self, below: View) -> None:
        super().__init__()
        self.below = below
        self.top, self.scrolls = 0, False

    def press(self, key: str, action: str) -> None:  # noqa: ARG002
        """Scroll; any other key closes it."""
        page = max(1, self.app.size.height // 2)
        ways = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": page, "pageup": -page, "ctrl+d": page,
                "ctrl+u": -page, "space": page}  # fmt: skip
        if key in ways and self.scrolls:
            self.wheel(ways[key])
        else:
            self.close()

    def wheel(self, lines: int) -> None:
        """The wheel scrolls."""
        self.top = max(0, self.top + lines)

    def paint(self, paper: Paper) -> None:
        """The groups, one below the other, and beside each other when the screen is too low."""
        groups = self.below.keys_here() or table_groups(self.home.keys.chosen)
        high = max(1, paper.height - 2)
        for count in range(1, max(1, min(MOST_COLUMNS, (paper.width - 2) // LEAST_WIDE)) + 1):
            wide = (paper.width - 2) // count
            rows = _rows(groups, max(8, wide - 2 - KEY))
            if len(rows) <= count * high:
                break
        self.scrolls = len(rows) > count * high
        if self.scrolls:  # one column that scrolls is read from its top to its end; several are not
            wide, rows = paper.width - 2, _rows(groups, max(8, paper.width - 4 - KEY))
            self.top = max(0, min(self.top, len(rows) - high))
            rows = rows[self.top : self.top + high]
        keys = "j/k scroll  any other key closes this" if self.scrolls else "any key closes this"
        paper.box(0, 0, paper.width, paper.height, title="Keys", keys=keys)
        for place, (key, words) in enumerate(rows):
            line = [Span(f"{key:<{KEY}}"), Span(words)] if words else [Span(key, BOLD)]
            paper.put(2 + place // high * wide, 1 + place % high, wide - 2, line)


def _rows(groups: Groups, columns: int) -> list[tuple[str, str]]:
    """Key and words line by line, the words folded; a title has no words."""
    rows: list[tuple[str, str]] = []
    for title, keys in groups:
        rows += [("", "")] if rows else []
        rows.append((title, ""))
        for key, words in keys:
            first, *rest = fold(words, columns)
            rows += [(key, first), *(("", line) for line in rest)]
    return rows


def table_groups(chosen: dict[str, str]) -> Groups:
    """The key table in groups, as the config has it."""
    groups: Groups = []
    for name in dict.fromkeys(one.group for one in ACTIONS):
        keys = [(chosen[one.name], one.words) for one in ACTIONS if one.group == name and one.name in chosen]
        groups += [(name, keys)] if keys else []
    return groups
