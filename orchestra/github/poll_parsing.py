"""What REST says of pull requests, checks and remarks, read from its answers. Pure.

Text is as its author wrote it: foreign, not yet cleaned. Addresses of GitHub's own pages are made, not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from orchestra.core.checks import ACTIONS, CheckRun, Suite
from orchestra.core.models import Issue
from orchestra.core.records import Record
from orchestra.core.remarks import Kind, Remark
from orchestra.errors import Unreachable
from orchestra.github import responses
from orchestra.github.graph import BaseFacts, CheckDetail, Opinion, PullFacts, job_of, web
from orchestra.github.responses import RepositoryAddress, optional, required

T = TypeVar("T")


class PullSeen(Record):
    """A pull request as the listing shows it. `state`: open, closed or merged; `head_repo`: empty where it is gone."""

    number: int
    url: str
    head_ref: str
    head_sha: str
    head_repo: str
    base_ref: str
    state: str
    draft: bool
    updated_at: str
    author: str
    base_repo: str = ""  # as it is called now: a renamed repository has its new name here
    default_branch: str = ""  # of that repository
    archived: bool = False  # that repository is read-only


class Poll(Record):
    """One look at the repository `at` (seconds since the epoch): the hundred of each kind that changed last.

    What is not in it has not changed lately; that does not mean that it is gone. `requests` were sent for it, of
    which `unchanged` cost nothing; `skipped` rows made no sense.
    """

    pulls: tuple[PullSeen, ...]
    issues: tuple[Issue, ...]
    requests: int
    unchanged: int
    at: float
    skipped: int = 0


def listing(answer: Any, row_of: Callable[[Any], T | None]) -> tuple[tuple[T, ...], int]:
    """The rows of a listing and how many made no sense. If none did, the answer is not an answer."""
    rows = required(answer, list)
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
        head_repo=_head_repository(row),
        base_ref=required(row, str, "base", "ref"),
        state=known.state,
        draft=optional(row, bool, "draft") or False,
        updated_at=required(row, str, "updated_at"),
        author=_who(row)[0],
        base_repo=optional(row, str, "base", "repo", "full_name") or "",
        default_branch=optional(row, str, "base", "repo", "default_branch") or "",
        archived=optional(row, bool, "base", "repo", "archived") or False,
    )


def _head_repository(row: Any) -> str:
    """The full name of the repository that the head is in; empty for a fork that was deleted."""
    return required(row, str, "head", "repo", "full_name") if optional(row, dict, "head", "repo") else ""


def issue_seen(row: Any, address: RepositoryAddress) -> Issue | None:
    """One row of the listing of issues; None for a pull request, which is listed there too."""
    return None if optional(row, dict, "pull_request") else responses.issue(row, address)


def issue_place(answer: Any) -> tuple[str, str, str]:
    """Of an issue its number and repository, which a redirect may have changed, and who closed it."""
    return str(required(answer, int, "number")), responses.repository_of(answer), responses.closed(answer)


def rest_facts(answer: Any) -> PullFacts:
    """One pull request as REST gives it; its checks, reviews and threads are asked for apart."""
    known = responses.pull(answer, 0.0)
    return PullFacts(
        number=known.number,
        state=known.state,
        draft=optional(answer, bool, "draft") or False,
        mergeable=known.mergeable,
        merge_state=(optional(answer, str, "mergeable_state") or "").lower(),
        decision=None,
        in_queue=False,
        auto_merge=optional(answer, dict, "auto_merge") is not None,
        head_sha=known.head_sha,
        head_ref=required(answer, str, "head", "ref"),
        head_repo=_head_repository(answer),
        base_ref=required(answer, str, "base", "ref"),
        said_at="",
        unseen=("review threads",) if known.state == "open" else (),
        labels=tuple(required(one, str, "name") for one in optional(answer, list, "labels") or ()),
    )


def check_details(checks: Iterable[Any], runs: Iterable[Any]) -> tuple[CheckDetail, ...]:
    """Check runs; `runs` of Actions say which workflow and event a check suite is of.

    One row that cannot be read makes the whole answer invalid: without it the rest might pass.
    """
    known = {required(run, int, "check_suite_id"): run for run in runs if optional(run, int, "check_suite_id")}
    return tuple(_check_run(row, known) for row in checks)


def job_details(jobs: Iterable[tuple[Any, Any]]) -> tuple[CheckDetail, ...]:
    """The jobs of Actions runs, for a token that may see Actions and no check runs."""
    found = []
    for run, job in jobs:
        state = optional(job, str, "conclusion") or required(job, str, "status")
        number = required(job, int, "id")
        row = CheckRun(
            required(job, str, "name"), state, ACTIONS, optional(run, str, "name") or "", required(run, str, "event"),
            optional(job, str, "started_at") or "", optional(run, int, "check_suite_id") or required(run, int, "id"),
        )  # fmt: skip
        found.append(CheckDetail(row, web(optional(job, str, "html_url")), number, ""))
    return tuple(found)


def status_details(statuses: Iterable[Any]) -> tuple[CheckDetail, ...]:
    """Commit statuses, of which GitHub gives the newest of each context."""
    found = []
    for row in statuses:
        run = CheckRun(required(row, str, "context"), required(row, str, "state"),
                       started=optional(row, str, "created_at") or "")  # fmt: skip
        found.append(
            CheckDetail(run, web(optional(row, str, "target_url")), None, optional(row, str, "description") or "")
        )
    return tuple(found)


def suites(runs: Iterable[Any]) -> tuple[Suite, ...]:
    """Runs of Actions as the suites that they are."""
    return tuple(
        Suite(
            optional(run, int, "check_suite_id") or required(run, int, "id"),
            optional(run, str, "conclusion") or optional(run, str, "status") or "",
            ACTIONS, optional(run, str, "name") or "", required(run, str, "event"),
            optional(run, str, "run_started_at") or optional(run, str, "created_at") or "",
        )
        for run in runs
    )  # fmt: skip


def opinions(reviews: Iterable[Any]) -> tuple[Opinion, ...]:
    """The latest approval or request for changes of each reviewer, by REST's listing, oldest first."""
    latest: dict[str, Opinion] = {}
    for row in reviews:
        state, (author, bot) = required(row, str, "state"), _who(row)
        number = str(required(row, int, "id"))
        if state in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED"):
            association = optional(row, str, "author_association") or "NONE"
            latest[author or number] = Opinion(number, author, association, state, bot, None)
    return tuple(latest.values())


