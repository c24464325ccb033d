"""GitHub's GraphQL over the double's state: its own schema, cut down, executed by graphql-core.

What the schema does not know is refused in GitHub's words, and no answer can break the schema.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema, build_schema, graphql_sync

from support.github_double import judgement
from support.github_double.records import Check, CommitStatus, Protection, Pull, Review, Run, Suite, Thread
from support.github_double.state import State
from support.github_double.views import when

Info = GraphQLResolveInfo[Any]
SCHEMA = Path(__file__).parent / "github-graphql-trim.graphql"
MOST_NODES = 500_000


@cache
def schema() -> GraphQLSchema:
    """The schema of this process."""
    built = build_schema(SCHEMA.read_text())
    for name in (
        "StatusCheckRollupContext",
        "Actor",
        "GitObject",
        "Node",
        "RuleParameters",
        "PullRequestTimelineItems",
    ):
        built.type_map[name].resolve_type = lambda value, *_: value["__typename"]  # type: ignore[attr-defined]
    return built


class Denied(GraphQLError):
    """A part that this token may not see, or that is not there."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def answer(
    state: State, query: str, variables: dict[str, Any], login: str, refused: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """`{"data": ..., "errors": ...}`. `refused`: parts that this token may not see: checks, statuses."""
    done = graphql_sync(schema(), query, Root(state, login, refused), variable_values=variables)
    errors = [_error(error) for error in done.errors or ()]
    found: dict[str, Any] = {} if done.data is None and errors and "path" not in errors[0] else {"data": done.data}
    return {**found, **({"errors": errors} if errors else {})}


def _error(error: GraphQLError) -> dict[str, Any]:
    original = error.original_error or error
    made: dict[str, Any] = {"message": error.message}
    made |= {"locations": [one._asdict() for one in error.locations]} if error.locations else {}
    if error.path:
        made["path"] = error.path
    if isinstance(original, Denied):
        made["type"] = original.kind
    elif "Cannot query field" in error.message:
        field, kind = error.message.split("'")[1:4:2]
        made["message"] = f"Field '{field}' doesn't exist on type '{kind}'"
        made["extensions"] = {"code": "undefinedField", "typeName": kind, "fieldName": field}
    return made


