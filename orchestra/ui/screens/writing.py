"""A screen with a field for several lines, and the keys that send, edit or leave it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from textual import events
from textual.widget import Widget

from orchestra.ui.screens.base import View, Words, hide

SENDS = "Enter sends   Ctrl-J new line   Ctrl-E editor   Esc back"


class WritingView(View):
    """`typing` says what the field is for; while it is empty there is no field."""

    def __init__(self) -> None:
        super().__init__()
        self.typing = ""
        self.field = Words()

    def fields(self) -> Sequence[Widget]:
        """The field for words."""
        return (self.field,)

    def open_field(self, what: str, text: str = "") -> None:
        """A field for words."""
        self.typing = what
        self.field.take(text)

    def close_field(self) -> None:
        """Back to the keys."""
        self.typing = ""
        hide(self.field)

    def on_key(self, event: events.Key) -> None:
        """In the field Enter sends, Ctrl-J (and Alt- or Shift-Enter) is a new line, Ctrl-E the editor, Esc leaves."""
        if not self.typing:
            super().on_key(event)
            return
        event.prevent_default()  # no letter of the words may act as a key of the screen
        event.stop()
        act = {"escape": self.leave_field, "enter": self.send, "ctrl+e": self.edit}.get(event.key)
        if act is not None:
            act()
            self.repaint()
        elif event.is_printable and event.character and not self.field.has_focus:
            self.field.insert(event.character)  # it was typed before the field could take it

    def leave_field(self) -> None:
        """What was typed is not sent."""
        self.close_field()

    def edit(self) -> None:
        """The user's editor, with what was typed."""
        words = self.home.edit(self.field.text)
        if words is not None:
            self.field.take(words.rstrip("\n"))

    @abstractmethod
    def send(self) -> None:
        """What was typed, as what the field is for."""
