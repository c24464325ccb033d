"""What moves in the double and what does not: pushes, reviews, ETags, pages, merges, Actions, GraphQL, faults."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Bare, Double, Fault
from support.github_double.clients import ask
from support.paths import TESTS

REPO = "/repos/acme/widgets"
Git = Callable[..., str]


def test_a_push_moves_the_head_and_deleting_the_branch_closes(real: Double, pushed: Path, git: Git) -> None:
    real.add_pull("issue-7")
    before = ask(real, f"{REPO}/pulls/8").body
    assert before["head"]["sha"] == git("-C", pushed, "rev-parse", "HEAD")
    git("-C", pushed, "commit", "-q", "--allow-empty", "-m", "more")
    git("-C", pushed, "push", "-q", "origin", "issue-7")
    after = ask(real, f"{REPO}/pulls/8").body
    assert after["head"]["sha"] == git("-C", pushed, "rev-parse", "HEAD") != before["head"]["sha"]
    assert after["updated_at"] > before["updated_at"]
    git("-C", pushed, "push", "-q", "origin", ":issue-7")
    assert ask(real, f"{REPO}/pulls/8").body["state"] == "closed"


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        (lambda double: double.review(8), True),
        (lambda double: double.comment(8, "hello"), True),
        (lambda double: double.review_comment(8, "a.py", 1, "why?"), True),
        (lambda double: double.edit(8, title="new"), True),
        (lambda double: double.close(8), True),
        (lambda double: double.add_check("issue-7"), False),
        (lambda double: double.add_status("issue-7"), False),
        (lambda double: double.comment(7, "elsewhere"), False),
    ],
    ids=["review", "comment", "review comment", "title", "close", "check", "status", "another issue"],
)
def test_what_moves_updated_at(change: Callable[[Double], object], moves: bool, github: Double) -> None:
    github.push("issue-7")
    github.add_issue(number=7)
    github.add_pull("issue-7")
    before = ask(github, f"{REPO}/issues/8").body["updated_at"]
    change(github)
    assert (ask(github, f"{REPO}/issues/8").body["updated_at"] > before) is moves


def test_unchanged_is_304_and_free_until_it_changes(github: Double) -> None:
    github.add_issue()
    first = ask(github, f"{REPO}/issues")
    left = github.remaining
    assert int(first.headers["X-RateLimit-Remaining"]) == left == 4999
    again = ask(github, f"{REPO}/issues", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body, github.remaining) == (304, "", left)
    github.tokens["ghp_other"] = "bob"
    other = ask(github, f"{REPO}/issues", If_None_Match=first.headers["ETag"], Authorization="token ghp_other")
    assert other.status == 200
    github.add_issue()
    assert ask(github, f"{REPO}/issues", If_None_Match=first.headers["ETag"]).status == 200


def test_the_limit_is_a_limit(github: Double) -> None:
    github.remaining = 1
    assert ask(github, f"{REPO}/issues").status == 200
    got = ask(github, f"{REPO}/issues")
    assert (got.status, got.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert got.headers["X-RateLimit-Reset"] == str(github.reset)


def test_lists_come_in_pages_with_links(github: Double) -> None:
    for _ in range(5):
        github.add_issue()
    got = ask(github, f"{REPO}/issues?per_page=2&page=2")
    assert [one["number"] for one in got.body] == [3, 2]
    assert f'<{github.url}{REPO}/issues?per_page=2&page=3>; rel="next"' in got.headers["Link"]
    assert "Link" not in ask(github, f"{REPO}/issues?per_page=2&page=3").headers


def test_pull_requests_are_issues_too_and_a_head_without_owner_is_ignored(github: Double) -> None:
    github.push("issue-7")
    github.add_pull("issue-7")
    assert "pull_request" in ask(github, f"{REPO}/issues").body[0]
    assert len(ask(github, f"{REPO}/pulls?head=acme:other").body) == 0
    assert len(ask(github, f"{REPO}/pulls?head=other").body) == 1


# Merging.


@pytest.mark.parametrize(("method", "parents"), [("squash", 1), ("merge", 2)])
def test_a_merge_is_real_and_closes_what_it_names(
    method: str, parents: int, real: Double, pushed: Path, git: Git
) -> None:
    real.add_issue(number=9)
    number = real.add_pull("issue-7", body="Closes #7, see #9")
    assert ask(real, f"{REPO}/pulls/{number}").body["mergeable"] is True
    got = ask(real, f"{REPO}/pulls/{number}/merge", "PUT", {"merge_method": method})
    git("-C", pushed, "fetch", "-q", "origin")
    assert git("-C", pushed, "rev-parse", "origin/main") == got.body["sha"]
    assert len(git("-C", pushed, "log", "-1", "--format=%P", "origin/main").split()) == parents
    assert git("-C", pushed, "diff", "origin/main", "issue-7") == ""
    pull = ask(real, f"{REPO}/pulls/{number}").body
    assert (pull["state"], pull["merged"], pull["merge_commit_sha"]) == ("closed", True, got.body["sha"])
    assert (real.ticket(7).state, real.ticket(9).state) == ("closed", "open")
    assert ask(real, f"{REPO}/pulls/{number}", "PATCH", {"state": "open"}).status == 422


def test_a_conflict_is_not_mergeable(real: Double, pushed: Path, git: Git) -> None:
    git("-C", pushed, "switch", "-q", "main")
    (pushed / "dark.css").write_text("body { color: red }\n")
    git("-C", pushed, "add", ".")
    git("-C", pushed, "commit", "-qm", "red")
    git("-C", pushed, "push", "-q", "origin", "main")
    number = real.add_pull("issue-7")
    assert ask(real, f"{REPO}/pulls/{number}").body["mergeable"] is False
    assert ask(real, f"{REPO}/pulls/{number}/merge", "PUT", {}).status == 405


def test_a_merge_of_an_older_head_is_refused(github: Double) -> None:
    sha = github.push("issue-7")
    github.add_pull("issue-7")
    github.push("issue-7")
    assert ask(github, f"{REPO}/pulls/1/merge", "PUT", {"sha": sha}).status == 409


# Actions and GraphQL.


def test_a_failing_run_has_a_job_with_a_log(github: Double) -> None:
    sha = github.push("issue-7")
    run = github.add_run("issue-7", "test", "failure", "E   assert 1 == 2\n")
    found = ask(github, f"{REPO}/actions/runs?head_sha={sha}").body["workflow_runs"]
    assert [(one["id"], one["conclusion"]) for one in found] == [(run, "failure")]
    job = ask(github, f"{REPO}/actions/runs/{run}/jobs").body["jobs"][0]
    check = ask(github, f"{REPO}/commits/{sha}/check-runs").body["check_runs"][0]
    assert (job["id"], job["name"]) == (check["id"], check["name"])
    assert ask(github, f"{REPO}/actions/jobs/{job['id']}/logs").body == "E   assert 1 == 2\n"


QUERY = """
query Pulls($owner: String!, $name: String!) {  # as one request for all pull requests
  repository(owner: $owner, name: $name) {
    a: pullRequest(number: 1) { ...F }
  }
}
"""


def test_graphql_tells_threads_and_mergeable(github: Double) -> None:
    github.push("issue-7")
    github.add_pull("issue-7")
    first, _ = github.review_comment(1, "a.py", 1, "why?"), github.review_comment(1, "a.py", 2, "how?")
    github.resolve(1, first)
    wanted = "number mergeable threads: reviewThreads(first: 100) { nodes { isResolved path } }"
    query = QUERY.replace("...F", wanted).replace("}\n  }", "}\n    b: pullRequest(number: 9) { number }\n  }")
    variables = {"owner": "acme", "name": "widgets"}
    got = ask(github, "/graphql", "POST", {"query": query, "variables": variables}).body
    threads = {"nodes": [{"isResolved": True, "path": "a.py"}, {"isResolved": False, "path": "a.py"}]}
    pull = {"number": 1, "mergeable": "MERGEABLE", "threads": threads}
    assert got["data"] == {"repository": {"a": pull, "b": None}}
    assert [(error["type"], error["path"]) for error in got["errors"]] == [("NOT_FOUND", ["repository", "b"])]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("{ repository(owner: $o, name: $o) { nameWithOwner } }", "Variable '$o' is not defined"),
        ("{ viewer { login } }", "Field 'viewer' doesn't exist on type 'Query'"),
        ("{ rateLimit }", "must have a selection"),
        ("{ rateLimit { cost }", "Syntax Error"),
    ],
)
def test_an_invalid_query_is_an_error(query: str, error: str, github: Double) -> None:
    body = ask(github, "/graphql", "POST", {"query": query}).body
    assert error in body["errors"][0]["message"]
    assert "data" not in body


def graph(github: Double, fields: str, token: str = "") -> Any:
    query = f'{{ repository(owner: "acme", name: "widgets") {{ p: pullRequest(number: 1) {{ {fields} }} }} }}'
    return ask(github, "/graphql", "POST", {"query": query}, Authorization=f"token {token or github.token}").body


def merge_state(github: Double) -> str:
    return str(graph(github, "mergeStateStatus")["data"]["repository"]["p"]["mergeStateStatus"])


def opened(github: Double) -> None:
    github.push("issue-1")
    github.add_pull("issue-1")


def test_the_merge_state_is_what_the_branch_wants(github: Double) -> None:
    opened(github)
    assert merge_state(github) == "CLEAN"
    github.protect(checks=("test",))
    assert merge_state(github) == "BLOCKED"
    github.add_check("issue-1", "test")
    assert merge_state(github) == "CLEAN"
    github.add_check("issue-1", "nightly", "failure")
    assert merge_state(github) == "UNSTABLE"
    github.protect(checks=("test",), strict=True)
    github.refs.outdated.add(github.sha("issue-1"))  # type: ignore[attr-defined]
    assert merge_state(github) == "BEHIND"
    github.protect(reviews=1)
    assert merge_state(github) == "BLOCKED"
    github.review(1)
    assert merge_state(github) == "UNSTABLE"
    github.edit(1, draft=True)
    assert merge_state(github) == "DRAFT"
    github.refs.conflicts.add(github.sha("issue-1"))  # type: ignore[attr-defined]
    assert merge_state(github) == "DIRTY"


@pytest.mark.parametrize(
    ("required", "reviews", "decision"),
    [
        (0, [("rob", "MEMBER", "CHANGES_REQUESTED")], None),
        (1, [], "REVIEW_REQUIRED"),
        (1, [("eve", "NONE", "CHANGES_REQUESTED")], "REVIEW_REQUIRED"),
        (1, [("rob", "MEMBER", "CHANGES_REQUESTED"), ("rob", "MEMBER", "APPROVED")], "APPROVED"),
        (2, [("rob", "MEMBER", "APPROVED")], "REVIEW_REQUIRED"),
        (1, [("sue", "CONTRIBUTOR", "CHANGES_REQUESTED")], "CHANGES_REQUESTED"),
    ],
)
def test_only_those_who_may_push_decide(
    required: int, reviews: list[tuple[str, str, str]], decision: str | None, github: Double
) -> None:
    opened(github)
    github.protect(reviews=required)
    github.permissions["sue"] = "write"
    for author, association, state in reviews:
        github.review(1, state, "", author, association)
    assert graph(github, "reviewDecision")["data"]["repository"]["p"]["reviewDecision"] == decision


def test_checks_come_with_their_suite_and_page_by_page(github: Double) -> None:
    opened(github)
    github.protect(checks=("test",))
    run = github.add_run("issue-1", "test", None)
    github.add_check("issue-1", "lint", app="other")
    fields = """commits(last: 1) { nodes { commit { checkSuites(first: 9) { nodes { status app { slug }
        workflowRun { event workflow { name } } } }
        statusCheckRollup { contexts(first: 1, after: %s) { pageInfo { hasNextPage endCursor }
        nodes { ... on CheckRun { name isRequired(pullRequestNumber: 1) } } } } } } }"""
    (node,) = graph(github, fields % "null")["data"]["repository"]["p"]["commits"]["nodes"]
    assert node["commit"]["checkSuites"]["nodes"] == [
        {"status": "IN_PROGRESS", "app": {"slug": "github-actions"},
         "workflowRun": {"event": "pull_request", "workflow": {"name": "CI"}}},
        {"status": "COMPLETED", "app": {"slug": "other"}, "workflowRun": None},
    ]  # fmt: skip
    assert node["commit"]["statusCheckRollup"]["contexts"] == {
        "pageInfo": {"hasNextPage": True, "endCursor": "1"}, "nodes": [{"name": "test", "isRequired": True}]
    }  # fmt: skip
    (node,) = graph(github, fields % '"1"')["data"]["repository"]["p"]["commits"]["nodes"]
    assert node["commit"]["statusCheckRollup"]["contexts"]["nodes"] == [{"name": "lint", "isRequired": False}]
    github.add_job(run, "test", "success")
    assert github.run(run).status == "completed"


def test_a_fine_grained_token_sees_no_checks(github: Double) -> None:
    opened(github)
    github.add_check("issue-1")
    github.tokens["github_pat_x"] = "ann"
    github.hidden["github_pat_x"] = {"checks"}
    got = graph(github, "number commits(last: 1) { nodes { commit { statusCheckRollup { state } } } }", "github_pat_x")
    assert got["data"]["repository"]["p"] == {
        "number": 1, "commits": {"nodes": [{"commit": {"statusCheckRollup": None}}]}
    }  # fmt: skip
    assert got["errors"][0]["type"] == "FORBIDDEN"
    asked = ask(github, f"{REPO}/commits/issue-1/check-runs", Authorization="token github_pat_x")
    assert (asked.status, asked.headers["X-Accepted-GitHub-Permissions"]) == (403, "checks=read")


def test_a_thread_is_resolved_by_a_mutation(github: Double) -> None:
    opened(github)
    github.review_comment(1, "a.py", 1, "hm")
    (thread,) = graph(github, "reviewThreads(first: 1) { nodes { id } }")["data"]["repository"]["p"]["reviewThreads"][
        "nodes"
    ]
    query = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
    got = ask(github, "/graphql", "POST", {"query": query, "variables": {"id": thread["id"]}}).body
    assert got["data"]["resolveReviewThread"]["thread"] == {"isResolved": True}
    assert github.pull(1).threads[0].resolved_by == "ann"


def test_a_pull_request_from_a_fork(github: Double) -> None:
    github.forks["me"] = fork = type(github.refs)()
    fork.push("issue-1")  # type: ignore[attr-defined]
    got = ask(github, f"{REPO}/pulls", "POST", {"title": "t", "head": "me:issue-1", "base": "main"})
    assert (got.status, got.body["head"]["label"], got.body["head"]["repo"]["full_name"]) == (
        201, "me:issue-1", "me/widgets"
    )  # fmt: skip
    assert [row["number"] for row in ask(github, f"{REPO}/pulls?head=me:issue-1").body] == [1]
    assert ask(github, f"{REPO}/pulls?head=acme:issue-1").body == []


def test_single_sign_on_names_its_address(github: Double) -> None:
    github.sso.add(github.token)
    got = ask(github, f"{REPO}/issues")
    assert got.status == 403
    assert got.headers["X-GitHub-SSO"].startswith("required; url=https://github.com/orgs/acme/sso")


def test_disabled_issues_are_gone_and_pull_requests_are_not(github: Double) -> None:
    opened(github)
    github.has_issues = False
    assert ask(github, f"{REPO}/issues").status == 410
    assert ask(github, f"{REPO}/issues/1").status == 200


def test_an_archived_repository_is_read_only(github: Double) -> None:
    github.archived = True
    assert ask(github, REPO).body["archived"] is True
    assert (
        ask(github, f"{REPO}/issues", "POST", {"title": "t"}).body["message"]
        == "Repository was archived so is read-only."
    )


# Out of process.


def test_it_runs_as_a_program_and_is_told_what_to_do(pushed: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "support.github_double", "--bare", str(tmp_path / "widgets.git")]
    here = TESTS
    environ = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{here}:{here.parent}"}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environ, cwd=here) as program:
        try:
            assert program.stdout
            told = json.loads(program.stdout.readline())
            double = Double()  # only for `ask`: the address and the token are the program's
            double.server.server_close()
            double.url, double.token = told["url"], told["token"]
            assert ask(double, "/_double/add_issue", "POST", {"title": "t", "number": 7}).body == {"result": 7}
            assert ask(double, "/_double/add_pull", "POST", {"head": "issue-7"}).body == {"result": 8}
            assert ask(double, "/_double/fault", "POST", {"fault": "502", "path": "/issues/7"}).status == 200
            assert ask(double, f"{REPO}/issues/7").status == 502
            assert ask(double, "/_double/explode", "POST", {}).status == 404
            assert ask(double, "/_double/merge", "POST", {"number": 99}).status == 400
            assert [one[3] for one in ask(double, "/_double/requests").body["result"]] == [502]
        finally:
            program.terminate()
    assert program.returncode == 0


def test_faults_are_switched_per_path_and_off_again(github: Double) -> None:
    github.add_issue(number=7)
    github.fault(Fault.HTML, "/issues/7", "GET")
    assert ask(github, f"{REPO}/issues/7").status == 500
    assert ask(github, f"{REPO}/issues").status == 200
    github.clear_faults()
    assert ask(github, f"{REPO}/issues/7").status == 200


def test_a_bare_repository_is_asked_as_it_is(pushed: Path, tmp_path: Path, git: Git) -> None:
    bare = Bare(tmp_path / "widgets.git")
    heads = bare.heads()
    assert heads == {name: git("-C", pushed, "rev-parse", name) for name in ("main", "issue-7")}
    assert bare.ahead(heads["main"], heads["issue-7"]) == 1