class Root:
    """Queries and mutations of one token."""

    def __init__(self, state: State, login: str, refused: frozenset[str]) -> None:
        self.state, self.login, self.refused = state, login, refused
        self.rateLimit = lambda *_, **__: {"cost": 1, "remaining": 4999, "limit": 5000, "resetAt": when(state.clock)}

    def repository(self, _: Info, owner: str, name: str, **__: Any) -> dict[str, Any]:
        state = self.state
        if (owner.lower(), name.lower()) != (state.owner.lower(), state.repo.lower()):
            raise Denied("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return {
            "nameWithOwner": f"{state.owner}/{state.repo}", "pullRequest": self._one, "pullRequests": self._many,
            "ref": self._ref,
        }  # fmt: skip

    def nodes(self, _: Info, ids: list[str]) -> list[dict[str, Any] | None]:
        threads = {node_id(thread): (pull, thread) for pull in self.state.pulls() for thread in pull.threads}
        return [self._thread(*threads[one]) if one in threads else None for one in ids]

    def resolveReviewThread(self, _: Info, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N802
        for pull in self.state.pulls():
            for thread in pull.threads:
                if node_id(thread) == input["threadId"]:
                    self.state.resolve(pull.number, thread.id, by=self.login)
                    return {"thread": self._thread(pull, thread)}
        raise Denied("NOT_FOUND", f"Could not resolve to a node with the global id of '{input['threadId']}'")

    def markPullRequestReadyForReview(self, _: Info, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N802
        pull = self.state.pull(int(base64.b64decode(input["pullRequestId"]).decode().rpartition(":")[2]))
        self.state.edit(pull.number, draft=False)
        return {"pullRequest": self._pull(pull)}

    def _one(self, _: Info, number: int) -> dict[str, Any]:
        found = self.state.tickets.get(number)
        if not isinstance(found, Pull):
            raise Denied("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return self._pull(found)

    def _many(self, _: Info, states: list[str] | None = None, **arguments: Any) -> dict[str, Any]:
        wanted = states or ["OPEN", "CLOSED", "MERGED"]
        found = [pull for pull in reversed(self.state.pulls()) if _state(pull) in wanted]
        return page([self._pull(pull) for pull in found], arguments)

    def _ref(self, _: Info, qualifiedName: str) -> dict[str, Any] | None:  # noqa: N803
        branch = qualifiedName.removeprefix("refs/heads/")
        heads = self.state.refs.heads()
        if branch not in heads:
            return None
        rules = self.state.protection.get(branch)
        update = rules and {
            "requiredStatusCheckContexts": rules.checks, "requiredApprovingReviewCount": rules.reviews or None,
            "requiresConversationResolution": rules.conversations, "requiresCodeOwnerReviews": bool(rules.code_owners),
        }  # fmt: skip
        ruled = _ruled(rules) if rules and rules.ruleset else []
        return {
            "name": branch, "refUpdateRule": None if ruled else update,
            "rules": lambda *_, **arguments: page(ruled, arguments),
            "target": self._commit(heads[branch], None),
        }  # fmt: skip

    def _pull(self, pull: Pull) -> dict[str, Any]:
        state = self.state
        mergeable = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}[state.mergeable(pull)]
        comments = [{"updatedAt": when(one.updated)} for one in sorted(pull.comments, key=lambda one: -one.updated)]
        opinions = [self._review(one) for one in judgement.opinions(pull)]
        reviews = [self._review(one) for one in pull.reviews]
        return {
            "__typename": "PullRequest", "id": base64.b64encode(f"PR:{pull.number}".encode()).decode(),
            "number": pull.number, "title": pull.title, "state": _state(pull), "isDraft": pull.draft,
            "merged": pull.merged is not None, "mergedAt": when(pull.merged), "updatedAt": when(pull.updated),
            "mergeable": mergeable, "mergeStateStatus": judgement.merge_state(state, pull).upper(),
            "reviewDecision": judgement.decision(state, pull), "isInMergeQueue": pull.in_queue,
            "autoMergeRequest": {"enabledAt": when(pull.updated)} if pull.auto_merge else None,
            "headRefOid": pull.sha, "headRefName": pull.head, "baseRefName": pull.base,
            "headRepository": {"nameWithOwner": f"{pull.owner or state.owner}/{state.repo}"},
            "comments": lambda *_, **arguments: page(comments, arguments),
            "latestOpinionatedReviews": lambda *_, **arguments: page(opinions, arguments),
            "reviews": lambda *_, **arguments: page(reviews, arguments),
            "labels": lambda *_, **arguments: page([{"name": name} for name in pull.labels], arguments),
            "reactions": lambda *_, **arguments: page(
                [{"user": {"login": who}} for who, what in pull.reactions if what == arguments.get("content", what)],
                arguments,
            ),
            "timelineItems": lambda *_, **arguments: page(_timeline(pull, arguments.pop("itemTypes", ())), arguments),
            "reviewThreads": lambda *_, **arguments: page([self._thread(pull, one) for one in pull.threads], arguments),
            "commits": lambda *_, **arguments: page([{"commit": self._commit(pull.sha, pull)}], arguments),
        }  # fmt: skip

    def _review(self, review: Review) -> dict[str, Any]:
        return {
            "fullDatabaseId": str(review.id), "state": review.state, "author": actor(review.author),
            "authorAssociation": review.association, "submittedAt": when(review.at), "updatedAt": when(review.updated),
            "authorCanPushToRepository": judgement.may_push(self.state, review.author, review.association),
        }  # fmt: skip

    def _thread(self, pull: Pull, thread: Thread) -> dict[str, Any]:
        comments = [
            {"fullDatabaseId": str(one.id), "author": actor(one.author), "authorAssociation": one.association,
             "body": one.body}
            for one in thread.comments
        ]  # fmt: skip
        return {
            "__typename": "PullRequestReviewThread", "id": node_id(thread), "isResolved": thread.resolved,
            "isOutdated": thread.outdated, "path": thread.path, "line": thread.line, "viewerCanResolve": True,
            "comments": lambda *_, **arguments: page(comments, arguments),
        }  # fmt: skip

    def _commit(self, sha: str, pull: Pull | None) -> dict[str, Any]:
        checks, statuses = judgement.checks_of(self.state, sha)
        contexts = [self._check(one, pull) for one in checks] + [self._context(one, pull) for one in statuses]
        suites = [self._suite(one) for one in self.state.suites if one.sha == sha]

        def rollup(*_: Any) -> dict[str, Any] | None:
            self._allowed("checks")
            return {"contexts": lambda *_, **arguments: page(contexts, arguments)} if contexts else None

        def listed(*_: Any, **arguments: Any) -> dict[str, Any]:
            self._allowed("checks")
            return page(suites, arguments)

        return {"__typename": "Commit", "oid": sha, "statusCheckRollup": rollup, "checkSuites": listed}

    def _allowed(self, part: str) -> None:
        if part in self.refused:
            raise Denied("FORBIDDEN", "Resource not accessible by personal access token")

    def _check(self, check: Check, pull: Pull | None) -> dict[str, Any]:
        run = next((run for run in self.state.runs if run.suite is check.suite), None)
        page_of = f"https://github.com/{self.state.owner}/{self.state.repo}"
        url = f"{page_of}/actions/runs/{run.id}/job/{check.id}" if run else f"{page_of}/runs/{check.id}"
        return {
            "__typename": "CheckRun", "databaseId": check.id, "name": check.name, "status": check.status.upper(),
            "conclusion": check.conclusion and check.conclusion.upper(), "startedAt": None if check.status == "queued" else when(check.at),
            "completedAt": when(check.at) if check.status == "completed" else None, "detailsUrl": url,
            "isRequired": lambda *_, **__: self._required(check.name, pull, check.suite.app), "title": None,
            "summary": check.summary or None, "checkSuite": self._suite(check.suite),
        }  # fmt: skip

    def _context(self, status: CommitStatus, pull: Pull | None) -> dict[str, Any]:
        return {
            "__typename": "StatusContext", "context": status.context, "state": status.state.upper(),
            "description": status.description, "targetUrl": None, "createdAt": when(status.at),
            "isRequired": lambda *_, **__: self._required(status.context, pull),
        }  # fmt: skip

    def _required(self, name: str, pull: Pull | None, app: str = "") -> bool:
        if pull is None:
            return False
        rules = judgement.protection(self.state, pull)
        return name in rules.checks and rules.apps.get(name, app) == app

    def _suite(self, suite: Suite) -> dict[str, Any]:
        run = next((run for run in self.state.runs if run.suite is suite), None)
        status, conclusion = _suite_state(self.state, suite, run)
        return {
            "databaseId": suite.id, "status": status.upper(), "conclusion": conclusion and conclusion.upper(),
            "createdAt": when(suite.at), "app": {"slug": suite.app},
            "workflowRun": run and {"databaseId": run.id, "event": run.event, "workflow": {"name": run.name}},
        }  # fmt: skip


def _timeline(pull: Pull, kinds: list[str]) -> list[dict[str, Any]]:
    """Its last close; the double keeps no other event."""
    closed = pull.state == "closed" and not pull.merged and "CLOSED_EVENT" in kinds
    return [{"__typename": "ClosedEvent", "actor": actor(pull.closed_by)}] if closed else []


def _ruled(rules: Protection) -> list[dict[str, Any]]:
    """The rules of a ruleset."""
    checks = {
        "__typename": "RequiredStatusChecksParameters", "strictRequiredStatusChecksPolicy": rules.strict,
        "requiredStatusChecks": [{"context": name} for name in rules.checks],
    }  # fmt: skip
    pulls = {
        "__typename": "PullRequestParameters", "requiredApprovingReviewCount": rules.reviews,
        "requiredReviewThreadResolution": rules.conversations, "requireCodeOwnerReview": bool(rules.code_owners),
        "requireLastPushApproval": rules.last_push,
    }  # fmt: skip
    found = [{"type": "REQUIRED_STATUS_CHECKS", "parameters": checks}] if rules.checks else []
    return [*found, {"type": "PULL_REQUEST", "parameters": pulls}, {"type": "DELETION", "parameters": None}]


def _suite_state(state: State, suite: Suite, run: Run | None) -> tuple[str, str | None]:
    if run:
        return run.status, run.conclusion
    if suite.status:
        return suite.status, suite.conclusion
    checks = [one for one in state.checks if one.suite is suite]
    done = all(one.status == "completed" for one in checks)
    failed = any(one.conclusion not in judgement.GOOD for one in checks)
    return ("completed", "failure" if failed else "success") if done else ("in_progress", None)


def actor(login: str) -> dict[str, Any] | None:
    """Whoever wrote something; GitHub gives a bot's login here without `[bot]`."""
    if not login:
        return None
    bot = login.endswith("[bot]")
    return {"__typename": "Bot" if bot else "User", "login": login.removesuffix("[bot]")}


def node_id(thread: Thread) -> str:
    return f"PRRT_{thread.id}"


def _state(pull: Pull) -> str:
    return "MERGED" if pull.merged else pull.state.upper()


def page(nodes: list[Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """The page of a connection that the arguments ask for."""
    size = arguments.get("first") or arguments.get("last")
    if not isinstance(size, int) or not 1 <= size <= 100:
        raise Denied("ARGUMENT_LIMIT", "You must provide a `first` or `last` value between 1 and 100")
    begin = int(arguments.get("after") or 0)
    shown = nodes[-size:] if arguments.get("last") else nodes[begin : begin + size]
    end = len(nodes) if arguments.get("last") else begin + len(shown)
    more = {"hasNextPage": len(nodes) > end, "endCursor": str(end)}
    return {"nodes": shown, "totalCount": len(nodes), "pageInfo": more}
