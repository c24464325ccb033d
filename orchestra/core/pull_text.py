"""A pull request's title and text: what the worker writes, and what stays because somebody else wrote it. Pure.

orchestra owns one marked section of the text, and the title, for as long as they are what it wrote last: the end mark
holds a hash of both. What people and bots write around the section, or change in it, is never overwritten.
"""

from __future__ import annotations

import hashlib
import re

from orchestra.core.records import Record
from orchestra.core.regex import regex

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN = "<!-- orchestra -->"
MOST_TITLE = 256  # GitHub's limits, in characters
MOST_TEXT = 65_536
_END = regex(r"<!-- /orchestra title:([0-9a-f]{8}) text:([0-9a-f]{8}) words:(given|made) -->")
_WORDS_END = "\n\n<!-- end of the words -->\n\n"
_KEYWORD = r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"


class Wanted(Record):
    """What a ship wants to write. `title` and `words`: the worker's own, None where it gave none."""

    title: str | None
    words: str | None
    usual_title: str = ""
    usual_words: str = ""  # made of the commits
    evidence: str = ""  # what verify said
    closes: str = ""  # the line that closes the issue; empty for one that GitHub does not know
    template: str = ""  # the repository's own, for a text that the worker did not write


class Written(Record):
    """A title and a text as they are to be. `kept`: what was wanted and stays as it is: `title`, `text`."""

    title: str
    text: str
    kept: tuple[str, ...] = ()


def opened(wanted: Wanted) -> Written:
    """Title and text of a new pull request."""
    title = _title(wanted.title or wanted.usual_title)
    before = f"{wanted.template.strip()}\n\n" if wanted.template.strip() and wanted.words is None else ""
    words = wanted.usual_words if wanted.words is None else wanted.words.strip()
    section = _section(words, wanted, MOST_TEXT - len(before) - 200)
    return Written(title, before + _marked(title, section, given=wanted.words is not None))


def revised(title: str, text: str, wanted: Wanted) -> Written:
    """Title and text of an open pull request after another ship. Without words of the worker's own they stay."""
    mark = _END.search(text)
    begin = text.rfind(BEGIN, 0, mark.start()) if mark else -1
    if mark is None or begin < 0:  # written by people: nothing of it is the worker's
        kept = [name for name, given in (("title", wanted.title), ("text", wanted.words)) if given is not None]
        kept = [name for name in kept if (name, title) != ("title", _title(wanted.title or ""))]
        return Written(title, text, tuple(kept))
    section = text[begin + len(BEGIN) : mark.start()].strip()
    kept = []
    new_title, title_hash = title, mark[1]
    if wanted.title is not None:
        if _hash(title) == mark[1]:
            new_title, title_hash = _title(wanted.title), _hash(_title(wanted.title))
        elif title != _title(wanted.title):
            kept.append("title")
    given, text_hash = mark[3] == "given" or wanted.words is not None, mark[2]
    if _hash(section) == mark[2]:
        room = MOST_TEXT - len(text) + len(section)
        section = _section(_words(section, wanted, given=mark[3] == "given"), wanted, room)
        text_hash = _hash(section)
    else:
        given = mark[3] == "given"
        kept += ["text"] if wanted.words is not None else []
    end = _end(title_hash, text_hash, given=given)
    return Written(new_title, f"{text[:begin]}{BEGIN}\n{section}\n{end}{text[mark.end() :]}", tuple(kept))


def closes_issue(text: str, number: str, slug: str = "") -> bool:
    """Whether a text holds a keyword by which GitHub closes issue `number` of the repository `slug`."""
    here = re.escape(slug)
    address = rf"https?://[^\s/]+/{here}/issues/" if slug else r"https?://[^\s/]+/[^\s/]+/[^\s/]+/issues/"
    target = rf"(?:(?:{here})?#|GH-|{address}){re.escape(number)}(?!\w)"
    return re.search(_KEYWORD + target, text, re.IGNORECASE) is not None


def made_of_commits(subjects: Sequence[str]) -> str:
    """The words for a pull request whose worker gave none."""
    return "\n".join(f"- {subject}" for subject in subjects)


def evidence(command: str, tail: str) -> str:
    """What verify said, as a part of the text."""
    fenced = tail[-1500:].replace("```", "'''")
    return f"Verified with `{command}`:\n\n```\n{fenced}\n```"


def _title(title: str) -> str:
    return _sendable(title)[:MOST_TITLE]


def _section(words: str, wanted: Wanted, room: int) -> str:
    """The marked section, cut to `room` characters: of one that is too long the end of the words goes."""
    rest = "\n\n".join(part for part in (wanted.evidence, wanted.closes) if part)
    words = _sendable(words).replace(BEGIN, "").replace(_WORDS_END.strip(), "").strip()
    left = max(0, room - len(rest) - len(_WORDS_END))
    return _sendable(_WORDS_END.join(part for part in (words[:left].rstrip(), rest) if part))


def _words(section: str, wanted: Wanted, *, given: bool) -> str:
    """The words of the section after this ship: the new ones, or those that the worker gave before."""
    if wanted.words is not None:
        return wanted.words.strip()
    if not given:
        return wanted.usual_words
    return section.replace("\r\n", "\n").partition(_WORDS_END)[0]


def _marked(title: str, section: str, *, given: bool) -> str:
    return f"{BEGIN}\n{section}\n{_end(_hash(title), _hash(section), given=given)}"


def _end(title_hash: str, text_hash: str, *, given: bool) -> str:
    return f"<!-- /orchestra title:{title_hash} text:{text_hash} words:{'given' if given else 'made'} -->"


def _hash(text: str) -> str:
    """Of the text as GitHub may give it back: an edit in the browser makes all line ends CRLF."""
    plain = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").strip().split("\n"))
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:8]


def _sendable(text: str) -> str:
    """Text that goes into JSON: what argv has let through undecoded would break the encoding."""
    return text.encode("utf-8", "replace").decode("utf-8")
