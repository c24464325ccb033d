"""What moves in the double and what does not: pushes, reviews, ETags, pages, merges, Actions, GraphQL, faults."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
        (QUERY, "no fragments"),
        ("{ repository(owner: $o) { id } }", "Variable $o"),
        ("{ viewer { login } }", "Field 'viewer' doesn't exist on Query"),
        ("{ rateLimit }", "must have a selection"),
        ("{ rateLimit { cost }", "Expected }"),
    ],
)
def test_a_query_that_makes_no_sense_is_an_error(query: str, error: str, github: Double) -> None:
    assert error in ask(github, "/graphql", "POST", {"query": query}).body["errors"][0]["message"]


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
    github.mend()
    assert ask(github, f"{REPO}/issues/7").status == 200


def test_a_bare_repository_is_asked_as_it_is(pushed: Path, tmp_path: Path, git: Git) -> None:
    bare = Bare(tmp_path / "widgets.git")
    heads = bare.heads()
    assert heads == {name: git("-C", pushed, "rev-parse", name) for name in ("main", "issue-7")}
    assert bare.ahead(heads["main"], heads["issue-7"]) == 1
