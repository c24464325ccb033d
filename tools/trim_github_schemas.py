"""Cut GitHub's published schemas down to what the double answers and our queries ask, for the tests.

    python tools/trim_github_schemas.py openapi/api.github.com.json graphql/schema.graphql

The first is in the npm package @octokit/openapi (`generated/`), the second in @octokit/graphql-schema; both are MIT.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)

TARGET = Path(__file__).parent.parent / "tests" / "support" / "github_double"
REPO = "/repos/{owner}/{repo}"

OPERATIONS: dict[str, tuple[str, ...]] = {
    "/user": ("get",),
    "/rate_limit": ("get",),
    REPO: ("get",),
    f"{REPO}/events": ("get",),
    f"{REPO}/issues": ("get", "post"),
    f"{REPO}/issues/comments": ("get",),
    f"{REPO}/issues/{{issue_number}}": ("get", "patch"),
    f"{REPO}/issues/{{issue_number}}/comments": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}/labels": ("get", "post"),
    f"{REPO}/issues/{{issue_number}}/assignees": ("post",),
    f"{REPO}/issues/{{issue_number}}/dependencies/blocked_by": ("get",),
    f"{REPO}/issues/{{issue_number}}/sub_issues": ("get",),
    f"{REPO}/pulls": ("get", "post"),
    f"{REPO}/pulls/{{pull_number}}": ("get", "patch"),
    f"{REPO}/pulls/{{pull_number}}/reviews": ("get", "post"),
    f"{REPO}/pulls/{{pull_number}}/comments": ("get",),
    f"{REPO}/pulls/{{pull_number}}/comments/{{comment_id}}/replies": ("post",),
    f"{REPO}/pulls/{{pull_number}}/requested_reviewers": ("post",),
    f"{REPO}/pulls/{{pull_number}}/update-branch": ("put",),
    f"{REPO}/pulls/{{pull_number}}/merge": ("get", "put"),
    f"{REPO}/commits/{{ref}}/check-runs": ("get",),
    f"{REPO}/commits/{{ref}}/check-suites": ("get",),
    f"{REPO}/commits/{{ref}}/status": ("get",),
    f"{REPO}/statuses/{{sha}}": ("post",),
    f"{REPO}/actions/runs": ("get",),
    f"{REPO}/actions/runs/{{run_id}}/jobs": ("get",),
    f"{REPO}/actions/jobs/{{job_id}}/logs": ("get",),
    f"{REPO}/branches/{{branch}}": ("get",),
    f"{REPO}/rules/branches/{{branch}}": ("get",),
    f"{REPO}/git/refs/{{ref}}": ("delete",),
    f"{REPO}/collaborators/{{username}}/permission": ("get",),
}
DROPPED = ("description", "example", "examples", "x-github", "externalDocs", "x-octokit", "summary", "tags", "title")

FIELDS: dict[str, str] = {
    "Query": "repository nodes rateLimit",
    "Mutation": "resolveReviewThread convertPullRequestToDraft markPullRequestReadyForReview",
    "Repository": "pullRequest pullRequests ref nameWithOwner",
    "PullRequest": "id number state isDraft mergeable mergeStateStatus reviewDecision isInMergeQueue autoMergeRequest "
    "headRefOid headRefName headRepository baseRefName updatedAt mergedAt comments latestOpinionatedReviews reviews "
    "reviewThreads commits merged title labels reactions timelineItems",
    "PullRequestTimelineItemsConnection": "nodes",
    "ClosedEvent": "actor",
    "LabelConnection": "nodes",
    "Label": "name",
    "ReactionConnection": "nodes",
    "Reaction": "user",
    "AutoMergeRequest": "enabledAt",
    "IssueCommentConnection": "totalCount nodes",
    "IssueComment": "updatedAt",
    "PullRequestReviewConnection": "totalCount nodes pageInfo",
    "PullRequestReview": "fullDatabaseId state author authorAssociation authorCanPushToRepository submittedAt updatedAt",
    "PullRequestReviewThreadConnection": "totalCount nodes pageInfo",
    "PullRequestReviewThread": "id isResolved isOutdated path line comments viewerCanResolve",
    "PullRequestReviewCommentConnection": "totalCount nodes pageInfo",
    "PullRequestReviewComment": "fullDatabaseId author authorAssociation body",
    "PullRequestCommitConnection": "nodes",
    "PullRequestCommit": "commit",
    "Commit": "oid checkSuites statusCheckRollup",
    "CheckSuiteConnection": "nodes pageInfo",
    "CheckSuite": "databaseId status conclusion createdAt app workflowRun",
    "App": "slug",
    "WorkflowRun": "databaseId event workflow",
    "Workflow": "name",
    "StatusCheckRollup": "contexts state",
    "StatusCheckRollupContextConnection": "nodes pageInfo totalCount",
    "CheckRun": "databaseId name status conclusion startedAt completedAt detailsUrl isRequired title summary checkSuite",
    "StatusContext": "context state description targetUrl createdAt isRequired",
    "Ref": "name refUpdateRule rules target",
    "RefUpdateRule": "requiredStatusCheckContexts requiredApprovingReviewCount requiresConversationResolution",
    "RepositoryRuleConnection": "nodes",
    "RepositoryRule": "type parameters",
    "RequiredStatusChecksParameters": "requiredStatusChecks strictRequiredStatusChecksPolicy",
    "StatusCheckConfiguration": "context",
    "PullRequestParameters": "requiredApprovingReviewCount requiredReviewThreadResolution",
    "PullRequestConnection": "nodes totalCount pageInfo",
    "PageInfo": "hasNextPage endCursor",
    "RateLimit": "cost remaining limit resetAt",
    "Actor": "login", "User": "login", "Bot": "login", "Mannequin": "login", "Organization": "login",
    "EnterpriseUserAccount": "login",
    "GitObject": "oid", "Node": "id",
    "ResolveReviewThreadPayload": "thread",
    "ConvertPullRequestToDraftPayload": "pullRequest",
    "MarkPullRequestReadyForReviewPayload": "pullRequest",
}  # fmt: skip


def openapi(path: Path) -> dict[str, Any]:
    """The operations above with every component they refer to."""
    whole = json.loads(path.read_text())
    kept: dict[str, Any] = {"paths": {}, "components": {}}
    for template, methods in OPERATIONS.items():
        kept["paths"][template] = {method: _bare(whole["paths"][template][method]) for method in methods}
    todo = list(_refs(kept["paths"]))
    while todo:
        kind, name = todo.pop().split("/")[2:]
        if name not in kept["components"].setdefault(kind, {}):
            kept["components"][kind][name] = _bare(whole["components"][kind][name])
            todo += _refs(kept["components"][kind][name])
    return kept


def _bare(node: Any, *, named: bool = False) -> Any:
    """Without prose. Below `properties` a key is a name, and no keyword."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {key: _bare(value, named=key == "properties") for key, value in node.items() if named or key not in DROPPED}


