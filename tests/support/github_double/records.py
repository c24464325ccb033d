"""The things the double remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

ACTIONS = "github-actions"


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
    updated: int = 0
    reply_to: int | None = None


@dataclass
class Review(Comment):
    state: str = "COMMENTED"
    commit: str = ""


@dataclass
class Thread:
    """A review thread: its comments share some lines of a file."""

    id: int
    path: str
    line: int
    commit: str
    comments: list[Comment]
    resolved: bool = False
    outdated: bool = False
    start_line: int | None = None
    resolved_by: str = ""


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
    assignees: list[str] = field(default_factory=list)
    blocked_by: list[int] = field(default_factory=list)
    closed_by: str = ""
    reason: str | None = None  # why it was closed: completed, not_planned, duplicate
    locked: str = ""  # why its conversation is locked
    moved_to: str = ""  # the repository that it was transferred to
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
    owner: str = ""  # of the fork that the head is in; empty: the repository itself
    in_queue: bool = False
    auto_merge: bool = False
    requested: list[str] = field(default_factory=list)  # reviewers
    reactions: list[tuple[str, str]] = field(default_factory=list)  # login, and what: `THUMBS_DOWN`
    reviews: list[Review] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)


@dataclass
class Suite:
    """A check suite: of one app, and of one run of a workflow where the app is Actions."""

    id: int
    sha: str
    app: str
    at: int
    status: str = ""  # empty: as its checks are
    conclusion: str | None = None


@dataclass
class Check:
    """A check run. That of an Actions run has a log."""

    id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    at: int
    suite: Suite
    log: str = ""
    summary: str = ""


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
    """An Actions run of a workflow; its jobs are check runs of its suite, and have their ids."""

    id: int
    name: str
    branch: str
    sha: str
    at: int
    suite: Suite
    event: str = "pull_request"
    jobs: list[Check] = field(default_factory=list)

    @property
    def job(self) -> Check:
        """Its first job."""
        return self.jobs[0]

    @property
    def status(self) -> str:
        """As it was set, or as its jobs are."""
        if self.suite.status:
            return self.suite.status
        return "completed" if all(job.status == "completed" for job in self.jobs) else "in_progress"

    @property
    def conclusion(self) -> str | None:
        """As it was set, or the worst of its jobs."""
        if self.status != "completed":
            return None
        if self.suite.conclusion:
            return self.suite.conclusion
        found = [job.conclusion for job in self.jobs]
        worst = ("failure", "timed_out", "cancelled", "action_required")
        return next((one for one in worst if one in found), "success")


@dataclass
class Protection:
    """What a branch wants before a merge. `ruleset`: by a ruleset, and not by its protection; both show it apart.

    `locked`: another rule, which this client cannot see, refuses the merge.
    """

    checks: list[str] = field(default_factory=list)
    strict: bool = False
    reviews: int = 0
    conversations: bool = False
    code_owners: list[str] = field(default_factory=list)  # logins, of whom one must approve
    last_push: bool = False  # somebody other than who pushed last must approve, after that push
    ruleset: bool = False
    locked: bool = False
    apps: dict[str, str] = field(default_factory=dict)  # by check: the only app whose check counts
