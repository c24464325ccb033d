"""Open an issue on GitHub: sent once, and found again when the answer to the request was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestra.core.records import Record
from orchestra.core.text import clean, stamp
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import responses
from orchestra.github.client import ApiClient
from orchestra.github.operations import Operations

SKEW_SECONDS = 7200.0  # that this machine's clock may be ahead of GitHub's: one that missed a change of the hour too


class OpenedIssue(Record):
    """The issue: its number, its address, and the labels that GitHub has given it."""

    number: str
    url: str
    labels: tuple[str, ...]


class NewIssues:
    """The new issues of one repository."""

    def __init__(self, client: ApiClient) -> None:
        owner, _, name = client.address.slug.rpartition("/")
        self._operations = Operations(client, owner, name)

    def open(self, title: str, body: str, labels: Sequence[str]) -> OpenedIssue:
        """Open an issue. Who may not set labels gets an issue without them, and no error."""
        asked: dict[str, Any] = {"title": title, "body": body}
        asked |= {"labels": list(labels)} if labels else {}
        return _opened(self._operations.ask("issues.create", **asked))

    def rewrite(self, number: str, title: str, body: str) -> None:
        """Give an issue other words."""
        self._operations.ask("issues.update", issue_number=int(number), title=title, body=body)

    def find(self, title: str, body: str, since: float) -> OpenedIssue | None:
        """The issue that this token has opened with exactly these words since then (epoch seconds)."""
        wanted = {"state": "all", "since": stamp(since - SKEW_SECONDS)}
        try:
            wanted["creator"] = responses.required(self._operations.ask("users.get_authenticated"), str, "login")
        except Unreachable:
            raise
        except OrchestraError:  # the token of an app has no user
            pass
        for row in self._operations.pages("issues.list_for_repo", **wanted):
            same = responses.optional(row, str, "title") == title and _same(responses.optional(row, str, "body"), body)
            if same and not responses.optional(row, dict, "pull_request"):
                return _opened(row)
        return None


def _opened(answer: Any) -> OpenedIssue:
    labels = responses.optional(answer, list, "labels") or []
    return OpenedIssue(
        str(responses.required(answer, int, "number")),
        clean(responses.required(answer, str, "html_url"), 300),
        tuple(one if isinstance(one, str) else responses.required(one, str, "name") for one in labels),
    )


def _same(one: str | None, other: str) -> bool:
    """Whether two texts have the same lines: GitHub may write line ends in another way."""
    return (one or "").split() == other.split()