def required_checks(answer: Any) -> tuple[str, ...]:
    """The checks that a branch's protection requires, as `GET branches/BRANCH` shows them to who may not change it."""
    if not optional(answer, dict, "protection") or not optional(answer, dict, "protection", "required_status_checks"):
        return ()
    found = optional(answer, list, "protection", "required_status_checks", "contexts") or []
    return tuple(one for one in found if isinstance(one, str))


def ruled_checks(answer: Any) -> BaseFacts:
    """What the rules (rulesets) of a branch require."""
    names: list[str] = []
    reviews, conversations = 0, False
    for rule in required(answer, list):
        given = optional(rule, dict, "parameters") or {}
        names += [required(one, str, "context") for one in optional(given, list, "required_status_checks") or []]
        reviews = max(reviews, optional(given, int, "required_approving_review_count") or 0)
        conversations |= optional(given, bool, "required_review_thread_resolution") or False
    return BaseFacts(tuple(dict.fromkeys(names)), reviews, conversations)


def more_than(count: int, key: str) -> list[Any]:
    """A row for what was not read: more checks than that may hold anything."""
    row = {"id": 0, "name": f"more than {count:,} checks", "status": "queued"}
    return [row] if key == "check_runs" else []


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


def _check_run(row: Any, runs: Mapping[int, Any]) -> CheckDetail:
    said = [optional(row, str, "output", key) for key in ("title", "summary")] if optional(row, dict, "output") else []
    app = optional(row, str, "app", "slug") or "" if optional(row, dict, "app") else ""
    suite = optional(row, int, "check_suite", "id") or 0 if optional(row, dict, "check_suite") else 0
    of = runs.get(suite, {})
    # A check that is completed without a conclusion has not passed yet.
    state = optional(row, str, "conclusion") or required(row, str, "status")
    run = CheckRun(
        required(row, str, "name"), state, app, optional(of, str, "name") or "", optional(of, str, "event") or "",
        optional(row, str, "started_at") or "", suite,
    )  # fmt: skip
    url = web(optional(row, str, "html_url") or optional(row, str, "details_url"))
    return CheckDetail(run, url, job_of(url, required(row, int, "id"), app), "\n".join(text for text in said if text))


def _remark(row: Any, kind: Kind, page: str, at: str) -> Remark:
    number, (author, bot) = required(row, int, "id"), _who(row)
    state = required(row, str, "state") if kind is Kind.REVIEW else ""
    inline = kind is Kind.INLINE
    reply_to = (optional(row, int, "in_reply_to_id") or 0) if inline else 0
    return Remark(
        id=f"{kind}:{number}",
        author=author,
        association=optional(row, str, "author_association") or "NONE",
        bot=bot,
        kind=kind,
        state=state if state in ("APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED") else "",
        text=optional(row, str, "body") or "",
        path=(optional(row, str, "path") or "") if inline else "",
        line=(optional(row, int, "line") or optional(row, int, "original_line")) if inline else None,
        at=optional(row, str, at) or "",  # a review that is still being written has no time
        url=f"{page}{number}",
        updated=optional(row, str, "updated_at") or "",
        start_line=(optional(row, int, "start_line") or optional(row, int, "original_start_line")) if inline else None,
        thread=(reply_to or number) if inline else 0,
        reply_to=reply_to,
        commit=(optional(row, str, "original_commit_id") or "") if inline else "",
    )


def _who(row: Any) -> tuple[str, bool]:
    """Who wrote it, and whether that is a program; nobody where the account is gone."""
    if not optional(row, dict, "user"):
        return "", False
    login = required(row, str, "user", "login")
    return login, optional(row, str, "user", "type") == "Bot" or login.endswith("[bot]")
