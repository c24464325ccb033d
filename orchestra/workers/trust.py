"""Whose words may start a worker: the tracker's members; an outsider's only after a person has read just these."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core.models import MEMBERS, Issue, Worker
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.reveal import reveal

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra

TRUSTED = "trusted"  # in the snapshot: the hash of the words that a person has read


def check(orchestra: Orchestra, issue: Issue, *, given: bool, ask: Callable[[str], bool]) -> str:
    """The hash that pins an outsider's words, empty for a member's; raises OrchestraError unless a person trusts them.

    They are asked for once more after the person's yes: an edit in between voids it.
    """
    if issue.association in MEMBERS:
        return ""
    author = clean(issue.author, 60) or "somebody unknown"
    if not given:
        raise OrchestraError(
            f"#{issue.number} was written by {author}, who is no member of this repository",
            f"read it, then orchestra spawn {issue.number} --trust",
        )
    pin = pinned(issue)
    words = f"{reveal(issue.title)}\n\n{reveal(issue.body)}"
    if not ask(f"#{issue.number} by {author}: {words}\n\nsha256 of these words: {pin}"):
        raise OrchestraError(f"#{issue.number} was not trusted; nothing was started")
    if pinned(orchestra.tracker.issue(issue.number)) != pin:
        raise OrchestraError(
            f"#{issue.number} was edited while you read it; nothing was started",
            f"read it again: orchestra spawn {issue.number} --trust",
        )
    return pin


def check_again(orchestra: Orchestra, worker: Worker) -> None:
    """Before an agent begins on an outsider's words: an edit since a person read them voids that."""
    pin = worker.extra.get(TRUSTED)
    if pin and pinned(orchestra.tracker.issue(worker.id)) != pin:
        raise OrchestraError(
            f"#{worker.id} was edited since you trusted it; no agent begins on it",
            f"orchestra restart {worker.id} goes on in its conversation, if it has one; to read it again: "
            f"orchestra cancel {worker.id}, then orchestra spawn {worker.id} --trust",
        )


def pinned(issue: Issue) -> str:
    """A hash of the words that a worker would get."""
    return hashlib.sha256(f"{issue.author}\0{issue.title}\0{issue.body}".encode(errors="replace")).hexdigest()
