"""The double behaves as GitHub is described to, and refuses what GitHub would not know."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from github_double import Bare, Double, Fault
from github_double.routes import ROUTES

pytest_plugins = ("github_double.fixtures",)

REPO = "/repos/acme/widgets"
Git = Callable[..., str]


class Got(NamedTuple):
    status: int
    body: Any
    headers: dict[str, str]


def ask(double: Double, path: str, method: str = "GET", body: Any = None, **headers: str) -> Got:
    """One plain request; a token unless `Authorization` is given."""
    sent = {"Authorization": f"token {double.token}"} | {key.replace("_", "-"): value for key, value in headers.items()}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(double.url + path, content, {k: v for k, v in sent.items() if v}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Got(response.status, _content(response), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, _content(error), dict(error.headers))


def _content(response: Any) -> Any:
    text = response.read().decode()
    return json.loads(text) if text and "json" in response.headers.get("Content-Type", "") else text


@pytest.fixture
def repository(github_repo: Path, git: Git) -> Path:
    """`github_repo` with the branch `issue-7`, one commit ahead, pushed."""
    git("-C", github_repo, "switch", "-qc", "issue-7")
    (github_repo / "dark.css").write_text("body { color: white }\n")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "dark mode")
    git("-C", github_repo, "push", "-q", "origin", "issue-7")
    return github_repo


@pytest.fixture
def real(repository: Path, github: Double) -> Double:
    """The double of that repository, with issue 7."""
    github.add_issue(number=7)
    return github


@pytest.fixture
def bad() -> Iterator[Double]:
    """A double whose violations the test itself looks at."""
    with Double() as double:
        double.push("issue-7")
        yield double


CALLS: list[tuple[str, str, Any]] = [
    ("GET", REPO, None),
    ("GET", "/user", None),
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
    ("PUT", f"{REPO}/pulls/8/merge", {"merge_method": "squash"}),
    ("GET", f"{REPO}/pulls/8/merge", None),
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
    run = github.add_run("issue-7", "test", "failure", "boom")
    github.add_status("issue-7")
    for method, path, body in CALLS:
        path = path.replace("RUN", str(run)).replace("JOB", str(github.runs[0].job.id))
        if path.endswith("/merge") and method == "PUT":
            github.reopen(7)
        got = ask(github, path, method, body)
        assert got.status < 300, (path, got)
    assert github.violations == []
    assert {(one[0].lower(), one[1].split("?")[0].count("/")) for one in CALLS} >= {
        (method, template.count("/")) for method, template in ROUTES
    }
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
        "pytest_plugins = ('github_double.fixtures',)\n"
        "def test_it(github):\n"
        "    try: urllib.request.urlopen(urllib.request.Request(\n"
        "        github.url + '/nowhere', headers={'Authorization': 'token ' + github.token}))\n"
        "    except OSError: pass\n"
    )
    here = Path(__file__).parent
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


# What moves.


def test_a_push_moves_the_head_and_deleting_the_branch_closes(real: Double, repository: Path, git: Git) -> None:
    real.add_pull("issue-7")
    before = ask(real, f"{REPO}/pulls/8").body
    assert before["head"]["sha"] == git("-C", repository, "rev-parse", "HEAD")
    git("-C", repository, "commit", "-q", "--allow-empty", "-m", "more")
    git("-C", repository, "push", "-q", "origin", "issue-7")
    after = ask(real, f"{REPO}/pulls/8").body
    assert after["head"]["sha"] == git("-C", repository, "rev-parse", "HEAD") != before["head"]["sha"]
    assert after["updated_at"] > before["updated_at"]
    git("-C", repository, "push", "-q", "origin", ":issue-7")
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
    method: str, parents: int, real: Double, repository: Path, git: Git
) -> None:
    real.add_issue(number=9)
    number = real.add_pull("issue-7", body="Closes #7, see #9")
    assert ask(real, f"{REPO}/pulls/{number}").body["mergeable"] is True
    got = ask(real, f"{REPO}/pulls/{number}/merge", "PUT", {"merge_method": method})
    git("-C", repository, "fetch", "-q", "origin")
    assert git("-C", repository, "rev-parse", "origin/main") == got.body["sha"]
    assert len(git("-C", repository, "log", "-1", "--format=%P", "origin/main").split()) == parents
    assert git("-C", repository, "diff", "origin/main", "issue-7") == ""
    pull = ask(real, f"{REPO}/pulls/{number}").body
    assert (pull["state"], pull["merged"], pull["merge_commit_sha"]) == ("closed", True, got.body["sha"])
    assert (real.ticket(7).state, real.ticket(9).state) == ("closed", "open")
    assert ask(real, f"{REPO}/pulls/{number}", "PATCH", {"state": "open"}).status == 422


def test_a_conflict_is_not_mergeable(real: Double, repository: Path, git: Git) -> None:
    git("-C", repository, "switch", "-q", "main")
    (repository / "dark.css").write_text("body { color: red }\n")
    git("-C", repository, "add", ".")
    git("-C", repository, "commit", "-qm", "red")
    git("-C", repository, "push", "-q", "origin", "main")
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


def test_it_runs_as_a_program_and_is_told_what_to_do(repository: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "github_double", "--bare", str(tmp_path / "widgets.git")]
    here = Path(__file__).parent
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


def test_a_bare_repository_is_asked_as_it_is(repository: Path, tmp_path: Path, git: Git) -> None:
    bare = Bare(tmp_path / "widgets.git")
    heads = bare.heads()
    assert heads == {name: git("-C", repository, "rev-parse", name) for name in ("main", "issue-7")}
    assert bare.ahead(heads["main"], heads["issue-7"]) == 1
