"""A pull request as GitHub showed it: the facts that `core/verdict.py` judges. No rules here. Standard library only."""

from __future__ import annotations

from orchestra.core.enums import StrEnum
from orchestra.core.records import Record


class Checks(StrEnum):
    """What CI says of a pull request's head commit, all checks together."""

    NONE = "none"
    PENDING = "pending"
    PASSING = "passing"
    FAILING = "failing"


class CheckState(StrEnum):
    """How one check of the head commit is."""

    FAILED = "failed"
    APPROVAL = "approval"  # it starts once somebody approves it on GitHub: an outsider's run, an environment
    PENDING = "pending"
    MISSING = "missing"  # required, or known from an earlier head, and not reported for this one
    PASSED = "passed"


class Check(Record):
    """One check of the head commit. `counts`: it decides; one that does not is told as a note when it fails."""

    name: str
    state: CheckState
    counts: bool = True
    required: bool = False  # by the protection of the base branch
    since: str = ""


class Thread(Record):
    """A review thread that is not resolved."""

    author: str
    heard: bool = True  # the author's words are passed on to the worker
    addressed: bool = False  # the worker shipped or replied after it was told of every remark in it


class Review(Record):
    """The latest opinion of one reviewer: APPROVED or CHANGES_REQUESTED."""

    author: str
    state: str
    heard: bool = True
    addressed: bool = False


class Head(StrEnum):
    """The worker's branch beside the head commit that GitHub shows."""

    SAME = "same"
    AHEAD = "ahead"  # the worker has commits that are not shipped
    REWOUND = "rewound"  # GitHub has an earlier commit than the worker pushed last
    UPDATED = "updated"  # GitHub merged the base into it (Update branch), and nothing else
    FOREIGN = "foreign"  # GitHub has commits that somebody else pushed
    UNKNOWN = "unknown"


class Update(StrEnum):
    """`pull_request.update`: who brings a branch up to date that is behind its base under strict checks."""

    AUTO = "auto"
    ASK = "ask"
    NEVER = "never"
    REFUSED = "refused"  # auto, and GitHub refused it for this head: no word of the configuration


class Pull(Record):
    """A pull request as last seen, at `observed_at`. Unknown answers are None or empty, never a guess."""

    number: int
    state: str  # open, closed or merged
    head_sha: str = ""
    checks: Checks = Checks.NONE
    review_decision: str | None = None
    unresolved: int | None = None
    mergeable: bool | None = None
    observed_at: str = ""
    draft: bool = False
    merge_state: str = ""  # GitHub's mergeStateStatus in lower case: clean, behind, blocked, dirty, unstable ...
    in_queue: bool = False  # the merge queue has it
    auto_merge: bool = False  # GitHub merges it by itself when everything that is required is there
    head: Head = Head.SAME
    head_since: str = ""  # when this head commit was first seen
    settled: bool = True  # the head had its calm time: what has not begun by now does not come
    passed: int = 0  # checks that passed; `rows` need not list them
    rows: tuple[Check, ...] = ()
    threads: tuple[Thread, ...] = ()
    reviews: tuple[Review, ...] = ()
    untold: int = 0  # remarks that ask something of the worker, and that it has not been told of
    conversations: bool = False  # the base branch's protection wants every thread resolved before a merge
    update: Update = Update.AUTO
    unseen: tuple[str, ...] = ()  # what this token cannot see, in words: "checks of apps"
    left_queue: bool = False  # the merge queue had this head, and has put it out without a merge
    into: str = ""  # the base branch, where it is not the default branch
    default_branch: str = ""  # known where `into` is: only merges into this one close issues
    by_hand: str = ""  # closed, while this base branch holds its changes: squashed, rebased or picked by hand
    renamed: str = ""  # the branch's name on GitHub, where that is not the worker's any more
    archived: bool = False  # the repository is read-only
    holds: tuple[str, ...] = ()  # labels that say not to merge it yet
    frowns: tuple[str, ...] = ()  # who disapproved with a sign, and without words
    orphan: bool = False  # the repository of its branch is gone, or hidden from this token
    lost: str = ""  # why GitHub does not show it now, although it answers
    lost_since: str = ""  # when that was first seen
    closed_by: str = ""  # who closed it, where GitHub says so
    partial: str = ""  # why GraphQL says nothing now: REST shows no threads and no merge queue
