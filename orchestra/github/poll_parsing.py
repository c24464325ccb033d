"""What polling GitHub brings, as records: read from its answers and rolled up. Pure.

Text is as its author wrote it: foreign, not yet cleaned. Addresses of GitHub's own pages are made, not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from orchestra.core.models import Issue
from orchestra.core.pull_request import Checks, Pull
from orchestra.core.text import stamp
from orchestra.errors import Unreachable
from orchestra.github import responses
from orchestra.github.responses import RepositoryAddress, optional, required

T = TypeVar("T")

THREADS = 100  # review threads looked at for each pull request; the most one page gives


class PullSeen(NamedTuple):
    """A pull request as the listing shows it. `state`: open, closed or merged; `merged_sha`: the commit it became."""

    number: int
    url: str
    head_ref: str
    head_sha: str
    head_repo_is_ours: bool
    base_ref: str
    state: str
    draft: bool
    updated_at: str
    author: str
    merged_sha: str | None


class Run(NamedTuple):
    """A run of GitHub Actions. `conclusion` is None until its `status` is completed."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    url: str
    updated_at: str


class Poll(NamedTuple):
    """One look at the repository `at` (seconds since the epoch): the hundred of each kind that changed last.

    What is not in it has not changed lately; that does not mean that it is gone. `requests` were sent for it, of
    which `unchanged` cost nothing; `skipped` rows made no sense.
    """

    pulls: tuple[PullSeen, ...]
    issues: tuple[Issue, ...]
    runs: tuple[Run, ...]
    requests: int
    unchanged: int
    at: float
    skipped: int = 0


class CheckSeen(NamedTuple):
    """A check of a head commit. `job`: the Actions job with its log; None for what other systems report."""

    name: str
    state: Checks
    url: str
    job: int | None
    summary: str


class Kind(StrEnum):
    """Where something was said: in a review, on a line of the change, or in the conversation."""

    REVIEW = "review"
    INLINE = "inline"
    COMMENT = "comment"


class Remark(NamedTuple):
    """Something said about a pull request. `id`: `review:12`; `state`: a review's verdict, or empty."""

    id: str
    author: str
    association: str
    bot: bool
    kind: Kind
    state: str
    text: str
    path: str
    line: int | None
    at: str
    url: str


class Details(NamedTuple):
    """What is asked when something about a pull request has changed; `review_decision` is what the reviews come to."""

    checks: tuple[CheckSeen, ...]
    remarks: tuple[Remark, ...]
    review_decision: str | None
    at: float


class MergeState(NamedTuple):
    """Whether a pull request merges and how many threads are unresolved; None where GitHub does not say (yet)."""

    number: int
    mergeable: bool | None
    unresolved: int | None
    review_decision: str | None


def pull_from_details(pull: PullSeen, details: Details, merge_state: MergeState | None) -> Pull:
    """All that is known of a pull request as our noun: one failing check fails it, one pending keeps it pending."""
    states = {check.state for check in details.checks}
    order = (Checks.FAILING, Checks.PENDING, Checks.PASSING)
    return Pull(
        number=pull.number,
        state=pull.state,
        head_sha=pull.head_sha,
        checks=next((state for state in order if state in states), Checks.NONE),
        review_decision=(merge_state and merge_state.review_decision) or details.review_decision,
        unresolved=merge_state.unresolved if merge_state else None,
        mergeable=merge_state.mergeable if merge_state else None,
        observed_at=stamp(details.at),
    )


def listing(answer: Any, key: str, row_of: Callable[[Any], T | None]) -> tuple[tuple[T, ...], int]:
    """The rows of a listing (below `key`) and how many made no sense. If none did, the answer is no answer (S11)."""
    rows = required(answer, list, *([key] if key else []))
    found: list[T] = []
    skipped = 0
    for row in rows:
        try:
            one = row_of(row)
        except Unreachable:
            skipped += 1
            if skipped == len(rows):
                raise
        else:
            found += [] if one is None else [one]
    return tuple(found), skipped


def pull_seen(row: Any, address: RepositoryAddress) -> PullSeen:
    """One row of the listing of pull requests."""
    known = responses.pull(row, 0.0)
    return PullSeen(
        number=known.number,
        url=f"{address.web}/pull/{known.number}",
        head_ref=required(row, str, "head", "ref"),
        head_sha=known.head_sha,
        head_repo_is_ours=responses.same_repository_branch(row) is not None,
        base_ref=required(row, str, "base", "ref"),
        state=known.state,
        draft=optional(row, bool, "draft") or False,
        updated_at=required(row, str, "updated_at"),
        author=_who(row)[0],
        # Of an open one GitHub gives the commit it has tried the merge with.
        merged_sha=optional(row, str, "merge_commit_sha") if known.state == "merged" else None,
    )


def issue_seen(row: Any, address: RepositoryAddress) -> Issue | None:
    """One row of the listing of issues; None for a pull request, which is listed there too."""
    return None if optional(row, dict, "pull_request") else responses.issue(row, address)


