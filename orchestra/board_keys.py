"""The board's keys: those of the key table as the config has them, in Textual's names, and the line that tells them."""

from __future__ import annotations

from collections.abc import Mapping

ACTIONS = {
    "spawn": "spawn",
    "next": "act('next')",
    "orchestrator": "act('orchestrator')",
    "board": "look",
    "tell": "ask('tell')",
    "approve": "act_on('approve')",
    "deny": "ask('deny')",
    "gates": "ask('gates')",
    "list": "ask('list')",
    "workers": "choose",
    "pull": "act_on('pull')",
    "diff": "ask('diff')",
    "back": "leave",
    "help": "ask('help')",
}
_SAID = {"spawn": "spawn", "next": "who needs you", "tell": "tell", "approve": "approve", "deny": "deny"}
_SAID |= {"gates": "gates", "diff": "diff", "pull": "pull request", "help": "help", "back": "back"}
_NAMED = {"BSpace": "backspace", ",": "comma"}
_HELD = {"C-": "ctrl+", "M-": "alt+", "S-": "shift+"}


def textual(key: str) -> str:
    """What tmux calls a key, as Textual does: `C-s` is `ctrl+s`, `F5` is `f5`, `S` stays."""
    held = ""
    while key[:2] in _HELD and len(key) > 2:
        held, key = held + _HELD[key[:2]], key[2:]
    return held + (_NAMED.get(key) or (key.lower() if len(key) > 1 else key))


def line(chosen: Mapping[str, str], columns: int) -> str:
    """The keys in one line: as many of them, and as many words, as there is room for."""
    own = [("Enter", "go"), ("/", "filter"), ("Tab", "side")]
    told = [(chosen[name], words) for name, words in _SAID.items() if name in chosen]
    shown = "  ".join(f"{key} {words}" for key, words in (*told[:-1], *own, *told[-1:]))
    if len(shown) <= columns:
        return shown
    few = " ".join(f"{key} {words.split()[0]}" for key, words in (*told[:-1], *own, *told[-1:]))
    help_key = chosen.get("help")
    return few if len(few) <= columns or help_key is None else f"{help_key} tells the keys  {few}"
