"""The board's keys: those of the key table as the config has them, in Textual's names, and the line that tells them."""

from __future__ import annotations

from collections.abc import Mapping

ACTIONS = {
    "spawn": "spawn",
    "next": "act('next')",
    "orchestrator": "act('orchestrator')",
    "board": "look",
    "new": "ask('new')",
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
_SAID = (  # and in one word, where there is little room
    ("spawn", "spawn", "spawn"),
    ("next", "who needs you", "next"),
    ("tell", "tell", "tell"),
    ("approve", "approve", "yes"),
    ("deny", "deny", "no"),
    ("gates", "gates", "gates"),
    ("diff", "diff", "diff"),
    ("pull", "pull request", "pull"),
)
_OWN = (("Enter", "go"), ("/", "filter"), ("Tab", "side"))  # these keys stay what they are
_LAST = (("help", "help"), ("back", "back"))
_NAMED = {"BSpace": "backspace", ",": "comma"}
_HELD = {"C-": "ctrl+", "M-": "alt+", "S-": "shift+"}


def textual_key(key: str) -> str:
    """What tmux calls a key, as Textual does: `C-s` is `ctrl+s`, `F5` is `f5`, `S` stays."""
    held = ""
    while key[:2] in _HELD and len(key) > 2:
        held, key = held + _HELD[key[:2]], key[2:]
    return held + (_NAMED.get(key) or (key.lower() if len(key) > 1 else key))


def footer(chosen: Mapping[str, str], columns: int) -> str:
    """The keys in one line: as many of them, and as many words, as there is room for; help is always there."""
    last = [f"{chosen[name]} {words}" for name, words in _LAST if name in chosen]
    own = [" ".join(one) for one in _OWN]
    long = [*(f"{chosen[name]} {words}" for name, words, _ in _SAID if name in chosen), *own, *last]
    if len("  ".join(long)) <= columns:
        return "  ".join(long)
    short = [*(f"{chosen[name]} {word}" for name, _, word in _SAID if name in chosen), *own]
    while short and len("  ".join((*short, *last))) > columns:
        short.pop()
    return "  ".join((*short, *last))
