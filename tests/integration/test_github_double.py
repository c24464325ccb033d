"""The double behaves as GitHub is described to, and refuses what GitHub would not know."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Double
from support.github_double.clients import ask
from support.github_double.routes import ROUTES
from support.github_double.spec import spec
from support.paths import TESTS

REPO = "/repos/acme/widgets"
Git = Callable[..., str]


@pytest.fixture
def bad() -> Iterator[Double]:
    """A double whose violations the test itself looks at."""
    with Double() as double:
        double.push("issue-7")
        yield double


CALLS: list[tuple[str, str, Any]] = [
    ("GET", REPO, None),
    ("GET", "/user", None),
    ("GET", "/search/issues?q=repo:acme/widgets", None),
    ("GET", f"{REPO}/issues?state=all&per_page=100", None),
    ("POST", f"{REPO}/issues", {"title": "t", "labels": ["ui"]}),
    ("GET", f"{REPO}/issues/7", None),
    ("GET", f"{REPO}/issues/8", None),
    ("PATCH", f"{REPO}/issues/7", {"state": "closed"}),
    ("GET", f"{REPO}/issues/7/comments", None),
    ("POST", f"{REPO}/issues/7/comments", {"body": "b"}),
    ("GET", f"{REPO}/issues/comments", None),
    ("GET", f"{REPO}/issues/7/labels", None),
    ("GET", f"{REPO}/pulls?state=all&sort=updated&direction=desc", None),
    ("POST", f"{REPO}/pulls", {"title": "t", "head": "other", "base": "main"}),
    ("GET", f"{REPO}/pulls/8", None),
    ("PATCH", f"{REPO}/pulls/8", {"title": "t2"}),
    ("GET", f"{REPO}/pulls/8/reviews", None),
    ("POST", f"{REPO}/pulls/8/reviews", {"event": "COMMENT", "body": "b"}),
    ("GET", f"{REPO}/pulls/8/comments", None),
    ("GET", f"{REPO}/commits/issue-7/check-runs", None),
    ("GET", f"{REPO}/commits/issue-7/status", None),
    ("POST", f"{REPO}/statuses/{'a' * 40}", {"state": "success"}),
    ("GET", f"{REPO}/actions/runs?branch=issue-7", None),
    ("GET", f"{REPO}/actions/runs/RUN/jobs", None),
    ("GET", f"{REPO}/actions/jobs/JOB/logs", None),
    ("POST", "/graphql", {"query": "{ rateLimit { remaining } }"}),
    ("GET", f"{REPO}/branches/main", None),
    ("GET", f"{REPO}/rules/branches/main", None),
    ("GET", f"{REPO}/collaborators/rob/permission", None),
    ("GET", f"{REPO}/issues/7/dependencies/blocked_by", None),
    ("GET", f"{REPO}/issues/7/sub_issues", None),
    ("POST", f"{REPO}/issues/7/assignees", {"assignees": ["ann"]}),
    ("POST", f"{REPO}/issues/8/labels", {"labels": ["ui"]}),
    ("POST", f"{REPO}/pulls/8/comments/COMMENT/replies", {"body": "because"}),
    ("POST", f"{REPO}/pulls/8/requested_reviewers", {"reviewers": ["rob"]}),
    ("GET", f"{REPO}/pulls/8/comments", None),
    ("PUT", f"{REPO}/pulls/8/update-branch", {}),
    ("PUT", f"{REPO}/pulls/8/merge", {"merge_method": "squash"}),
    ("GET", f"{REPO}/pulls/8/merge", None),
    ("DELETE", f"{REPO}/git/refs/heads/other", None),
]


def test_every_answer_is_as_github_describes_it(github: Double) -> None:
    github.check_answers = True
    github.push("issue-7")
    github.push("other")
    github.add_issue(number=7, labels=("ui",))
    assert github.add_pull("issue-7", title="t", body="Closes #7") == 8
    github.comment(8, "hello")
    github.review(8)
    github.review_comment(8, "a.py", 3, "why?")
    github.refs.outdated.add(github.sha("issue-7"))  # type: ignore[attr-defined]
    run = github.add_run("issue-7", "test", "failure", "boom")
    github.add_status("issue-7")
    asked = set()
    for method, template, body in CALLS:
        path = template.replace("RUN", str(run)).replace("JOB", str(github.runs[0].job.id))
        path = path.replace("COMMENT", str(github.pull(8).threads[0].comments[0].id))
        if path.endswith("/merge") and method == "PUT":
            github.reopen(7)
        got = ask(github, path, method, body)
        assert got.status < 300, (path, got)
        operation = spec().find(method, path.partition("?")[0])
        asked.add((operation.method, operation.template) if operation else path)
    assert github.violations == []
    assert asked == set(ROUTES)
    assert github.ticket(7).state == "closed"


@pytest.mark.parametrize(
    ("method", "path", "body", "violation"),
    [
        ("GET", "/nowhere", None, "no operation GET /nowhere"),
        ("DELETE", f"{REPO}/issues/7", None, "no operation DELETE"),
        ("GET", f"{REPO}/issues?state=bogus", None, "'bogus' is not one of"),
        ("GET", f"{REPO}/issues?per_page=many", None, "per_page: $: 'many' is not of type 'integer'"),
        ("GET", f"{REPO}/issues?pages=2", None, "has no query parameter pages"),
        ("GET", f"{REPO}/issues/seven", None, "issue_number: $: 'seven' is not of type 'integer'"),
        ("POST", f"{REPO}/pulls", {"title": "t", "head": "issue-7"}, "'base' is a required property"),
        ("POST", f"{REPO}/pulls", {"head": "a", "base": "b", "draft": "yes"}, "$.draft: 'yes' is not of type"),
        ("PATCH", f"{REPO}/pulls/8", {"draft": False}, "no such field: draft"),
        ("PUT", f"{REPO}/pulls/8/merge", {"merge_method": "octopus"}, "'octopus' is not one of"),
        ("POST", f"{REPO}/issues", None, "wants a body"),
        ("GET", f"{REPO}/events", None, "the double does not know GET"),
    ],
)
def test_what_github_would_not_know_is_a_violation(
    method: str, path: str, body: Any, violation: str, bad: Double
) -> None:
    assert ask(bad, path, method, body).status == 500
    assert violation in bad.violations[0]


def test_a_violation_fails_the_test_that_made_it(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import urllib.request\n"
        "pytest_plugins = ('support.github_double.fixtures',)\n"
        "def test_it(github):\n"
        "    try: urllib.request.urlopen(urllib.request.Request(\n"
        "        github.url + '/nowhere', headers={'Authorization': 'token ' + github.token}))\n"
        "    except OSError: pass\n"
    )
    here = TESTS
    environ = {"PYTHONPATH": f"{here}:{here.parent}", "PATH": "/usr/bin:/bin"}
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, env=environ, cwd=tmp_path, check=False)
    assert "requests that GitHub would not know: ['no operation GET /nowhere']" in done.stdout
    assert "1 passed, 1 error" in done.stdout


# What clients may not do.


@pytest.mark.parametrize(
    ("authorization", "method", "status"),
    [("token wrong", "GET", 401), ("Bearer wrong", "POST", 401), ("", "GET", 404), ("", "POST", 401)],
)
def test_who_has_no_token_gets_nothing(authorization: str, method: str, status: int, bad: Double) -> None:
    assert ask(bad, f"{REPO}/issues", method, None, Authorization=authorization).status == status


def test_a_read_only_token_reads_only(github: Double) -> None:
    github.read_only.add(github.token)
    assert ask(github, f"{REPO}/issues").status == 200
    assert ask(github, f"{REPO}/issues", "POST", {"title": "t"}).status == 403


@pytest.mark.parametrize(
    ("head", "base", "error"),
    [
        ("issue-7", "main", {"code": "custom", "message": "A pull request already exists for acme:issue-7."}),
        ("issue-9", "main", {"field": "head", "code": "invalid"}),
        ("issue-7", "trunk", {"field": "base", "code": "invalid"}),
        ("main", "main", {"code": "custom", "message": "No commits between main and main"}),
    ],
)
def test_pull_requests_that_github_refuses(head: str, base: str, error: dict[str, str], real: Double) -> None:
    real.add_pull("issue-7")
    got = ask(real, f"{REPO}/pulls", "POST", {"title": "t", "head": head, "base": base})
    assert (got.status, got.body["message"]) == (422, "Validation Failed")
    assert got.body["errors"] == [{"resource": "PullRequest"} | error]


def test_nobody_approves_their_own(real: Double) -> None:
    real.add_pull("issue-7")
    got = ask(real, f"{REPO}/pulls/8/reviews", "POST", {"event": "APPROVE"})
    assert (got.status, got.body["message"]) == (422, "Can not approve your own pull request")