def run_seen(row: Any, address: RepositoryAddress) -> Run:
    """One row of the listing of Actions runs."""
    number = required(row, int, "id")
    return Run(
        id=number,
        name=optional(row, str, "name") or "",
        head_sha=required(row, str, "head_sha"),
        status=optional(row, str, "status") or "",
        conclusion=optional(row, str, "conclusion"),
        url=f"{address.web}/actions/runs/{number}",
        updated_at=required(row, str, "updated_at"),
    )


def checks(runs: Iterable[Any], statuses: Iterable[Any]) -> tuple[CheckSeen, ...]:
    """Check runs and commit statuses. One that makes no sense is no answer at all: without it the rest might pass."""
    return (*map(_check_run, runs), *map(_commit_status, statuses))


def remarks(
    address: RepositoryAddress, number: int, reviews: Iterable[Any], inline: Iterable[Any], comments: Iterable[Any]
) -> tuple[Remark, ...]:
    """What was said about a pull request, oldest first; without drafts and frames that only hold inline comments."""
    page = f"{address.web}/pull/{number}"
    found = [
        *(_remark(row, Kind.REVIEW, f"{page}#pullrequestreview-", "submitted_at") for row in reviews),
        *(_remark(row, Kind.INLINE, f"{page}#discussion_r", "created_at") for row in inline),
        *(_remark(row, Kind.COMMENT, f"{page}#issuecomment-", "created_at") for row in comments),
    ]
    said = [one for one in found if one.at and (one.text.strip() or one.state not in ("", "COMMENTED"))]
    return tuple(sorted(said, key=lambda one: one.at))


def merge_state(answer: Any) -> MergeState:
    """What REST says of one pull request: less than GraphQL."""
    return MergeState(responses.pull(answer, 0.0).number, optional(answer, bool, "mergeable"), None, None)


def merge_query(numbers: Sequence[int]) -> str:
    """One GraphQL query for all these pull requests, with the variables $owner and $name."""
    threads = f"reviewThreads(first: {THREADS}) {{ nodes {{ isResolved }} pageInfo {{ hasNextPage }} }}"
    asked = " ".join(
        f"p{number}: pullRequest(number: {number}) {{ number mergeable reviewDecision {threads} }}"
        for number in numbers
    )  # fmt: skip
    return f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {asked} }} }}"


def merge_states(answer: Any) -> tuple[MergeState, ...] | None:
    """What GraphQL answered, without those it does not find; None when it answered with errors only."""
    if not optional(answer, dict, "data") or not optional(answer, dict, "data", "repository"):
        return None
    rows = required(answer, dict, "data", "repository").values()
    return tuple(_graph_state(row) for row in rows if row is not None)


def _check_run(row: Any) -> CheckSeen:
    state = required(row, str, "conclusion") if required(row, str, "status") == "completed" else "pending"
    said = [optional(row, str, "output", key) for key in ("title", "summary")] if optional(row, dict, "output") else []
    app = optional(row, str, "app", "slug") if optional(row, dict, "app") else None
    return CheckSeen(
        name=required(row, str, "name"),
        state=responses.rollup([state]),
        url=_web(optional(row, str, "html_url") or optional(row, str, "details_url")),
        job=required(row, int, "id") if app in (None, "github-actions") else None,  # an Actions job is a check run
        summary="\n".join(text for text in said if text),
    )


def _commit_status(row: Any) -> CheckSeen:
    state = responses.rollup([required(row, str, "state")])
    url, said = _web(optional(row, str, "target_url")), optional(row, str, "description")
    return CheckSeen(required(row, str, "context"), state, url, None, said or "")


def _remark(row: Any, kind: Kind, page: str, at: str) -> Remark:
    number, (author, bot) = required(row, int, "id"), _who(row)
    state = required(row, str, "state") if kind is Kind.REVIEW else ""
    inline = kind is Kind.INLINE
    return Remark(
        id=f"{kind}:{number}",
        author=author,
        association=optional(row, str, "author_association") or "NONE",
        bot=bot,
        kind=kind,
        state=state if state in ("APPROVED", "CHANGES_REQUESTED", "COMMENTED") else "",
        text=optional(row, str, "body") or "",
        path=(optional(row, str, "path") or "") if inline else "",
        line=(optional(row, int, "line") or optional(row, int, "original_line")) if inline else None,
        at=optional(row, str, at) or "",  # a review that is still being written has no time
        url=f"{page}{number}",
    )


def _graph_state(row: Any) -> MergeState:
    threads = [required(one, bool, "isResolved") for one in required(row, list, "reviewThreads", "nodes")]
    unresolved = threads.count(False)
    all_seen = unresolved or not required(row, bool, "reviewThreads", "pageInfo", "hasNextPage")
    merges = {"MERGEABLE": True, "CONFLICTING": False}.get(required(row, str, "mergeable"))
    decision = optional(row, str, "reviewDecision")
    return MergeState(required(row, int, "number"), merges, unresolved if all_seen else None, decision)


def _who(row: Any) -> tuple[str, bool]:
    """Who wrote it, and whether that is a program; nobody where the account is gone."""
    if not optional(row, dict, "user"):
        return "", False
    login = required(row, str, "user", "login")
    return login, optional(row, str, "user", "type") == "Bot" or login.endswith("[bot]")


def _web(url: str | None) -> str:
    return url if url and url.startswith(("https://", "http://")) else ""
