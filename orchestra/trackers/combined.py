"""GitHub's issues, and beside them the local ones of a project that also keeps some off GitHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from orchestra.core.blockers import Blocker
from orchestra.core.models import Issue
from orchestra.trackers.local import LocalTracker

LOCAL_FROM = 900_001  # numbers from here on are local issues: no repository on GitHub comes near


class Remote(Protocol):
    """The tracker of a forge."""

    def issue(self, number: str) -> Issue:
        """One issue; raises OrchestraError when there is none."""
        ...

    def issues(self) -> tuple[Issue, ...]:
        """The open issues."""
        ...

    def search(self, text: str) -> tuple[Issue, ...]:
        """The open issues that a text finds."""
        ...

    def blockers(self, issue: Issue) -> tuple[Blocker, ...]:
        """The open issues that must be done before this one."""
        ...


class CombinedTracker:
    """Issues of both; a number says by itself where it belongs."""

    def __init__(self, remote: Callable[[], Remote], local: LocalTracker) -> None:
        self.remote, self.local = remote, local  # the forge is reached, and its token needed, when it is asked

    @property
    def problems(self) -> tuple[str, ...]:
        """What the last `issues()` left out: local files that cannot be read."""
        return self.local.problems

    def issue(self, number: str) -> Issue:
        """One issue, open or closed; raises OrchestraError when there is none."""
        return self.local.issue(number) if is_local(number) else self.remote().issue(number)

    def issues(self) -> tuple[Issue, ...]:
        """The open issues of both."""
        here = self.local.issues() if self.local.exists() else ()
        return (*(one for one in here if is_local(one.number)), *self.remote().issues())

    def search(self, text: str) -> tuple[Issue, ...]:
        """The open issues of both that a text finds."""
        here = self.local.search(text) if self.local.exists() else ()
        return (*(one for one in here if is_local(one.number)), *self.remote().search(text))

    def blockers(self, issue: Issue) -> tuple[Blocker, ...]:
        """The open issues that must be done before this one."""
        return self.local.blockers(issue) if is_local(issue.number) else self.remote().blockers(issue)


def is_local(number: str) -> bool:
    """Whether this is the number of a local issue in a project that is on GitHub."""
    return number.isdecimal() and int(number) >= LOCAL_FROM
