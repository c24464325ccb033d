"""What a worker is told about its pull request, in words. Pure.

Everything quoted is evidence from outside and is fenced as such; each item has an id, so that it is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from orchestra.core.events import AtLimit, Failure
from orchestra.core.models import MEMBERS
from orchestra.core.text import clean, clean_lines, signature

MOST_TEXT = 4000
MOST_CONTEXT = 3000


class Item(NamedTuple):
    """One thing to tell: its id, a name for the monitor's line, the words, and whether it reopens finished work."""

    id: str
    name: str
    words: str
    reopens: bool = True
    asked: str = ""  # what a reviewer said, and who: the same again is no progress


def check_id(sha: str, name: str) -> str:
    """A failing check is told once for each head commit."""
    return f"check:{sha[:12]}:{clean(name, 80)}"


def failing_check(item: str, name: str, url: str, tail: str) -> Item:
    """A failing check with the end of its log."""
    shown = clean(name, 80)
    words = f"The check `{shown}` fails on your last push ({clean(url, 200)}). The end of its log:\n{_fenced(tail)}"
    return Item(item, f"the failing check {shown}", words + "\nFind the cause, mend it, commit and ship again.")


def is_heard(author: str, association: str, *, bot: bool) -> bool:
    """Whose comments reach a worker: members' and bots'; an outsider's words are not for it (failures.md X4)."""
    return bool(author) and (bot or association in MEMBERS)


def remark(item: str, author: str, state: str, said: str, path: str, line: int | None) -> Item | None:
    """A review or a comment; None when it asks nothing (an approval, an empty frame around inline comments)."""
    asks = state == "CHANGES_REQUESTED"
    if not asks and (not said.strip() or state == "APPROVED"):
        return None
    who = clean(author, 60)
    place = f" on {clean(path, 200)}" + (f" line {line}" if line else "") if path else ""
    head = f"{who} requests changes" if asks else f"{who} comments"
    words = f"{head}{place}:\n{_fenced(said)}" if said.strip() else f"{head}."
    return Item(item, f"what {who} says", words, asked=f"{who}{place}\n{said}")


def conflict(sha: str, base: str, files: Sequence[str]) -> Item:
    """The branch does not merge any more."""
    listed = "".join(f"\n- {clean(name, 200)}" for name in files[:40])
    words = f"Your branch conflicts with {clean(base, 100)}" + (f" in:{listed}" if listed else ".")
    mend = f"\nFetch and merge origin/{clean(base, 100)} into your branch, resolve the conflicts, verify, ship again."
    return Item(f"conflict:{sha[:12]}", "a merge conflict", words + mend)


def foreign_head(sha: str, branch: str) -> Item:
    """Somebody else pushed to the worker's branch."""
    words = f"Somebody else pushed {sha[:12]} to {clean(branch, 100)}. Fetch it, merge it, look at it, and ship again."
    return Item(f"foreign:{sha[:12]}", "a push by somebody else", words)


def as_message(items: Iterable[Item]) -> str:
    """All of it as one message."""
    return "\n\n".join(item.words for item in items)


def failure(summary: str, evidence: str, limit: int) -> Failure:
    """One more attempt without progress: its signature, and what the user is asked at the limit."""
    context = clean_lines(evidence, 200_000)[-MOST_CONTEXT:]
    return Failure(signature(evidence), AtLimit(limit, summary, context))


def review(items: Sequence[Item], limit: int) -> Failure | None:
    """The same for what reviewers ask; None when none of the items is theirs."""
    asked = [item for item in items if item.asked]
    if not asked:
        return None
    who = ", ".join(dict.fromkeys(item.asked.partition("\n")[0] for item in asked))
    evidence = "\n".join(item.asked for item in asked)
    return failure(f"the same is asked again by {clean(who, 200)}", evidence, limit)


def _fenced(said: str) -> str:
    lines = clean_lines(said, 200_000)[-MOST_TEXT:].strip("\n").replace("~~~~", "~~~")
    return f"~~~~\n{lines}\n~~~~"
