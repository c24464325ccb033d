"""Foreign text made safe to show, and the few ways numbers and times are written. Standard library only."""

from __future__ import annotations

import re
import time
import unicodedata
from datetime import datetime

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_VARYING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{7,40}|/tmp/\S+|\d+(?:\.\d+)?", re.ASCII | re.IGNORECASE)
_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)

# Marks that reorder or hide text: zero width, bidirectional, variation, invisible operators (failures.md 3.1).
_INVISIBLE = frozenset({0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, 0x241E, *range(0x202A, 0x202F), *range(0x2060, 0x2070)})
_UNPRINTABLE = frozenset({"Cc", "Zl", "Zp", "Cn", "Co", "Cs"})


def is_id(text: str) -> bool:
    """True for an issue number as people type it: `1` to ten digits, ASCII, no sign, no zero in front."""
    return _ID.fullmatch(text) is not None


def clean(text: str, limit: int = 200) -> str:
    """Foreign text as one line that is safe for a terminal and for tmux, cut at `limit` characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:limit]
    return " ".join("".join(map(_clean_char, text)).split())[:limit]


def clean_lines(text: str, limit: int = 20_000) -> str:
    """Foreign text as many lines: like `clean`, line by line, keeping the line breaks and the indentation."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(map(_clean_char, line.replace("\t", "    "))).rstrip() for line in lines)[:limit]


def _clean_char(char: str) -> str:
    if unicodedata.category(char) in _UNPRINTABLE or ord(char) in _INVISIBLE:
        if char in "\n\r\t\u2028\u2029":
            return " "
        return "" if unicodedata.category(char) == "Cc" else "\ufffd"
    return char


def stamp(seconds: float) -> str:
    """A wall-clock time (seconds since the epoch) as the session files write it: `2026-01-08T11:15:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds_of(stamped: str) -> float | None:
    """The inverse of `stamp`; None for what is not such a time."""
    if _STAMP.fullmatch(stamped) is None:
        return None
    try:
        return datetime.fromisoformat(stamped).timestamp()
    except ValueError:
        return None


def age(seconds: float) -> str:
    """How long, in the largest unit that says enough: `45s`, `12m`, `3h`, `2d`; a clock set back gives `0s` (G4)."""
    seconds = max(0.0, seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def signature(output: str) -> str:
    """A short name for the way something failed: numbers, addresses and times do not change it."""
    import hashlib

    lines = [_VARYING.sub("0", line).strip() for line in clean_lines(output, 200_000).splitlines()]
    telling = [line for line in lines if line][-60:]
    return hashlib.sha256("\n".join(telling).encode()).hexdigest()[:16]
