"""Which issue is meant by the text under a cursor: `#124`, `GH-124`, its web address, `owner/repo#124`. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from orchestra.core.records import Record
from orchestra.core.regex import regex

# A web address, or one of the API: github.com, a name in a company's own network, another port.
_HOST = r"(?:https?://(?P<host>[\w.-]+)|(?P<bare>[\w-]+(?:\.[\w-]+)+))"
_REPOSITORY = rf"{_HOST}(?::\d+)?/(?:(?:api/v3/)?repos/)?(?P<slug>[\w.-]+/[\w.-]+)"
_REFERENCE = regex(
    rf"{_REPOSITORY}/(?:issues|pulls?)/(?P<web>[1-9]\d{{0,9}})(?!\d)"
    r"|(?<![\w./-])(?P<other>[\w.-]+/[\w.-]+)#(?P<far>[1-9]\d{0,9})(?!\w)"
    r"|(?<![\w-])GH-(?P<gh>[1-9]\d{0,9})(?!\w)"
    r"|(?<![\w/#&])#(?P<own>[1-9]\d{0,9})(?!\w)",
    re.ASCII,
)


_TYPED = regex(
    rf"<?{_REPOSITORY}/(?P<kind>issues|pulls?)/(?P<web>[1-9]\d{{0,9}})(?:\.(?:diff|patch)|[/?#].*)?>?"
    r"|https?://(?P<board>[\w.-]+)\S*[?&]issue=(?P<owner>[\w.-]+)(?:%7C|\|)(?P<name>[\w.-]+)(?:%7C|\|)(?P<card>[1-9]\d{0,9})(?:&.*)?"
    r"|(?P<project>[\w./-]*[\w.-])#(?P<far>[1-9]\d{0,9})"
    r"|(?:#|GH-)?(?P<own>[1-9]\d{0,9})",
    re.ASCII,
)
_SAME_HOST = regex(r"(?:www|api|ssh|redirect)\.(github\.com|[a-z0-9-]+\.ghe\.com)", re.ASCII)


class Reference(Record):
    """What the user typed for a worker: its number, the number of its pull request, or its branch.

    `project` is empty for the one around; `host`: of an address.
    """

    project: str = ""
    number: str = ""
    pull: str = ""
    branch: str = ""
    host: str = ""


def is_same_host(one: str, other: str) -> bool:
    """Whether two hosts are one GitHub: its API and its ssh have names of their own, and a port says nothing."""
    return _plain_host(one) == _plain_host(other)


def _plain_host(name: str) -> str:
    host = name.lower().partition(":")[0]
    return same[1] if (same := _SAME_HOST.fullmatch(host)) else host


def typed_reference(text: str) -> Reference:
    """`124`, `#124`, `widgets#124`, `acme/widgets#124`, the address of an issue or a pull request; else a branch."""
    found = _TYPED.fullmatch(text)
    if found is None:
        return Reference(branch=text)
    if found["card"]:  # an issue on a project's board
        return Reference(project=f"{found['owner']}/{found['name']}", number=found["card"], host=found["board"])
    if found["web"]:
        number = {"pull": found["web"]} if found["kind"] != "issues" else {"number": found["web"]}
        return Reference(project=found["slug"], host=found["host"] or found["bare"], **number)
    return Reference(project=found["project"] or "", number=found["far"] or found["own"])


class Spot(Record):
    """A cursor: the lines around it as they are on the screen, those same lines with wrapped ones joined, and where.

    `row` counts the lines from 0, `column` the cells of the terminal.
    """

    lines: tuple[str, ...]
    joined: tuple[str, ...]
    row: int
    column: int


def issue_at(spot: Spot, slug: str, host: str = "", *, exact: bool = False) -> str | None:
    """The number of the issue nearest to the cursor on its line; `exact`: only the one the cursor is on.

    An address or `owner/repo#124` of another repository than `slug`, or of another host where that is known, means
    nothing here.
    """
    text, place = _whole(spot)
    best: tuple[int, str] | None = None
    for found in _REFERENCE.finditer(text):
        named = found["slug"] or found["other"]
        on = found["host"] or found["bare"]
        if (named and named.lower() != slug.lower()) or (on and host and not is_same_host(on, host)):
            continue
        number = found["web"] or found["far"] or found["gh"] or found["own"]
        away = max(found.start() - place, place - found.end() + 1, 0)
        if (best is None or away < best[0]) and not (exact and away):
            best = (away, number)
    return best[1] if best else None


def _whole(spot: Spot) -> tuple[str, int]:
    """The line of the cursor with the lines it was wrapped over, and the cursor's place in it."""
    at = 0
    for text in spot.joined:
        pieces = _pieces(text, spot.lines[at:])
        if at <= spot.row < at + pieces:
            before = sum(len(line) for line in spot.lines[at : spot.row])
            return text, before + _characters(spot.lines[spot.row], spot.column)
        at += pieces
    return (spot.lines[spot.row], spot.column) if spot.row < len(spot.lines) else ("", 0)


def _pieces(text: str, lines: Sequence[str]) -> int:
    """How many of the lines, from the first, make up the joined text."""
    whole = ""
    for count, line in enumerate(lines, 1):
        whole += line
        if whole.rstrip() == text.rstrip():
            return count
    return 1


def _characters(line: str, column: int) -> int:
    """How many characters come before a cell of the terminal: wide ones take two."""
    cells = 0
    for count, char in enumerate(line):
        if cells >= column:
            return count
        cells += 2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1
    return len(line) + max(0, column - cells)
