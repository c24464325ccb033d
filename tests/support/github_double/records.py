"""The things the double remembers."""

from __future__ import annotations

from dataclasses import dataclass, field


class Refused(Exception):
    """An answer other than success: GitHub's status, message and `errors`."""

    def __init__(self, status: int, message: str, *errors: dict[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)


@dataclass
class Comment:
    id: int
    author: str
    association: str
    body: str
    at: int


@dataclass
class Review(Comment):
    state: str
    commit: str


@dataclass
class Thread:
    """A review thread: its comments share a line of a file."""

    id: int
    path: str
    line: int
    commit: str
    comments: list[Comment]
    resolved: bool = False


@dataclass
class Ticket:
    """An issue; a pull request is one too, as on GitHub."""

    number: int
    title: str
    body: str | None
    author: str
    association: str
    labels: list[str]
    created: int
    updated: int
    state: str = "open"
    closed: int | None = None
    comments: list[Comment] = field(default_factory=list)
    blocked_by: list[int] = field(default_factory=list)
    sub_issues: list[int] = field(default_factory=list)


@dataclass
class Pull(Ticket):
    head: str = ""
    base: str = ""
    sha: str = ""
    draft: bool = False
    merged: int | None = None
    merge_sha: str | None = None
    mergeable_known: bool = True
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)


@dataclass
class Check:
    """A check run. That of an Actions run has a log."""

    id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    at: int
    log: str = ""


@dataclass
class CommitStatus:
    id: int
    sha: str
    context: str
    state: str
    description: str
    at: int


@dataclass
class Run:
    """An Actions run of one job; a job is a check run, and its id is the check run's."""

    id: int
    name: str
    branch: str
    sha: str
    at: int
    job: Check
