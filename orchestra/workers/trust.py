"""Whose words may start a worker: the tracker's members; an outsider's only after the user has read just these."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core.models import MEMBERS, Issue, Worker
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from orchestra.project.context import Project

_COMMENT = regex(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_REFERENCE = regex(r"^[ \t]*\[[^\]\n]*\]:[^\n]*$", re.MULTILINE)  # `[//]: # (words)`: a comment of Markdown
_FOLDED = regex(r"<(?:details|template|script|style)\b[^>]*>|<[^>\n]*\bhidden\b[^>\n]*>", re.IGNORECASE)
_GAP = regex(r"\n(?:[ \t]*\n){4,}")
_SEEN = frozenset({"\n", "\t", "\u200d", "\ufe0f"})  # joiners of emoji, and their colour


def check(project: Project, issue: Issue, *, given: bool, ask: Callable[[str], bool]) -> str:
    """The hash that pins an outsider's words, empty for a member's; raises OrchestraError unless the user trusts them.

    They are asked for once more after the user's yes: an edit in between voids it.
    """
    if issue.association in MEMBERS:
        return ""
    author = clean(issue.author, 60) or "somebody unknown"
    if not given:
        raise OrchestraError(
            f"#{issue.number} was written by {author}, who is not a member of this repository",
            f"read it, then orchestra spawn {issue.number} --trust",
        )
    pin = text_hash(issue)
    if not ask(f"#{issue.number} by {author}: {shown_words(issue)}\n\nsha256 of these words: {pin}"):
        raise OrchestraError(f"#{issue.number} was not trusted; nothing was started")
    if text_hash(project.tracker.issue(issue.number)) != pin:
        raise OrchestraError(
            f"#{issue.number} was edited while you read it; nothing was started",
            f"read it again: orchestra spawn {issue.number} --trust",
        )
    return pin


def check_again(project: Project, worker: Worker) -> None:
    """Before an agent begins on an outsider's words: an edit since the user read them voids that."""
    pin = worker.trusted
    if pin and text_hash(project.tracker.issue(worker.id)) != pin:
        raise OrchestraError(
            f"#{worker.id} was edited since you trusted it; no agent begins on it",
            f"orchestra restart {worker.id} goes on in its conversation, if it has one; to read it again: "
            f"orchestra cancel {worker.id}, then orchestra spawn {worker.id} --trust",
        )


def shown_words(issue: Issue) -> str:
    """The words of an issue as the user reads them before they trust them."""
    return f"{reveal(issue.title)}\n\n{reveal(issue.body)}"


def text_hash(issue: Issue) -> str:
    """A hash of the words that a worker would get."""
    return hashlib.sha256(f"{issue.author}\0{issue.title}\0{issue.body}".encode(errors="replace")).hexdigest()


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
