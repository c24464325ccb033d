"""Which issues a text says must be done first: "blocked by #12", "depends on #12 and #13", `- [ ] #12`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestra.core.records import Record
from orchestra.core.regex import regex

MOST_TEXT = 65_536  # characters of one text, which is the longest that GitHub takes
MOST_NAMED = 50

_REFERENCE = r"(?:[\w.-]+/[\w.-]+#|#|\bGH-|https?://[^\s/]+/[\w.-]+/[\w.-]+/(?:issues|pull)/)[1-9][0-9]{0,9}\b"
# Backslashes guard against a longer word before and after: `unblocked by #12` says the opposite.
_SAYS = regex(
    rf"(?<![\w-])(?P<not>(?:not|no longer|never|isn't|was|were|un)[ -]+(?:\w+[ ]+)?)?"
    rf"(?:blocked[ ]+(?:by|on)|depend(?:s|ent|ing)?[ ]+(?:up)?on|waits?[ ]+for|requires?)[ ]*:?[ ]*"
    rf"(?P<list>{_REFERENCE}(?:(?:[ ]*(?:,|;|&|\band\b|\bor\b))+[ ]*{_REFERENCE})*)",
    re.IGNORECASE | re.ASCII,
)
_TASK = regex(rf"^[ ]{{0,8}}(?:[-*+]|\d{{1,3}}[.)])[ ]+\[[ ]\][ ]+(?P<one>{_REFERENCE})", re.MULTILINE | re.ASCII)
_ONE = regex(_REFERENCE, re.IGNORECASE | re.ASCII)
_UNSAID = (  # what a reader does not take as said: code, comments, quotations, struck out text
    regex(r"^[ ]{0,3}(?P<fence>`{3,}|~{3,}).*?(?:^[ ]{0,3}(?P=fence)[`~]*[ ]*$|\Z)", re.MULTILINE | re.DOTALL),
    regex(r"<!--.*?(?:-->|\Z)", re.DOTALL),
    regex(r"`[^`\n]*`"),
    regex(r"~~[^~\n]*~~"),
    regex(r"^[ ]{0,3}>.*$", re.MULTILINE),
)


class Blocker(Record):
    """An issue that must be done first, and who says so. One of another repository is `owner/repo#12`."""

    number: str
    source: str


def named_in(text: str, slug: str) -> tuple[Blocker, ...]:
    """The issues that a text of the repository `slug` (`acme/widgets`) names as blockers, in order, once each."""
    text = text[:MOST_TEXT].replace("\r\n", "\n")
    for unsaid in _UNSAID:
        text = unsaid.sub(" ", text)
    found: dict[str, Blocker] = {}
    for number, source in (*_said(text, slug), *_tasks(text, slug)):
        found.setdefault(number, Blocker(number, source))
    return tuple(found.values())[:MOST_NAMED]


def _said(text: str, slug: str) -> Iterator[tuple[str, str]]:
    for said in _SAYS.finditer(text):
        if said["not"] is None:
            for one in _ONE.findall(said["list"]):
                yield _number(one, slug), "its text"


def _tasks(text: str, slug: str) -> Iterator[tuple[str, str]]:
    for task in _TASK.finditer(text):
        yield _number(task["one"], slug), "its task list"


def _number(reference: str, slug: str) -> str:
    """`12` of this repository, `owner/repo#12` of another."""
    if "://" in reference:
        owner, repo, _, number = reference.rsplit("/", 3)
        where = f"{owner.rpartition('/')[2]}/{repo}"
    else:
        where, _, number = reference.rpartition("#") if "#" in reference else ("", "", reference[3:])
    return number if where.lower() in ("", slug.lower()) else f"{where}#{number}"
