"""Which action a key means on a screen: the key table as the config has it, beside keys that every screen has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra.core import actions, cells

if TYPE_CHECKING:
    from textual.events import Key

_NAMED = {"BSpace": "backspace", ",": "comma"}
_HELD = {"C-": "ctrl+", "M-": "alt+", "S-": "shift+"}


def textual_key(key: str) -> str:
    """What tmux calls a key, as Textual does: `C-s` is `ctrl+s`, `F5` is `f5`, `S` stays."""
    held = ""
    while key[:2] in _HELD and len(key) > 2:
        held, key = held + _HELD[key[:2]], key[2:]
    return held + (_NAMED.get(key) or (key.lower() if len(key) > 1 else key))


def pressed(event: Key) -> str:
    """A key as the table names it: the character where it makes one, else Textual's name."""
    return event.character if event.character and event.is_printable and event.character != " " else event.key


class KeyMap:
    """The actions by key, under the config's `keys:`."""

    def __init__(self, given: Mapping[str, str | None]) -> None:
        self.chosen = actions.chosen(given)
        self._actions = {textual_key(key): name for name, key in self.chosen.items()}

    def action(self, event: Key) -> str:
        """The action of the key that was pressed; empty when it has none."""
        return self._actions.get(pressed(event), "") or self._actions.get(event.key, "")

    def key(self, action: str) -> str:
        """The key of an action, or `-`."""
        return self.chosen.get(action, "-")

    def hint_within(self, columns: int, *named: tuple[str, str]) -> str:
        """The same in so many columns: what does not fit is left out, from the end; the last one is always there."""
        *others, last = named
        while others and cells.width(self.hint(*others, last)) > columns:
            others.pop()
        return self.hint(*others, last)

    def hint(self, *named: tuple[str, str]) -> str:
        """`d review  m merge`, of the actions that have a key, or of keys that are named themselves (`=Enter`)."""
        shown = []
        for name, words in named:
            key = name[1:] if name.startswith("=") else self.chosen.get(name, "")
            if key:
                shown.append(f"{key} {words}")
        return "  ".join(shown)
