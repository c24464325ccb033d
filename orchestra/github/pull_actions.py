"""What the user does with a pull request: review it, merge it. Sent once, never repeated by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from orchestra.core.pull_request import Pull
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import responses
from orchestra.github.client import ApiClient
from orchestra.github.operations import Operations
from orchestra.github.rate_limit import Limited
from orchestra.github.responses import Invalid, NotSent

METHODS = ("merge", "squash", "rebase")
# What GitHub says of a comment on a line that its own diff does not have (its merge base may be a newer one).
_PLACELESS = ("pull request review thread", "line could not be resolved", "path could not be resolved", "diff hunk")
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


class NoPlace(OrchestraError):
    """GitHub has no place for one of the comments on lines, and does not say for which; nothing was posted."""


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
            with self._known(number, f"#{number} is merged"):
                done = self._operations.ask("pulls.merge", pull_number=number, merge_method=method, sha=head)
                return responses.required(done, str, "sha")
        except Invalid as refused:
            raise OrchestraError(
                f"GitHub does not merge #{number}: {'; '.join(refused.reasons)}", self._page(number)
            ) from None

    def now(self, number: int) -> Pull:
        """The pull request as GitHub has it at this moment: its state and its head."""
        return responses.pull(self._operations.ask("pulls.get", pull_number=number), 0.0)

    def merge_when_ready(self, number: int, method: str) -> None:
        """Have GitHub merge it by itself once everything that is required is there."""
        pull = self._operations.ask("pulls.get", pull_number=number)
        asked = {"pull": responses.required(pull, str, "node_id"), "method": method.upper()}
        self._graphql(_AUTO, asked, f"GitHub does not set #{number} to merge by itself")

    def review(self, number: int, head: str, event: str, body: str, comments: Sequence[LineComment] = ()) -> None:
        """Post one review of the commit `head`: APPROVE, REQUEST_CHANGES or COMMENT, with comments on lines.

        Raises NoPlace where GitHub takes one of the comments on no line: it takes all of a review or nothing.
        """
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
            with self._known(number, f"the review of #{number} was posted"):
                self._operations.ask("pulls.create_review", pull_number=number, **facts)
        except Invalid as refused:
            why = f"GitHub does not take the review of #{number}: {'; '.join(refused.reasons)}"
            if comments and any(refused.says(words) for words in _PLACELESS):
                raise NoPlace(why, self._page(number)) from None
            raise OrchestraError(why, self._page(number)) from None

    @contextmanager
    def _known(self, number: int, what: str) -> Iterator[None]:
        """Say that it is not known whether `what`, where a request was sent and no answer to it came back."""
        try:
            yield
        except (Limited, NotSent):
            raise
        except Unreachable as lost:
            why = f"it is not known whether {what}: {lost.message}"
            raise Unreachable(why, f"look first: {self._web(number)}") from None

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
        return f"see it: {self._web(number)}"

    def _web(self, number: int) -> str:
        return f"{self.client.address.web}/pull/{number}"
