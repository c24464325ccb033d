"""GitHub's REST operations by name, as ghapi knows them: `operations.ask("issues.get", issue_number=7)`.

ghapi makes the request of an operation from GitHub's own description; our client sends it, so that one budget and one
cache serve everything. Only the operations that are called are built: all 1,225 of them, as `GhApi()` does, cost 0.17 s
of CPU, these 2 ms. Importing ghapi costs 0.3 s, so it happens at the first call, and polling goes past it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from orchestra.github import responses
from orchestra.github.client import ApiClient, ApiReply

T = TypeVar("T")

PAGE = 100  # rows; the largest GitHub gives
PAGES = 10
NAMES = frozenset({
    "repos.get", "issues.get", "issues.list_for_repo", "issues.list_comments", "issues.list_dependencies_blocked_by",
    "issues.list_sub_issues", "issues.create", "issues.update", "pulls.get", "pulls.list", "pulls.create",
    "pulls.update", "pulls.update_branch", "search.issues_and_pull_requests",
    "pulls.create_reply_for_review_comment",
    "users.get_authenticated", "pulls.merge", "pulls.create_review",
})  # fmt: skip


class Operations:
    """The operations of one repository, asked through `client`."""

    def __init__(self, client: ApiClient, owner: str, repo: str) -> None:
        self._client, self._defaults = client, {"owner": owner, "repo": repo}
        self._operations: dict[str, Callable[..., Any]] = {}

    def ask(self, operation: str, **params: Any) -> Any:
        """One request; the JSON of its answer. Raises as the client does."""
        reply = self._opened()[operation](**params)
        return self._client.understood(reply, lambda answer: answer)

    def pages(self, operation: str, key: str = "", **params: Any) -> list[Any]:
        """The rows of at most PAGES pages."""
        rows: list[Any] = []
        for page in range(1, PAGES + 1):
            answer = self.ask(operation, per_page=PAGE, page=page, **params)
            found = responses.required(answer, list, *([key] if key else []))
            rows += found
            if len(found) < PAGE:
                break
        return rows

    def _opened(self) -> Mapping[str, Callable[..., Any]]:
        if not self._operations:
            import ghapi.core

            core: Any = ghapi.core  # neither typed nor explicit about what it exports
            wanted = ((f"{one.group}.{one.name}", one) for one in core.pspec.ops)
            self._operations = {
                name: core.SyncOpFunc(one, _Transport(self._client), self._client.api_url, defaults=self._defaults)
                for name, one in wanted
                if name in NAMES
            }
        return self._operations


class _Transport:
    """What ghapi sends through: our client."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def request(self, method: str, url: str, *, params: Any = None, json: Any = None, **_: Any) -> ApiReply:
        """Send one request; ghapi hands the reply on as it is."""
        return self._client.request(method.upper(), url, params=params or None, body=json)
