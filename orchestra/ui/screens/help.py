"""All keys of a screen, over it; any key closes them."""

from __future__ import annotations

from orchestra.core import cells
from orchestra.core.actions import ACTIONS
from orchestra.ui.screens.base import View
from orchestra.ui.screens.paper import BOLD, Paper, Span

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
        rows: list[tuple[str, str]] = []
        for title, keys in groups:
            rows += [("", "")] if rows else []
            rows += [(title, ""), *keys]
        high = paper.height - 2
        columns = [rows[at : at + high] for at in range(0, len(rows), high)]
        wide = (paper.width - 2) // max(1, len(columns))
        paper.box(0, 0, paper.width, paper.height, title="Keys", keys="any key closes this")
        for place, column in enumerate(columns):
            for y, (key, words) in enumerate(column):
                line = [Span(f"{key:<{KEY}}"), Span(words)] if words else [Span(key, BOLD)]
                paper.put(2 + place * wide, 1 + y, wide - 2, line)


def table_groups(chosen: dict[str, str]) -> Groups:
    """The key table in groups, as the config has it."""
    groups: Groups = []
    for name in dict.fromkeys(one.group for one in ACTIONS):
        keys = [(chosen.get(one.name, "-"), cells.cut(one.words, 70)) for one in ACTIONS if one.group == name]
        groups.append((name, keys))
    return groups
