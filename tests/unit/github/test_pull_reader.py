"""What GitHub says of pull requests, against the double: by one query, page by page, and part by part over REST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from support.github_double import Double, Fault, routes
from support.github_double.clients import Clock, api_client
from support.github_double.graphql import schema
from support.github_double.routes import Answer

from orchestra.core.checks import CheckRun, head_checks
from orchestra.core.pull_request import Checks
from orchestra.core.remarks import Kind
from orchestra.errors import Unreachable
from orchestra.github import graph, pull_reader
from orchestra.github.graph import BaseFacts, CheckDetail, PullFacts
from orchestra.github.pull_reader import PullReader
from orchestra.github.rate_limit import Limited
from orchestra.github.responses import Missing

pytestmark = pytest.mark.fast

Open = Callable[..., PullReader]


@pytest.fixture
def reading(github: Double, clock: Clock, tmp_path: Path) -> Iterator[Open]:
    """`reading()` -> a reader of the double; all of a test share one cache, as the processes of a project do."""
    made: list[Any] = []

    def build(token: str = github.token, **options: Any) -> PullReader:
        api = options.pop("api", github.url)
        made.append(api_client(api, token, tmp_path / "github", clock, **options))
        return PullReader(made[-1], clock)

    yield build
    for client in made:
        client.close()


def opened(github: Double, count: int = 1) -> None:
    for number in range(1, count + 1):
        github.push(f"issue-{number}")
        github.add_pull(f"issue-{number}")


def one(reader: PullReader, number: int = 1) -> PullFacts:
    return reader.facts([number], ["main"]).pulls[number]


def names(facts: PullFacts) -> list[tuple[str, str]]:
    return [(check.run.name, check.run.state) for check in facts.checks]


def without_graphql(github: Double) -> None:
    github.hidden[github.token] = {"graphql"}


# By GraphQL.


@pytest.mark.parametrize("numbers", [[1], range(1, 13), range(1, 51)])
def test_the_queries_are_valid(numbers: list[int]) -> None:
    from graphql import parse, validate

    for query in (
        graph.query(list(numbers), ["main", "release/1.0"]),
        graph.query(list(numbers), ["main"], graph.OPTIONAL, numbers),
        graph.page_query(7, "checks", "abc"),
        graph.page_query(7, "threads", "abc"),
        graph.page_query(7, "suites", "abc"),
        graph.threads_query(5),
    ):
        assert validate(schema(), parse(query)) == []


def test_a_branch_name_cannot_end_the_string_it_is_in() -> None:
    assert '"refs/heads/a) { x }"' in graph.query([], ['a") { x }'])


def test_one_query_says_it_for_all(github: Double, reading: Open) -> None:
    opened(github, 12)
    github.refs.conflicts.add(github.sha("issue-2"))  # type: ignore[attr-defined]
    github.pull(3).mergeable_known = False
    github.edit(4, draft=True, auto_merge=True)
    github.edit(5, in_queue=True)
    github.merge(6)
    github.close(7, "bob")
    found = reading().facts([*range(1, 13), 99], ["main"], {7})
    assert [asked.path for asked in github.requests] == ["/graphql"]
    assert found.gone == (99,)
    pulls = found.pulls
    assert (pulls[1].state, pulls[1].mergeable, pulls[1].merge_state, pulls[1].head_sha) == (
        "open", True, "clean", github.sha("issue-1")
    )  # fmt: skip
    assert (pulls[2].mergeable, pulls[2].merge_state) == (False, "dirty")
    assert (pulls[3].mergeable, pulls[3].merge_state) == (None, "unknown")
    assert (pulls[4].draft, pulls[4].auto_merge) == (True, True)
    assert pulls[5].in_queue
    assert (pulls[6].state, pulls[7].state, pulls[7].closed_by) == ("merged", "closed", "bob")
    assert (pulls[1].head_ref, pulls[1].head_repo, pulls[1].base_ref) == ("issue-1", "acme/widgets", "main")


def test_fifty_pull_requests_are_two_queries(github: Double, reading: Open) -> None:
    opened(github, 50)
    assert len(reading().facts(range(1, 51), ["main"]).pulls) == 50
    assert [asked.path for asked in github.requests] == ["/graphql"] * 2


def test_checks_come_with_what_tells_them_apart(github: Double, reading: Open) -> None:
    opened(github)
    github.protect(checks=("test",))
    run = github.add_run("issue-1", "test", "failure", workflow="CI", event="push")
    github.add_check("issue-1", "lint", None, app="linter")
    github.add_status("issue-1", "ci/old", "error", "It broke")
    facts = one(reading())
    by_name = {check.run.name: check for check in facts.checks}
    test, lint, old = by_name["test"], by_name["lint"], by_name["ci/old"]
    job = github.run(run).job.id
    assert test.run._replace(started="", suite=0) == CheckRun(
        "test", "failure", "github-actions", "CI", "push", "", 0, required=True
    )
    assert (test.job, test.url) == (job, f"https://github.com/acme/widgets/actions/runs/{run}/job/{job}")
    assert (lint.run.app, lint.run.state, lint.job, lint.run.required) == ("linter", "in_progress", None, False)
    assert (old.run.state, old.summary, old.job) == ("error", "It broke", None)
    assert [(suite.app, suite.workflow, suite.event, suite.state) for suite in facts.suites] == [
        ("github-actions", "CI", "push", "failure"), ("linter", "", "", "in_progress")
    ]  # fmt: skip


def test_hundreds_of_checks_are_read_page_by_page(github: Double, reading: Open) -> None:
    opened(github)
    for number in range(230):
        github.add_check("issue-1", f"matrix {number}", "failure" if number == 229 else "success")
    facts = one(reading())
    assert len(facts.checks) == 230
    assert head_checks([check.run for check in facts.checks], facts.suites).state is Checks.FAILING


def test_a_run_behind_fifty_suites_of_apps_is_seen(github: Double, reading: Open) -> None:
    opened(github)
    for number in range(120):
        github.add_suite("issue-1", f"idle-app-{number}")
    github.add_run("issue-1", "")
    facts = one(reading())
    assert len(facts.suites) == 121
    assert head_checks([check.run for check in facts.checks], facts.suites).state is Checks.PENDING


def test_while_graphql_fails_threads_and_queue_are_what_they_were(github: Double, reading: Open, clock: Clock) -> None:
    opened(github)
    github.resolve(1, github.review_comment(1, "a.py", 1, "hm"))
    github.edit(1, in_queue=True)
    reader = reading()
    before = one(reader)
    github.fault(Fault.BAD_GATEWAY, "/graphql")
    during = one(reader)
    assert (during.threads, during.in_queue) == (before.threads, True)
    github.clear_faults()
    github.edit(1, in_queue=False)
    assert one(reader).in_queue, "it is not asked again at once"
    clock.shift += pull_reader.FAILING + 1
    assert not one(reader).in_queue


@pytest.mark.parametrize("how", ["graphql", "rest"])
def test_more_checks_than_are_read_are_pending(
    how: str, github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_reader, "PAGES", 2)
    opened(github)
    for number in range(310):
        github.add_check("issue-1", f"matrix {number}")
    if how == "rest":
        without_graphql(github)
    facts = one(reading())
    assert head_checks([check.run for check in facts.checks], facts.suites).state is Checks.PENDING
    assert facts.checks[-1].run.name.startswith("more than ")


def test_hundreds_of_threads_are_read_page_by_page(github: Double, reading: Open) -> None:
    opened(github)
    for _ in range(120):
        github.resolve(1, github.review_comment(1, "a.py", 1, "hm"))
    github.review_comment(1, "b.py", 2, "hm")
    threads = one(reading()).threads
    assert threads is not None
    assert (len(threads), [thread.path for thread in threads if not thread.resolved]) == (121, ["b.py"])


def test_opinions_say_who_may_push(github: Double, reading: Open) -> None:
    opened(github)
    github.permissions["sue"] = "write"
    github.review(1, "CHANGES_REQUESTED", "no", "sue", "CONTRIBUTOR")
    github.review(1, "CHANGES_REQUESTED", "no", "eve", "NONE")
    github.review(1, "APPROVED", "", "review[bot]", "NONE")
    found = [(it.author, it.state, it.pushes, it.bot) for it in one(reading()).opinions]
    assert found == [
        ("sue", "CHANGES_REQUESTED", True, False), ("eve", "CHANGES_REQUESTED", False, False),
        ("review[bot]", "APPROVED", False, True),
    ]  # fmt: skip


def test_a_base_says_what_it_requires_and_which_checks_it_has(github: Double, reading: Open) -> None:
    opened(github)
    github.protect(checks=("test", "lint"), reviews=2, conversations=True)
    github.add_check("main", "deploy")
    assert reading().facts([1], ["main", "nowhere"]).bases == {
        "main": BaseFacts(("test", "lint"), 2, True, ("deploy",)), "nowhere": BaseFacts()
    }  # fmt: skip


def test_everything_that_is_said_moves_the_mark(github: Double, reading: Open) -> None:
    opened(github)
    reader, marks = reading(), []
    comment = github.comment(1, "hm")
    for happens in (
        lambda: None,
        lambda: github.comment(1, "more"),
        lambda: github.edit_comment(1, comment, "edited"),
        lambda: github.review(1, "COMMENTED", "so"),
    ):
        happens()
        marks.append(one(reader).said_at)
    assert len(set(marks)) == 4
    assert one(reader).said_at == marks[-1]


def test_a_server_without_a_field_is_asked_without_it(
    github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(github)
    for kind, field in (("PullRequest", "isInMergeQueue"), ("Ref", "rules")):
        monkeypatch.delitem(schema().type_map[kind].fields, field)  # type: ignore[attr-defined]
    reader = reading()
    assert one(reader).state == "open"
    assert one(reader).state == "open"
    assert [asked.path for asked in github.requests] == ["/graphql"] * 3


def test_null_nodes_are_left_out(github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing: dict[str, Any] = {"nodes": [None]}
    pull = {
        "number": 1, "state": "OPEN", "isDraft": False, "mergeable": "MERGEABLE", "mergeStateStatus": "CLEAN",
        "reviewDecision": None, "isInMergeQueue": None, "autoMergeRequest": None, "headRefOid": "a" * 40,
        "headRefName": "issue-1", "headRepository": None, "baseRefName": "main", "updatedAt": "2026-01-08T11:15:00Z",
        "comments": nothing, "reviews": None, "latestOpinionatedReviews": nothing,
        "reviewThreads": {**nothing, "pageInfo": {"hasNextPage": False, "endCursor": None}},
        "commits": {"nodes": [{"commit": {"oid": "a", "checkSuites": nothing, "statusCheckRollup": {"contexts": {
            **nothing, "pageInfo": {"hasNextPage": False, "endCursor": None}}}}}]},
    }  # fmt: skip
    answer = Answer(200, {"data": {"repository": {"p1": pull, "b0": None}}})
    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), lambda asked: answer)
    facts = one(reading())
    assert (facts.threads, facts.checks, facts.opinions, facts.head_repo) == ((), (), (), "")


@pytest.mark.parametrize("kind", [None, "FORBIDDEN"])
def test_a_part_that_graphql_did_not_come_to_says_nothing(
    kind: str | None, github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(github)
    github.add_run("issue-1", "test", "failure")
    github.review(1, "CHANGES_REQUESTED", "No.")
    github.review_comment(1, "a.py", 1, "hm")
    reader = reading()
    before = one(reader)
    ask = routes.ROUTES["post", "/graphql"]

    def cut(asked: Any) -> Answer:
        answer = ask(asked)
        row, parts = answer.body["data"]["repository"]["p1"], ["reviewThreads", "latestOpinionatedReviews", "commits"]
        row |= dict.fromkeys(parts)
        errors = [{"message": "Something went wrong", "path": ["repository", "p1", part]} for part in parts]
        answer.body["errors"] = [{**one, **({"type": kind} if kind else {})} for one in errors]
        return answer

    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), cut)
    facts = one(reader)
    assert names(facts) == [("test", "failure")]
    if kind:
        assert {"reviews", "review threads", "checks of apps"} <= set(facts.unseen)
    else:
        assert (facts.unseen, facts.threads) == ((), before.threads)
        assert [(it.author, it.state) for it in facts.opinions] == [("rob", "CHANGES_REQUESTED")]


def test_graphql_that_fails_for_a_moment_is_asked_again_soon(
    github: Double, reading: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(github)
    reader, ask = reading(), routes.ROUTES["post", "/graphql"]
    broken = Answer(200, {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]})
    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), lambda asked: broken)
    assert one(reader).threads is None
    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), ask)
    clock.shift += pull_reader.FAILING + 1
    assert one(reader).threads == ()


@pytest.mark.parametrize(
    "fault", [Fault.LOGIN_PAGE, Fault.EMPTY, Fault.DEEP, Fault.WRONG_TYPES, Fault.TRUNCATED, Fault.CUT, Fault.HTML]
)
def test_graphql_that_answers_nonsense_is_replaced_by_rest(fault: Fault, github: Double, reading: Open) -> None:
    opened(github)
    github.add_check("issue-1", "unit", "failure")
    github.fault(fault, "/graphql")
    reader = reading()
    found = one(reader)
    assert names(found) == [("unit", "failure")]
    assert found.partial, "and why is said"
    assert found.unseen == (), "it is not the token's fault"
    assert reader._client.budget.last_failure().sentence == "", "REST is asked all the same"


def test_a_further_page_that_makes_no_sense_counts_as_pending(
    github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(github)
    for number in range(120):
        github.add_check("issue-1", f"unit {number}")
    route = routes.ROUTES["post", "/graphql"]
    monkeypatch.setitem(
        routes.ROUTES,
        ("post", "/graphql"),
        lambda asked: Answer(200, "?") if "after:" in asked.body["query"] else route(asked),
    )
    assert names(one(reading()))[-1] == ("more than 100 checks", "pending")


def test_a_check_that_is_completed_without_a_conclusion_has_not_passed(github: Double, reading: Open) -> None:
    opened(github)
    github.add_check("issue-1", "odd", None, status="completed")
    for _ in range(2):
        assert names(one(reading())) == [("odd", "completed")]
        without_graphql(github)


# Where GraphQL fails.


def test_a_bad_gateway_makes_the_batches_smaller(
    github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(github, 20)
    route, sizes = routes.ROUTES["post", "/graphql"], []

    def slow(asked: Any) -> Answer:
        sizes.append(asked.body["query"].count("pullRequest(number:"))
        return Answer(502, {"message": "Something went wrong"}) if sizes[-1] > 6 else route(asked)

    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), slow)
    reader = reading()
    assert len(reader.facts(range(1, 21), ["main"]).pulls) == 20
    assert sizes == [20, 10, 5, 5, 5, 5]
    assert not github.asked("GET", "/pulls")
    assert reader._client.budget.last_failure().sentence == ""


def test_in_the_end_rest_says_what_it_can(github: Double, reading: Open, clock: Clock) -> None:
    opened(github, 6)
    github.fault(Fault.BAD_GATEWAY, "/graphql")
    reader = reading()
    assert len(reader.facts(range(1, 7), ["main"]).pulls) == 6
    asked = len(github.asked(path="/graphql"))
    assert len(reader.facts(range(1, 7), ["main"]).pulls) == 6
    assert len(github.asked(path="/graphql")) == asked == 2
    github.clear_faults()
    clock.shift = pull_reader.ABSENT + 1
    assert one(reader).threads == ()


@pytest.mark.parametrize("how", ["403", "404", "errors", "exhausted"])
def test_without_graphql_rest_says_less(
    how: str, github: Double, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(github, 2)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Resource": "graphql"} if how == "exhausted" else {}
    body = {"errors": [{"type": "FORBIDDEN", "message": "no"}]} if how == "errors" else {"message": "no"}
    status = {"errors": 200, "exhausted": 403}.get(how) or int(how)
    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), lambda asked: Answer(status, body, headers))
    reader = reading()
    for _ in range(2):
        found = reader.facts([1, 2, 99], ["main"])
        assert (sorted(found.pulls), found.gone) == ([1, 2], (99,))
        assert (found.pulls[1].mergeable, found.pulls[1].unseen) == (True, ("review threads",))
    assert len(github.asked(path="/graphql")) == 1
    assert reader._client.budget.last_failure().sentence == ""


def test_enterprise_server_has_graphql_elsewhere(github: Double, reading: Open) -> None:
    opened(github)
    reader = reading(api=f"{github.url}/api/v3", host="ghe.example.com")
    assert one(reader).threads == ()


# By REST.


def test_rest_knows_checks_reviews_and_what_is_required(github: Double, reading: Open) -> None:
    opened(github)
    github.protect(checks=("test",), reviews=1)
    run = github.add_run("issue-1", "test", "failure", event="push")
    github.add_status("issue-1", "ci/old", "pending")
    github.review(1, "CHANGES_REQUESTED", "no")
    github.edit(1, auto_merge=True)
    without_graphql(github)
    found = reading().facts([1], ["main"])
    facts = found.pulls[1]
    assert names(facts) == [("test", "failure"), ("ci/old", "pending")]
    assert facts.checks[0].run._replace(started="", suite=0) == CheckRun(
        "test", "failure", "github-actions", "CI", "push"
    )
    assert (facts.merge_state, facts.auto_merge, facts.decision) == ("blocked", True, "CHANGES_REQUESTED")
    assert [(it.author, it.state) for it in facts.opinions] == [("rob", "CHANGES_REQUESTED")]
    assert found.bases["main"].required == ("test",)
    assert [(suite.workflow, suite.state) for suite in facts.suites] == [("CI", "failure")]
    assert github.run(run).suite.id == facts.suites[0].number


def test_what_has_not_changed_is_free_by_rest(github: Double, reading: Open) -> None:
    opened(github)
    without_graphql(github)
    reader = reading()
    one(reader)
    left = github.remaining
    one(reader)
    assert github.remaining == left


@pytest.mark.parametrize("graphql", [True, False], ids=["graphql", "rest"])
def test_a_fine_grained_token_sees_actions_and_statuses(graphql: bool, github: Double, reading: Open) -> None:
    opened(github)
    github.add_run("issue-1", "test", "failure", "boom")
    github.add_check("issue-1", "app check", "failure", app="other")
    github.add_status("issue-1", "ci/old")
    github.hidden[github.token] = {"checks"} | (set() if graphql else {"graphql"})
    facts = one(reading())
    assert names(facts) == [("test", "failure"), ("ci/old", "success")]
    assert "checks of apps" in facts.unseen
    assert reading().log_tail(facts.checks[0]) == "boom"
    assert facts.checks[0].run.workflow == "CI"


def test_a_refused_part_never_hides_a_merge(github: Double, reading: Open) -> None:
    opened(github, 2)
    github.hidden[github.token] = {"checks", "statuses", "actions", "graphql"}
    assert one(reading()).unseen == ("review threads", "checks of apps", "commit statuses", "Actions runs")
    github.merge(1)
    assert one(reading()).state == "merged"


def test_what_makes_no_sense_is_none(github: Double, reading: Open) -> None:
    opened(github)
    github.add_check("issue-1")
    without_graphql(github)
    github.fault(Fault.WRONG_TYPES, "/check-runs")
    with pytest.raises(Unreachable, match="unexpected response"):
        one(reading())


# What was said.


def test_what_was_said_is_seen(github: Double, reading: Open) -> None:
    opened(github)
    review = github.review(1, "CHANGES_REQUESTED", "Not like this")
    thread = github.review_comment(1, "src/a.py", 12, "Why?", start_line=10)
    first = github.pull(1).threads[0].comments[0].id
    reply = github.thread_reply(1, first, "Because", "ann", "OWNER")
    comment = github.comment(1, "Coverage fell", "cov[bot]", "NONE")
    github.review(1, "COMMENTED", "")  # GitHub's frame around inline comments
    reader = reading()
    page = "https://github.com/acme/widgets/pull/1"
    shown = [(r.id, r.author, r.association, r.bot, r.kind, r.state, r.text, r.path, r.line, r.start_line, r.thread,
              r.reply_to, r.url) for r in reader.remarks(1)]  # fmt: skip
    assert shown == [
        (f"review:{review}", "rob", "MEMBER", False, Kind.REVIEW, "CHANGES_REQUESTED", "Not like this", "", None, None,
         0, 0, f"{page}#pullrequestreview-{review}"),
        (f"inline:{first}", "rob", "MEMBER", False, Kind.INLINE, "", "Why?", "src/a.py", 12, 10, first, 0,
         f"{page}#discussion_r{first}"),
        (f"inline:{reply}", "ann", "OWNER", False, Kind.INLINE, "", "Because", "src/a.py", 12, 10, first, first,
         f"{page}#discussion_r{reply}"),
        (f"comment:{comment}", "cov[bot]", "NONE", True, Kind.COMMENT, "", "Coverage fell", "", None, None, 0, 0,
         f"{page}#issuecomment-{comment}"),
    ]  # fmt: skip
    assert reader.first_comments([f"PRRT_{thread}"]) == {f"PRRT_{thread}": (first, reply)}
    asked = len(github.requests)
    assert reader.first_comments([f"PRRT_{thread}"]) == {f"PRRT_{thread}": (first, reply)}
    assert len(github.requests) == asked


def test_remarks_that_have_not_changed_are_free(github: Double, reading: Open) -> None:
    opened(github)
    github.comment(1, "x")
    reader = reading()
    first, left = reader.remarks(1), github.remaining
    assert reader.remarks(1) == first
    assert github.remaining == left
    assert len(github.requests) == 6


def test_a_pull_request_that_is_gone_is_missing(github: Double, reading: Open) -> None:
    with pytest.raises(Missing):
        reading().remarks(1)


def test_whether_somebody_may_push_is_asked_once_an_hour(github: Double, reading: Open, clock: Clock) -> None:
    github.permissions |= {"sue": "write", "eve": "read"}
    reader = reading()
    assert [reader.may_push(login) for login in ("sue", "eve", "sue")] == [True, False, True]
    assert len(github.requests) == 2
    clock.shift = 3601
    reader.may_push("sue")
    assert len(github.requests) == 3
    github.hidden[github.token] = {"permissions"}
    assert reader.may_push("pat") is None
    assert reader._client.budget.last_failure().sentence == ""


def test_a_limit_is_not_asked_around(github: Double, reading: Open) -> None:
    opened(github)
    github.fault(Fault.SECONDARY)
    with pytest.raises(Limited):
        one(reading())
    assert len(github.requests) == 1


# Logs.


def failing(github: Double, log: str) -> None:
    opened(github)
    github.add_run("issue-1", conclusion="failure", log=log)


def check(summary: str = "", job: int | None = None) -> CheckDetail:
    return CheckDetail(CheckRun("c", "failure"), "", job, summary)


def test_the_end_of_a_log_is_its_last_error_without_times_and_colours(github: Double, reading: Open) -> None:
    lines = [f"2026-01-08T11:15:00.1234567Z \x1b[31mline {number}\x1b[0m" for number in range(200)]
    after = ["2026-01-08T11:15:01.0000000Z ##[error]Process completed with exit code 1.", "Post job cleanup.", ""]
    failing(github, "\ufeff" + "\r\n".join([*lines, *after]))
    reader = reading()
    (found,) = one(reader).checks
    tail = reader.log_tail(found, 3)
    assert tail.split("\n") == ["line 198", "line 199", "##[error]Process completed with exit code 1."]
    asked = len(github.requests)
    assert len(reader.log_tail(found).split("\n")) == 60
    assert len(github.requests) == asked


@pytest.mark.parametrize(
    ("given", "tail"),
    [
        (check("first\nsecond\x1b]0;x\x07\n", None), "first\nsecond"),
        (check("said", 99), "said"),
        (check("", None), ""),
    ],
    ids=["another system", "no log any more", "nothing"],
)
def test_without_a_log_a_check_speaks_for_itself(given: CheckDetail, tail: str, reading: Open) -> None:
    reader = reading()
    assert reader.log_tail(given) == tail
    assert reader._client.budget.last_failure().sentence == ""


class Blobs(ThreadingHTTPServer):
    """Where GitHub keeps its logs: another host, which knows ranges."""

    daemon_threads = True

    def __init__(self, content: bytes, *, ranges: bool = True) -> None:
        self.content, self.ranges, self.seen = content, ranges, list[dict[str, str]]()
        super().__init__(("127.0.0.1", 0), _Blob)
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up when they have read enough."""


