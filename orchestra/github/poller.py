"""Polling GitHub for the monitor: three conditional requests a poll, whatever the number of workers.

An idle poll is three 304s and costs no quota; what has changed is then asked for by pull request. All requests of
all processes of a project go through one budget, and the last good poll stays readable on disk, with its age.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, get_origin, get_type_hints

from orchestra.core.models import Issue
from orchestra.core.text import clean_lines
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import poll_parsing, responses
from orchestra.github.client import ApiClient
from orchestra.github.etag_cache import MOST_BYTES
from orchestra.github.operations import PAGE, PAGES
from orchestra.github.poll_parsing import (
    CheckSeen,
    Details,
    Kind,
    MergeState,
    Poll,
    PullSeen,
    Remark,
    Run,
    pull_from_details,
)
from orchestra.github.rate_limit import LAST, Limited
from orchestra.github.responses import Invalid, Missing
from orchestra.storage.files import make_private, read_text, write_atomic

__all__ = [
    "CheckSeen", "Details", "Kind", "Limited", "MergeState", "Poll", "Poller", "PullSeen", "Remark", "Run",
    "poll_interval", "pull_from_details",
]  # fmt: skip

T = TypeVar("T")

RUNNING, IDLE, UNWATCHED = 15.0, 60.0, 300.0  # seconds between polls
ABSENT = 600.0  # seconds until Actions or GraphQL is tried again where there is none, or the token may not use it
LOG_BYTES = 2 * 1024 * 1024
LOG_LINE = 300  # characters
LOG_KEPT = 64 * 1024  # characters of each of the last LOGS logs: a finished job's log does not change
LOGS = 50

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z ?", re.ASCII)
_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")


class Poller:
    """What changes in one repository, asked through `client`; `now` is the wall clock.

    Every function that asks raises Limited, without a request, while the budget says so, and Unreachable where GitHub
    gives no sensible answer.
    """

    def __init__(
        self,
        client: ApiClient,
        now: Callable[[], float],
    ) -> None:
        self._client, self.address, self._cache, self._now = client, client.address, client.cache, now
        owner, _, repo = client.address.slug.rpartition("/")
        self._variables = {"owner": owner, "name": repo}
        self._repo = f"/repos/{owner}/{repo}"
        # Listings as last read, with their ETags, so that a 304 costs no parsing either.
        self._read: dict[str, tuple[str, Any]] = {}
        self._written: tuple[object, float] | None = None
        self._absent: dict[str, float] = {}
        self._tails: dict[int, str] = {}

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._client.close()

    def poll(self) -> Poll:
        """Ask for what has changed: pull requests, open issues, Actions runs. The result is kept for `last`."""
        client, at, address = self._client, self._now(), self.address
        sent, unchanged = client.sent, client.unchanged
        newest: dict[str, str | int] = {"sort": "updated", "direction": "desc", "per_page": PAGE}
        try:
            pulls, odd = self._listing(
                "/pulls", {"state": "all", **newest}, lambda row: poll_parsing.pull_seen(row, address)
            )
            issues, more = self._listing(
                "/issues", {"state": "open", **newest}, lambda row: poll_parsing.issue_seen(row, address)
            )
        except (Missing, Invalid) as error:
            raise client.failed(error, mine=True) from None
        except Unreachable:
            raise
        except OrchestraError as error:  # the budget knows
            raise Unreachable(error.message, error.hint) from None
        runs, most = self._runs()
        counts = (client.sent - sent, client.unchanged - unchanged)
        poll = Poll(pulls, issues, runs, *counts, at, odd + more + most)
        client.budget.succeeded()
        self._remember(poll)
        return poll

    def last(self) -> tuple[Poll | None, float | None, str]:
        """The last good poll of any process, its age in seconds, and the present trouble in a sentence; no request."""
        path, now = os.path.join(self._cache, LAST), self._now()
        poll = None
        with suppress(OSError):
            poll = _from_text(read_text(path, MOST_BYTES), os.stat(path).st_mtime)
        return poll, None if poll is None else max(0.0, now - poll.at), self._client.budget.last_failure().told(now)

    def details(self, pull: PullSeen) -> Details:
        """The checks of its head commit, and what was said about it. Raises Missing or Invalid where it is gone."""
        at, commit, number = self._now(), f"/commits/{pull.head_sha}", pull.number
        runs = self._pages(f"{commit}/check-runs", "check_runs")
        statuses = self._pages(f"{commit}/status", "statuses")
        reviews = self._pages(f"/pulls/{number}/reviews")
        inline = self._pages(f"/pulls/{number}/comments")
        comments = self._pages(f"/issues/{number}/comments")
        checks = poll_parsing.checks(runs, statuses)
        remarks = poll_parsing.remarks(self.address, number, reviews, inline, comments)
        self._client.budget.succeeded()
        return Details(checks, remarks, responses.decision(reviews), at)

    def issue_state(self, number: str) -> str:
        """`open` or `closed`, by one conditional request. Raises Missing where there is no such issue."""
        reply = self._client.get(f"{self._repo}/issues/{number}")
        return self._client.understood(reply, lambda answer: responses.issue(answer, self.address)).state

    def merge_states(self, numbers: Sequence[int]) -> tuple[MergeState, ...]:
        """Whether these pull requests merge, by one GraphQL query for all of them; those not found are left out.

        Where there is no GraphQL, REST is asked for each, and nothing is known of unresolved threads.
        """
        if not numbers:
            return ()
        found = self._by_graphql(numbers)
        if found is None:
            found = tuple(state for number in numbers if (state := self._by_rest(number)) is not None)
        self._client.budget.succeeded()
        return found

    def log_tail(self, check: CheckSeen, lines: int = 60) -> str:
        """The end of a check's log, up to its last error; what the check says of itself where there is no log."""
        log = "" if check.job is None else self._tails.get(check.job) or self._job_log(check.job)
        last = (log or check.summary).rstrip().split("\n")[-lines:]
        return clean_lines("\n".join(_COLOUR.sub("", _TIME.sub("", line))[:LOG_LINE] for line in last))

    def _listing(
        self, path: str, query: dict[str, str | int], row_of: Callable[[Any], T | None], *, key: str = ""
    ) -> tuple[tuple[T, ...], int]:
        reply = self._client.get(self._repo + path, query, optional=bool(key))
        etag, found = self._read.get(path, ("", None))
        if not reply.unchanged or etag != reply.kept.etag:  # it may be another process that has asked last
            found = self._client.understood(reply, lambda answer: poll_parsing.listing(answer, key, row_of))
            self._read[path] = (reply.kept.etag, found)
        rows: tuple[tuple[T, ...], int] = found
        return rows

    def _runs(self) -> tuple[tuple[Run, ...], int]:
        """Actions runs; none in a repository without Actions."""
        if self._is_absent("actions"):
            return (), 0
        try:
            rows: dict[str, str | int] = {"per_page": PAGE}
            return self._listing(
                "/actions/runs", rows, lambda row: poll_parsing.run_seen(row, self.address), key="workflow_runs"
            )
        except Missing:
            self._absent["actions"] = self._now() + ABSENT
            return (), 0

    def _pages(self, path: str, key: str = "") -> list[Any]:
        rows: list[Any] = []
        for page in range(1, PAGES + 1):
            reply = self._client.get(self._repo + path, {"per_page": PAGE, "page": page})
            found = self._client.understood(
                reply, lambda answer: responses.required(answer, list, *([key] if key else []))
            )
            rows += found
            if len(found) < PAGE:
                break
        return rows

    def _by_graphql(self, numbers: Sequence[int]) -> tuple[MergeState, ...] | None:
        if self._is_absent("graphql"):
            return None
        try:
            reply = self._client.graphql(poll_parsing.merge_query(numbers), self._variables)
            found = self._client.understood(reply, poll_parsing.merge_states)
        except Missing:
            found = None
        if found is None:
            self._absent["graphql"] = self._now() + ABSENT
        return found

    def _by_rest(self, number: int) -> MergeState | None:
        try:
            return self._client.understood(self._client.get(f"{self._repo}/pulls/{number}"), poll_parsing.merge_state)
        except Missing:
            return None

    def _is_absent(self, what: str) -> bool:
        return 0 < self._absent.get(what, 0.0) - self._now() <= ABSENT

    def _job_log(self, job: int) -> str:
        try:
            address = self._client.location(f"{self._repo}/actions/jobs/{job}/logs")
        except Missing:
            return ""
        text = self._client.piece(address, LOG_BYTES).decode("utf-8", "replace").removeprefix("\ufeff")
        if (error := text.rfind("##[error]")) >= 0:  # after the failing step Actions cleans up, which says nothing
            text = text[:error] + text[error:].split("\n", 1)[0]
        if len(self._tails) >= LOGS:
            self._tails.clear()
        self._tails[job] = text[-LOG_KEPT:]
        return self._tails[job]

    def _remember(self, poll: Poll) -> None:
        """Keep the poll; of one that brought nothing new only the time. A full disk costs the memory, not the poll."""
        path, content = os.path.join(self._cache, LAST), (poll.pulls, poll.issues, poll.runs)
        with suppress(OSError):
            if not os.path.exists(path) or self._written != (content, os.stat(path).st_mtime):
                make_private(self._cache)
                write_atomic(path, _to_text(poll))
            os.utime(path, (poll.at, poll.at))
            self._written = (content, os.stat(path).st_mtime)


