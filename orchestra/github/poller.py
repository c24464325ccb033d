"""Polling one GitHub repository for the monitor: two conditional requests, whatever the number of workers.

An idle poll is two 304s and costs no quota. All requests of all processes of a project go through one budget, and the
last good poll stays readable on disk, with its age.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, get_origin, get_type_hints

from orchestra.core.models import Issue
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import poll_parsing, responses
from orchestra.github.client import ApiClient
from orchestra.github.etag_cache import MOST_BYTES
from orchestra.github.operations import PAGE
from orchestra.github.poll_parsing import Poll, PullSeen
from orchestra.github.pull_reader import PullReader
from orchestra.github.responses import Invalid, Missing
from orchestra.storage.files import make_private, read_text, write_atomic
from orchestra.storage.github_heard import LAST

T = TypeVar("T")

RUNNING, IDLE = 15.0, 60.0  # seconds between polls


class Poller:
    """What changes in one repository, asked through `client`; `now` is the wall clock. `pulls`: its pull requests.

    Every function that asks raises Limited, without a request, while the budget says so, and Unreachable where GitHub
    gives no sensible answer.
    """

    def __init__(self, client: ApiClient, now: Callable[[], float]) -> None:
        self.address, self.pulls = client.address, PullReader(client, now)
        self._client, self._cache, self._now = client, client.cache, now
        self._repo = f"/repos/{client.address.slug}"
        # Listings as last read, with their ETags, so that a 304 costs no parsing either.
        self._read: dict[str, tuple[str, Any]] = {}
        self._written: tuple[object, float] | None = None

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        self._client.close()

    def poll(self) -> Poll:
        """Ask for what has changed: pull requests and open issues. The result is kept for `last`."""
        client, at, address = self._client, self._now(), self.address
        sent, unchanged = client.sent, client.unchanged
        newest: dict[str, str | int] = {"sort": "updated", "direction": "desc", "per_page": PAGE}
        try:
            pulls, odd = self._listing(
                "/pulls", {"state": "all", **newest}, lambda row: poll_parsing.pull_seen(row, address)
            )
            issues, more = self._issues({"state": "open", **newest})
        except (Missing, Invalid) as error:
            raise client.failed(error, mine=True) from None
        except Unreachable:
            raise
        except OrchestraError as error:  # the budget knows
            raise Unreachable(error.message, error.hint) from None
        poll = Poll(pulls, issues, client.sent - sent, client.unchanged - unchanged, at, odd + more)
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

    def issue_state(self, number: str) -> str:
        """`open` or `closed`, by one conditional request. Raises Missing where there is no such issue."""
        reply = self._client.get(f"{self._repo}/issues/{number}")
        return self._client.understood(reply, lambda answer: responses.issue(answer, self.address)).state

    def issue_fate(self, number: str, here: str) -> str:
        """What became of an issue, in a sentence, by one conditional request; empty while it is open.

        `here`: what the repository is called now, where known. Raises Missing where the issue is not there.
        """
        reply = self._client.get(f"{self._repo}/issues/{number}", optional=True)
        now, place, closed = self._client.understood(reply, poll_parsing.issue_place)
        known = {"", self.address.slug.lower(), here.lower()}
        if now != number or (place.lower() not in known and place.lower() != self._full_name()):
            return f"issue #{number} was moved to {clean(place, 100)}#{now}"
        return f"issue #{number} was {closed}" if closed else ""

    def _full_name(self) -> str:
        """What the repository is called now: a redirect leads to a renamed one, too."""
        reply = self._client.get(self._repo)
        return self._client.understood(reply, lambda answer: responses.required(answer, str, "full_name")).lower()

    def _issues(self, query: dict[str, str | int]) -> tuple[tuple[Issue, ...], int]:
        """The open issues; none where issues are disabled: pull requests do not depend on them."""
        try:
            return self._listing("/issues", query, lambda row: poll_parsing.issue_seen(row, self.address))
        except Missing as missing:
            if "disabled" in missing.message:
                return (), 0
            raise

    def _listing(
        self, path: str, query: dict[str, str | int], row_of: Callable[[Any], T | None]
    ) -> tuple[tuple[T, ...], int]:
        reply = self._client.get(self._repo + path, query)
        etag, found = self._read.get(path, ("", None))
        if not reply.unchanged or etag != reply.kept.etag:  # it may be another process that has asked last
            found = self._client.understood(reply, lambda answer: poll_parsing.listing(answer, row_of))
            self._read[path] = (reply.kept.etag, found)
        rows: tuple[tuple[T, ...], int] = found
        return rows

    def _remember(self, poll: Poll) -> None:
        """Keep the poll; of one that brought nothing new only the time. A full disk costs the memory, not the poll."""
        path, content = os.path.join(self._cache, LAST), (poll.pulls, poll.issues)
        with suppress(OSError):
            if not os.path.exists(path) or self._written != (content, os.stat(path).st_mtime):
                make_private(self._cache)
                write_atomic(path, _to_text(poll))
            os.utime(path, (poll.at, poll.at))
            self._written = (content, os.stat(path).st_mtime)


def poll_interval(running: bool, poll: float = 20.0) -> float:
    """Seconds until the next poll, never fewer than `poll`: 15 while something is `running`, 60 while nothing is."""
    return max(poll, RUNNING if running else IDLE)


def _to_text(poll: Poll) -> str:
    """A poll as it is kept on disk; when it was made is the file's own time."""
    kinds = {"pulls": poll.pulls, "issues": poll.issues}
    return json.dumps({key: [row._asdict() for row in rows] for key, rows in kinds.items()})  # type: ignore[attr-defined]


def _from_text(text: str, at: float) -> Poll | None:
    """The inverse, with no requests; None for what is not such a text."""
    try:
        kept = json.loads(text)
        return Poll(_restored(PullSeen, kept["pulls"]), _restored(Issue, kept["issues"]), 0, 0, at)
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
