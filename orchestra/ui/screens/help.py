"""All keys of a screen, over it; any key closes them."""

from __future__ import annotations

from orchestra.core.actions import ACTIONS
from orchestra.ui.screens.base import View
from orchestra.ui.screens.paper import BOLD, Paper, Span
from orchestra.ui.worker_table import fold

MOST_COLUMNS = 3
KEY = 15  # columns of a key

Groups = list[tuple[str, list[tuple[str, str]]]]


class HelpView(View):
    """The keys in groups, in as many columns as fit."""

    def __init__(self, below: View) -> None:
        super().__init__()
        self.below = below

    def press(self, key: str, action: str) -> None:  # noqa: ARG002
        """Any key closes it."""
        self.close()

    def paint(self, paper: Paper) -> None:
        """The groups, one below the other, and beside each other when the screen is too low."""
        groups = self.below.keys_here() or table_groups(self.home.keys.chosen)
        high = max(1, paper.height - 2)
        paper.box(0, 0, paper.width, paper.height, title="Keys", keys="any key closes this")
        for count in range(1, MOST_COLUMNS + 1):
            wide = (paper.width - 2) // count
            rows = _rows(groups, max(8, wide - 2 - KEY))
            if len(rows) <= count * high:
                break
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
