"""Whose words may start a worker: the tracker's members; an outsider's only after a person has read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError
from orchestra.model import MEMBERS, Issue
from orchestra.text import clean, clean_lines

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def check(orchestra: Orchestra, issue: Issue, *, given: bool, ask: Callable[[str], bool]) -> None:  # noqa: ARG001
    """Raise OrchestraError unless the author may start a worker or a person has read the text and said yes."""
    if issue.association in MEMBERS:
        return
    author = clean(issue.author, 60) or "somebody unknown"
    if not given:
        raise OrchestraError(
            f"#{issue.number} was written by {author}, who is no member of this repository",
            f"read it, then orchestra spawn {issue.number} --trust",
        )
    shown = f"#{issue.number} by {author}: {clean(issue.title)}\n\n{clean_lines(issue.body)}"
    if not ask(shown):
        raise OrchestraError(f"#{issue.number} was not trusted; nothing was started")
