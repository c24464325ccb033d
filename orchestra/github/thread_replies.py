"""Replies in the review threads of a pull request, and the resolving of a thread."""

from __future__ import annotations

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.github.client import ApiClient
from orchestra.github.operations import Operations
from orchestra.github.responses import Invalid

_RESOLVE = "mutation($thread: ID!) { resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } } }"


class ThreadReplies:
    """The review threads of one repository's pull requests, written to through `client`."""

    def __init__(self, client: ApiClient) -> None:
        owner, _, name = client.address.slug.rpartition("/")
        self._client, self._operations = client, Operations(client, owner, name)

    def reply(self, number: int, comment: int, body: str) -> None:
        """Reply in the thread that begins with the inline `comment`."""
        try:
            self._operations.ask(
                "pulls.create_reply_for_review_comment", pull_number=number, comment_id=comment, body=body
            )
        except Invalid as refused:
            raise OrchestraError(
                f"GitHub does not take the reply to {comment}: {'; '.join(refused.reasons)}",
                f"see it: {self._client.address.web}/pull/{number}",
            ) from None

    def resolve(self, thread: str) -> None:
        """Resolve a review thread, by its node id."""
        reply = self._client.graphql(_RESOLVE, {"thread": thread})
        answer = self._client.understood(reply, lambda found: found)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if errors:
            said = "; ".join(clean(str(one.get("message"))) for one in errors if isinstance(one, dict))
            raise OrchestraError(f"GitHub does not resolve the thread: {said}", "resolve it on GitHub")