def _refs(node: Any) -> list[str]:
    if isinstance(node, list):
        return [ref for one in node for ref in _refs(one)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [ref for value in node.values() for ref in _refs(value)]


def graphql(path: Path) -> str:
    """The fields above, with the arguments, enums and inputs that they need, as GitHub defines them."""
    whole = build_schema(path.read_text(), assume_valid=True, assume_valid_sdl=True)
    for name, fields in FIELDS.items():
        kind = whole.type_map[name]
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType), name
        missing = set(fields.split()) - set(kind.fields)
        assert not missing, f"{name} has no {missing}"
    needed = _needed(whole)
    return "\n\n".join(_sdl(whole.type_map[name], needed) for name in sorted(needed)) + "\n"


def _needed(whole: GraphQLSchema) -> set[str]:
    needed = set(FIELDS)
    todo = list(FIELDS)
    while todo:
        kind = whole.type_map[todo.pop()]
        found: list[GraphQLNamedType] = []
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name in FIELDS.get(kind.name, "").split():
                found += [get_named_type(kind.fields[name].type)]
                found += [get_named_type(argument.type) for argument in kind.fields[name].args.values()]
        elif isinstance(kind, GraphQLInputObjectType):
            found += [get_named_type(field.type) for field in kind.fields.values()]
        for one in found:
            if one.name not in needed and one.name not in ("String", "Int", "Boolean", "ID", "Float"):
                needed.add(one.name)
                todo.append(one.name)
    return needed


def _sdl(kind: GraphQLNamedType, needed: set[str]) -> str:
    if isinstance(kind, GraphQLEnumType):
        return f"enum {kind.name} {{\n  " + "\n  ".join(kind.values) + "\n}"
    if isinstance(kind, GraphQLUnionType):
        return f"union {kind.name} = " + " | ".join(one.name for one in kind.types if one.name in needed)
    if isinstance(kind, GraphQLInputObjectType):
        return f"input {kind.name} {{\n  " + "\n  ".join(f"{n}: {f.type}" for n, f in kind.fields.items()) + "\n}"
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return f"scalar {kind.name}"
    lines = []
    for name in FIELDS[kind.name].split():
        field = kind.fields[name]
        arguments = ", ".join(f"{n}: {a.type}" for n, a in field.args.items())
        lines.append(f"{name}({arguments}): {field.type}" if arguments else f"{name}: {field.type}")
    word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
    parents = [one.name for one in kind.interfaces if one.name in needed and _has_all(kind, one)]
    implements = f" implements {' & '.join(parents)}" if parents else ""
    return f"{word} {kind.name}{implements} {{\n  " + "\n  ".join(lines) + "\n}"


def _has_all(kind: GraphQLNamedType, parent: GraphQLInterfaceType) -> bool:
    return set(FIELDS[parent.name].split()) <= set(FIELDS[kind.name].split())


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    (TARGET / "github-openapi-trim.json").write_text(json.dumps(openapi(given[0]), separators=(",", ":")) + "\n")
    (TARGET / "github-graphql-trim.graphql").write_text(graphql(given[1]))