class _Blob(BaseHTTPRequestHandler):
    server: Blobs

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.server.seen.append({name.lower(): value for name, value in self.headers.items()})
        wanted = self.headers.get("Range", "") if self.server.ranges else ""
        content = self.server.content[int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0 :]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def tail_from(location: str, reading: Open, monkeypatch: pytest.MonkeyPatch) -> str:
    reply = Answer(302, None, {"Location": location})
    monkeypatch.setitem(routes.ROUTES, ("get", f"{routes.REPO}/actions/jobs/{{job_id}}/logs"), lambda asked: reply)
    return reading().log_tail(check("summary", 5), 2)


@pytest.mark.parametrize(("ranges", "tail"), [(True, "the\nend"), (False, "no\nno")])
def test_of_a_long_log_two_megabytes_are_read(
    ranges: bool, tail: str, reading: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Blobs(b"no\n" * 1_000_000 + b"the\nend\n", ranges=ranges) as blobs:
        assert tail_from(f"http://127.0.0.1:{blobs.server_address[1]}/blob", reading, monkeypatch) == tail
        blobs.shutdown()
    assert [one.get("range") for one in blobs.seen] == [None, f"bytes={3_000_008 - 2 * 1024 * 1024}-"]
    assert not any("authorization" in one for one in blobs.seen)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://127.0.0.1:1/x", "http://[", ""]
)
def test_a_log_that_is_nowhere_is_no_trouble(location: str, reading: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tail_from(location, reading, monkeypatch) == "summary"
    assert reading()._client.budget.last_failure().sentence == ""
