"""What the board is made of: its lists, its look. Colours are the terminal's own, lines are ASCII."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.events import Click
from textual.widgets import OptionList
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    from orchestra.ui.board.lines import Line

CSS = """
Screen { layout: vertical; }
#head, #keys { height: 1; }
#head { text-style: bold; }
#left { width: 33%; min-width: 24; max-width: 64; border-right: ascii ansi_default; }
#right { width: 1fr; }
#filter { border: none; height: 1; padding: 0; }
#issues { height: 1fr; }
#workers { height: auto; max-height: 45%; min-height: 3; border-bottom: ascii ansi_default; }
#detail { height: 1fr; padding: 0 1; }
Rows { border: none; padding: 0; scrollbar-size-vertical: 0; text-wrap: nowrap; text-overflow: clip; }
Rows > .option-list--option { text-wrap: nowrap; text-overflow: clip; padding: 0; }
Rows > .option-list--option-hover { background: ansi_default; }
Rows > .option-list--option-highlighted { color: ansi_default; background: ansi_default; text-style: bold; }
Rows:focus > .option-list--option-highlighted { text-style: reverse; color: ansi_default; background: ansi_default; }
VerticalScroll { scrollbar-size-vertical: 0; }
"""


class Rows(OptionList):
    """Lines to choose from. A click chooses one, a double click does what Enter does."""

    @property
    def chosen(self) -> str | None:
        """The id of the highlighted line."""
        return None if self.highlighted is None else self.get_option_at_index(self.highlighted).id

    def fill(self, lines: Sequence[tuple[str, Content]]) -> None:
        """Show these lines by id: what was highlighted stays so, and nothing moves that did not change."""
        if [option.id for option in self.options] == [number for number, _ in lines]:
            for place, (_, text) in enumerate(lines):
                if self.get_option_at_index(place).prompt != text:
                    self.replace_option_prompt_at_index(place, text)
            return
        before, place = self.chosen, self.highlighted or 0
        self.set_options([Option(text, number) for number, text in lines])
        numbers = [number for number, _ in lines]
        if lines:
            self.highlighted = numbers.index(before) if before in numbers else min(place, len(lines) - 1)

    async def _on_click(self, event: Click) -> None:
        """Choosing by one click starts nothing: an issue would be spawned by a slip of the hand."""
        event.prevent_default()
        place = event.style.meta.get("option")
        if place is not None:
            self.highlighted = place
            if event.chain > 1:
                self.action_select()


def words(text: str, style: str = "", *, plain: bool) -> Content:
    """Text as it is, in one of our styles: never markup, and ASCII where the terminal has no more."""
    shown = Content(text.encode("ascii", "replace").decode() if plain else text)
    return shown.stylize(style) if style else shown


def page(lines: Iterable[Line], *, plain: bool) -> Content:
    """Lines below each other."""
    return Content("\n").join([words(line.text, line.style, plain=plain) for line in lines])
