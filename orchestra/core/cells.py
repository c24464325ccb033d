"""How many columns text takes in a terminal, and text cut to a number of them. Pure; standard library only."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "\u2026"
_JAMO = frozenset({*range(0x1160, 0x1200), *range(0xD7B0, 0xD800)})  # vowels and ends of a syllable whose begin is wide


def width(text: str) -> int:
    """Columns that `text` takes: wide characters two, marks that combine with the one before none."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf") or ord(char) in _JAMO:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, columns: int) -> str:
    """The begin of `text` that fits into `columns`."""
    if text.isascii():
        return text[: max(0, columns)]
    room = columns
    for place, char in enumerate(text):
        room -= _width(char)
        if room < 0:
            return text[:place]
    return text


def cut(text: str, columns: int, mark: str = ELLIPSIS) -> str:
    """`text` in at most `columns`: what is too long ends at a word, with `mark`; a word that is too long is cut."""
    if width(text) <= columns:
        return text
    room = columns - width(mark)
    if room < 0:
        return clip(text, columns)
    kept = clip(text, room)
    if not text[len(kept)].isspace():
        words = kept.rstrip().rpartition(" ")[0].rstrip()
        kept = words if width(words) * 2 >= room else kept  # less than half would be left: cut in the word
    return kept.rstrip(" ,;:") + mark


def pad(text: str, columns: int) -> str:
    """`text` cut or filled to exactly `columns`."""
    shown = cut(text, columns)
    return shown + " " * (columns - width(shown))
