"""An outsider's text as a person must see it before a worker reads it: what is hidden on a web page is shown. Pure."""

from __future__ import annotations

import re
import unicodedata

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_REFERENCE = re.compile(r"^[ \t]*\[[^\]\n]*\]:[^\n]*$", re.MULTILINE)  # `[//]: # (words)`: a comment of Markdown
_FOLDED = re.compile(r"<(?:details|template|script|style)\b[^>]*>|<[^>\n]*\bhidden\b[^>\n]*>", re.IGNORECASE)
_GAP = re.compile(r"\n(?:[ \t]*\n){4,}")
_SEEN = frozenset({"\n", "\t", "\u200d", "\ufe0f"})  # joiners of emoji, and their colour


def reveal(text: str) -> str:
    """`text` with hidden characters as `<U+200B>`, and with a mark in front of what a web page does not show.

    Nothing is left out, so that what was read is what the worker gets.
    """
    text = text.replace("\r\n", "\n")
    text = _GAP.sub(lambda found: f"\n[{found[0].count(chr(10)) - 1} empty lines]\n", text)
    for pattern, name in ((_COMMENT, "COMMENT"), (_REFERENCE, "NOT SHOWN"), (_FOLDED, "FOLDED AWAY")):
        text = pattern.sub(lambda found, name=name: f"[{name}:] {found[0]}", text)  # type: ignore[misc]
    return "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char in _SEEN or char.isprintable():
        return _tag(char)
    return f"<U+{ord(char):04X}>"


def _tag(char: str) -> str:
    """Printable by Python's word, invisible by a browser's: fillers, blanks and variation selectors."""
    code = ord(char)
    blank = code in (0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F, 0x17B4, 0x17B5)
    selector = 0xFE00 <= code < 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return f"<U+{code:04X}>" if blank or selector or (unicodedata.category(char) == "Zs" and char != " ") else char
