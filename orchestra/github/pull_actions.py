"""What the user does with a pull request: review it, merge it. Sent once, never repeated by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.github import responses
from orchestra.github.client import ApiClient
from orchestra.github.operations import Operations
from orchestra.github.responses import Invalid

METHODS = ("merge", "squash", "rebase")
_DEFAULT = (
    "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { viewerDefaultMergeMethod } }"
)
_AUTO = (
    "mutation($pull: ID!, $method: PullRequestMergeMethod!) "
    "{ enablePullRequestAutoMerge(input: {pullRequestId: $pull, mergeMethod: $method}) { clientMutationId } }"
)


class LineComment(Record):
    """A comment on lines of a file, on the new side (`RIGHT`) or on what was removed (`LEFT`)."""

    path: str
    line: int
    body: str
    start: int = 0  # the first line of a range; 0: the line alone
    side: str = "RIGHT"


class MergeRules(Record):
    """What the repository allows, and what it does by default."""

    allowed: tuple[str, ...]
    usual: str
    deletes_branch: bool


class PullActions:
    """The actions on the pull requests of one repository."""

    def __init__(self, client: ApiClient) -> None:
        self.client = client
        self._owner, _, self._name = client.address.slug.rpartition("/")
        self._operations = Operations(client, self._owner, self._name)

    def merge_rules(self) -> MergeRules:
        """How pull requests may be merged here; everything where this token may not see it."""
        found = self._operations.ask("repos.get")
        keys = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}
        allowed = tuple(method for method, key in keys.items() if found.get(key) is not False)
        usual = self._usual()
        usual = usual if usual in allowed else (allowed or METHODS)[0]
        return MergeRules(allowed or METHODS, usual, found.get("delete_branch_on_merge") is True)

    def merge(self, number: int, method: str, head: str) -> str:
        """Merge the pull request if its head is still `head`; returns the new commit. GitHub's refusal is the error."""
        try:
            done = self._operations.ask("pulls.merge", pull_number=number, merge_method=method, sha=head)
        except Invalid as refused:
            raise OrchestraError(
                f"GitHub does not merge #{number}: {'; '.join(refused.reasons)}", self._page(number)
            ) from None
        return responses.required(done, str, "sha")

    def merge_when_ready(self, number: int, method: str) -> None:
        """Have GitHub merge it by itself once everything that is required is there."""
        pull = self._operations.ask("pulls.get", pull_number=number)
        asked = {"pull": responses.required(pull, str, "node_id"), "method": method.upper()}
        self._graphql(_AUTO, asked, f"GitHub does not set #{number} to merge by itself")

    def review(self, number: int, head: str, event: str, body: str, comments: Sequence[LineComment] = ()) -> None:
        """Post one review of the commit `head`: APPROVE, REQUEST_CHANGES or COMMENT, with comments on lines."""
        rows = [
            {
                "path": one.path,
                "line": one.line,
                "side": one.side,
                "body": one.body,
                **({"start_line": one.start, "start_side": one.side} if one.start and one.start < one.line else {}),
            }
            for one in comments
        ]
        facts: dict[str, Any] = {"event": event, "commit_id": head, "comments": rows}
        facts |= {"body": body} if body else {}
        try:
            self._operations.ask("pulls.create_review", pull_number=number, **facts)
        except Invalid as refused:
            why = f"GitHub does not take the review of #{number}: {'; '.join(refused.reasons)}"
            raise OrchestraError(why, self._page(number)) from None

    def _usual(self) -> str:
        """The user's own usual method here; empty where GitHub does not say."""
        try:
            reply = self.client.graphql(_DEFAULT, {"owner": self._owner, "name": self._name})
            found = self.client.understood(reply, lambda answer: answer)
            return responses.required(found, str, "data", "repository", "viewerDefaultMergeMethod").lower()
        except (OrchestraError, AttributeError, TypeError):
            return ""

    def _graphql(self, query: str, variables: dict[str, Any], what: str) -> None:
        answer = self.client.understood(self.client.graphql(query, variables), lambda found: found)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors:
            said = "; ".join(clean(str(one.get("message"))) for one in errors if isinstance(one, dict))
            raise OrchestraError(f"{what}: {said}", "allow auto-merge in the repository's settings on GitHub")

    def _page(self, number: int) -> str:
        return f"see it: {self.client.address.web}/pull/{number}"