def poll_interval(running: bool, attached: bool = True, poll: float = 20.0) -> float:
    """Seconds until the next poll, never fewer than `poll`: 15 while something is `running`, 60 while nothing is.

    With nobody `attached` either it is five minutes: nobody waits for it then.
    """
    return max(poll, RUNNING if running else IDLE if attached else UNWATCHED)


def _to_text(poll: Poll) -> str:
    """A poll as it is kept on disk; when it was made is the file's own time."""
    kinds = {"pulls": poll.pulls, "issues": poll.issues, "runs": poll.runs}
    return json.dumps({key: [row._asdict() for row in rows] for key, rows in kinds.items()})  # type: ignore[attr-defined]


def _from_text(text: str, at: float) -> Poll | None:
    """The inverse, with no requests; None for what is not such a text."""
    try:
        kept = json.loads(text)
        pulls, issues, runs = kept["pulls"], kept["issues"], kept["runs"]
        return Poll(_restored(PullSeen, pulls), _restored(Issue, issues), _restored(Run, runs), 0, 0, at)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _restored(kind: Callable[..., T], rows: Any) -> tuple[T, ...]:
    types = {name: tuple if get_origin(one) is tuple else one for name, one in get_type_hints(kind).items()}
    found = []
    for row in rows:
        values = {name: tuple(map(str, value)) if isinstance(value, list) else value for name, value in row.items()}
        if values.keys() != types.keys() or not all(isinstance(values[name], one) for name, one in types.items()):
            raise ValueError
        found.append(kind(**values))
    return tuple(found)
