"""Foreign text made safe to show, and the few ways numbers and times are written. Standard library only."""

from __future__ import annotations

import time
import unicodedata

from orchestra.core.regex import regex

# Marks that reorder or hide text: zero width, bidirectional, variation, invisible operators.
# Tag characters (E0000 on) spell whole sentences that no reader sees; a soft hyphen is drawn at the end of a line only.
_INVISIBLE = frozenset(
    {0x00AD, 0x200B, 0x200E, 0x200F, 0x061C, 0xFEFF, 0x241E, *range(0x202A, 0x202F), *range(0x2060, 0x2070)}
)
# What makes one emoji of several, or another of one. How many columns that takes is another number in each terminal and
# each version of tmux, and a line that is counted wrongly breaks the columns of all that stands beside it.
_SHAPES = frozenset({*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x1F3FB, 0x1F400)})
_JOINER = "\u200d"
_JOINERS = frozenset({_JOINER, "\u200c"})  # of several scripts too; the other one takes no column
_LATIN = "\u05ff"  # the last letter before the scripts that have them: Latin, Greek, Cyrillic, Hebrew
_SEQUENCE = regex(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_UNPRINTABLE = frozenset({"Cc", "Zl", "Zp", "Cn", "Co", "Cs"})


def is_id(text: str) -> bool:
    """True for an issue number as people type it: `1` to ten digits, ASCII, no sign, no zero in front."""
    return text.isascii() and text.isdecimal() and len(text) <= 10 and text[0] != "0"


def clean(text: str, limit: int = 200) -> str:
    """Foreign text as one line that is safe for a terminal and for tmux, cut at `limit` characters."""
    return " ".join(_cleaned(text).split())[:limit]


def clean_lines(text: str, limit: int = 20_000, *, joined: bool = False) -> str:
    """Foreign text as many lines: like `clean`, line by line, keeping the line breaks and the indentation.

    `joined`: for an agent, to whom no column matters: with the joiners that emoji and several scripts have.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_cleaned(line.replace("\t", "    "), joined=joined).rstrip() for line in lines)[:limit]


def plain(text: str) -> str:
    """What a program has printed, without its colours and other sequences of a terminal; it is still to be cleaned."""
    return _SEQUENCE.sub("", text) if "\x1b" in text else text


def _cleaned(text: str, *, joined: bool = False) -> str:
    """Without what is unprintable or hides, and without what makes the width of a line a guess."""
    if text.isascii() and text.isprintable():
        return text
    found = "".join(map(_clean_char, text))
    if not joined:
        found = found.replace(_JOINER, "")
    if not _JOINERS.intersection(found):
        return found
    near = f" {found} "
    return "".join(
        char for place, char in enumerate(found) if char not in _JOINERS or min(near[place], near[place + 2]) > _LATIN
    )


def _clean_char(char: str) -> str:
    if ord(char) in _SHAPES:
        return ""
    if 0xE0000 <= ord(char) <= 0xE007F or unicodedata.category(char) in _UNPRINTABLE or ord(char) in _INVISIBLE:
        if char in "\n\r\t\u2028\u2029":
            return " "
        return "" if unicodedata.category(char) == "Cc" else "\ufffd"
    return char


def stamp(seconds: float) -> str:
    """A wall-clock time (seconds since the epoch) as the session files write it: `2026-01-08T11:15:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds_of(stamped: str) -> float | None:
    """The inverse of `stamp`; None for what is not such a time."""
    if stamped in _SECONDS:
        return _SECONDS[stamped]
    if len(_SECONDS) >= _MOST_SECONDS:
        _SECONDS.clear()
    found = _SECONDS[stamped] = _seconds_of(stamped)
    return found


_SECONDS: dict[str, float | None] = {}  # `list` asks for the same times of a worker ten times
_MOST_SECONDS = 4096


def _seconds_of(stamped: str) -> float | None:
    from datetime import datetime  # costs 2 ms, and a hook that holds up an agent never gets here

    if len(stamped) != len("2026-01-08T11:15:00Z") or stamped[10] + stamped[19] != "TZ" or not stamped.isascii():
        return None
    try:
        return datetime.fromisoformat(stamped).timestamp()
    except ValueError:
        return None


def age(seconds: float) -> str:
    """How long, in the largest unit that says enough: `45s`, `12m`, `3h`, `2d`; a clock set back gives `0s`."""
    seconds = max(0.0, seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def short(count: int) -> str:
    """`950`, `12k`, `1.2M`."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size and size > 1000 else f"{count // size}{unit}"
    return str(count)


def signature(output: str) -> str:
    """A short name for the way something failed: numbers, addresses and times do not change it."""
    import hashlib
    import re

    varying = re.compile(r"0x[0-9a-f]+|[0-9a-f]{7,40}|/tmp/\S+|\d+(?:\.\d+)?", re.ASCII | re.IGNORECASE)
    lines = [varying.sub("0", line).strip() for line in clean_lines(output, 200_000).splitlines()]
    telling = [line for line in lines if line][-60:]
    return hashlib.sha256("\n".join(telling).encode()).hexdigest()[:16]
