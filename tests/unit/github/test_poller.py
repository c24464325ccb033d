"""Polling GitHub, against the double: what it costs, what it sees, and what it does when GitHub does not answer."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.github_double import Double, Fault, routes
from support.github_double.clients import Clock, api_client
from support.github_double.routes import Answer

from orchestra.core.pull_request import Checks, Pull
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import poll_parsing, poller
from orchestra.github.etag_cache import CachedAnswer, ETagCache
from orchestra.github.poller import (
    CheckSeen,
    Details,
    Kind,
    MergeState,
    Poll,
    Poller,
    PullSeen,
    poll_interval,
    pull_from_details,
)
from orchestra.github.rate_limit import Limited, RequestBudget
from orchestra.github.responses import Missing

pytestmark = pytest.mark.fast

Open = Callable[..., Poller]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "acme-widgets"


@pytest.fixture
def watching(github: Double, clock: Clock, cache: Path) -> Iterator[Open]:
    """`watching()` -> a Watch of the double; all of a test share one cache, as the processes of a project do."""
    made: list[Poller] = []

    def build(token: str = github.token, **options: Any) -> Poller:
        api = options.pop("api", github.url)
        made.append(Poller(api_client(api, token, cache, clock, **options), clock))
        return made[-1]

    yield build
    for watch in made:
        watch.close()


def pulls(github: Double, count: int) -> None:
    for number in range(1, count + 1):
        github.push(f"issue-{number}")
        github.add_pull(f"issue-{number}")
        github.add_run(f"issue-{number}")


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


# What it costs.


@pytest.mark.parametrize("count", [0, 1, 12, 50])
def test_a_poll_is_three_requests_and_an_idle_one_is_free(count: int, github: Double, watching: Open) -> None:
    pulls(github, count)
    watch = watching()
    first = watch.poll()
    assert (first.requests, first.unchanged, len(first.pulls), len(first.runs)) == (3, 0, count, count)
    left = github.remaining
    idle = watch.poll()
    assert (idle.requests, idle.unchanged) == (3, 3)
    assert [one.status for one in github.requests[3:]] == [304] * 3
    assert github.remaining == left
    assert (idle.pulls, idle.issues, idle.runs) == (first.pulls, first.issues, first.runs)


def test_a_restart_costs_nothing(github: Double, watching: Open) -> None:
    pulls(github, 2)
    before = watching().poll()
    after = watching().poll()
    assert (after.requests, after.unchanged) == (3, 3)
    assert after.pulls == before.pulls


def test_another_token_does_not_get_what_is_kept(github: Double, watching: Open) -> None:
    github.tokens["ghp_another"] = "bob"
    watching().poll()
    assert watching(token="ghp_another").poll().unchanged == 0
    assert not any(one.conditional for one in github.requests)


@pytest.mark.parametrize(
    ("happens", "fresh"),
    [
        (lambda github: github.push("issue-2"), ["pulls", "issues"]),  # a pull request is listed as an issue too
        (lambda github: github.review(2, "CHANGES_REQUESTED", "no"), ["pulls", "issues"]),
        (lambda github: github.add_run("issue-2", conclusion="failure"), ["runs"]),
        (lambda github: github.add_issue(), ["issues"]),
        (lambda github: github.add_check("issue-2"), []),
    ],
    ids=["push", "review", "CI", "issue", "a check of another system"],
)
def test_a_change_costs_what_it_changes(
    happens: Callable[[Double], object], fresh: list[str], github: Double, watching: Open
) -> None:
    pulls(github, 3)
    watch = watching()
    before = watch.poll()
    happens(github)
    after = watch.poll()
    assert [one.path.rpartition("/")[2] for one in github.requests[3:] if one.status == 200] == fresh
    moved = {pull.number for pull in after.pulls if pull not in before.pulls}
    assert moved == ({2} if "pulls" in fresh else set())
    assert (after.runs != before.runs) == ("runs" in fresh)


def test_what_another_process_has_seen_first_is_seen_here_too(github: Double, watching: Open) -> None:
    here, there = watching(), watching()
    here.poll()
    github.add_issue("New")
    there.poll()
    assert [issue.title for issue in here.poll().issues] == ["New"]
    assert here.last()[0] == there.last()[0]


def test_a_damaged_cache_is_an_empty_one(github: Double, watching: Open, cache: Path) -> None:
    pulls(github, 1)
    watching().poll()
    for path in files_below(cache):
        path.write_bytes(path.read_bytes()[:-20] + b"\xff\x00")
    assert watching().last() == (None, None, "")
    assert watching().poll().unchanged == 0
    assert len(watching().poll().pulls) == 1


def test_what_is_kept_is_private_bounded_and_without_the_token(
    github: Double, watching: Open, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestra.github.etag_cache.MOST_FILES", 10)
    pulls(github, 4)
    watch = watching()
    for pull in watch.poll().pulls:
        watch.details(pull)
    github.fault(Fault.UNAUTHORIZED)
    with pytest.raises(Unreachable):
        watch.poll()
    assert len(files_below(cache / "etags")) <= 10
    for path in files_below(cache):
        assert path.stat().st_mode & 0o777 == 0o600, path
        assert github.token.encode() not in path.read_bytes()


# What it sees.


def test_pull_requests_are_seen_whole(github: Double, watching: Open) -> None:
    sha = github.push("issue-7")
    github.add_pull("issue-7", author="bob", draft=True)
    (pull,) = watching().poll().pulls
    url = "https://github.com/acme/widgets/pull/1"
    assert pull._replace(updated_at="") == PullSeen(1, url, "issue-7", sha, True, "main", "open", True, "", "bob", None)
    github.edit(1, draft=False)
    commit = github.merge(1)
    (pull,) = watching().poll().pulls
    assert (pull.state, pull.merged_sha, pull.draft) == ("merged", commit, False)


def test_a_fork_is_not_ours(github: Double, watching: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    pulls(github, 2)
    side = github.views.side
    theirs: dict[str, Any] = {"issue-1": {"repo": {"full_name": "eve/widgets"}}, "issue-2": {"repo": None}}
    monkeypatch.setattr(github.views, "side", lambda branch, *more: side(branch, *more) | theirs.get(branch, {}))
    assert [pull.head_repo_is_ours for pull in watching().poll().pulls] == [False, False]


def test_issues_come_without_pull_requests_and_runs_with_their_outcome(github: Double, watching: Open) -> None:
    github.add_issue("Dark mode", labels=("ui",), number=7)
    github.push("issue-7")
    github.add_pull("issue-7")
    github.add_run("issue-7", conclusion=None)
    poll = watching().poll()
    assert [(issue.number, issue.title, issue.labels) for issue in poll.issues] == [("7", "Dark mode", ("ui",))]
    assert [(run.status, run.conclusion, run.head_sha) for run in poll.runs] == [
        ("in_progress", None, github.sha("issue-7"))
    ]


@pytest.mark.parametrize("status", [403, 404])
def test_a_repository_without_actions_works(
    status: int, github: Double, watching: Open, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(asked: Any) -> Answer:
        return Answer(status, {"message": "Not for you"})

    watch = watching()
    with monkeypatch.context() as patch:
        patch.setitem(routes.ROUTES, ("get", f"{routes.REPO}/actions/runs"), refused)
        assert [watch.poll().runs, watch.poll().runs] == [(), ()]
    assert len(github.asked(path="/actions/runs")) == 1
    assert watch.last()[2] == ""
    clock.shift = poller.ABSENT + 1
    github.push("issue-1")
    github.add_run("issue-1")
    assert len(watch.poll().runs) == 1


def test_rows_that_make_no_sense_are_left_out_and_counted(
    github: Double, watching: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulls(github, 3)
    shown: Callable[..., dict[str, Any]] = github.views.pull
    odd: dict[int, dict[str, Any]] = {1: {"number": "one"}, 2: {"head": None}}
    monkeypatch.setattr(
        github.views, "pull", lambda pull, *, whole: shown(pull, whole=whole) | odd.get(pull.number, {})
    )
    poll = watching().poll()
    assert ([pull.number for pull in poll.pulls], poll.skipped) == ([3], 2)


# Details.


def details_of(watch: Poller, number: int = 1) -> tuple[PullSeen, Details]:
    pull = next(one for one in watch.poll().pulls if one.number == number)
    return pull, watch.details(pull)


def test_checks_of_both_kinds_are_seen(github: Double, watching: Open) -> None:
    pulls(github, 1)
    job = github.runs[0].job.id
    github.add_check("issue-1", "lint", None)
    github.add_status("issue-1", "ci/old", "error", "It broke")
    _, details = details_of(watching())
    assert [(check.name, check.state, check.job) for check in details.checks] == [
        ("test", Checks.PASSING, job),
        ("lint", Checks.PENDING, github.checks[1].id),
        ("ci/old", Checks.FAILING, None),
    ]
    assert details.checks[2].summary == "It broke"
    assert details.checks[0].url == f"https://github.com/acme/widgets/runs/{job}"


def test_many_checks_are_read_page_by_page(github: Double, watching: Open) -> None:
    pulls(github, 1)
    for number in range(130):
        github.add_check("issue-1", f"matrix {number}", "failure" if number == 129 else "success")
    pull, details = details_of(watching())
    assert len(details.checks) == 131
    assert pull_from_details(pull, details, None).checks is Checks.FAILING


def test_what_was_said_is_seen(github: Double, watching: Open) -> None:
    pulls(github, 1)
    review = github.review(1, "CHANGES_REQUESTED", "Not like this")
    github.review_comment(1, "src/a.py", 12, "Why?")
    comment = github.comment(1, "Coverage fell", "cov[bot]", "NONE")
    github.review(1, "COMMENTED", "")  # GitHub's frame around inline comments
    _, details = details_of(watching())
    inline = github.pull(1).threads[0].comments[0].id
    page = "https://github.com/acme/widgets/pull/1"
    assert [one._replace(at="") for one in details.remarks] == [
        (f"review:{review}", "rob", "MEMBER", False, Kind.REVIEW, "CHANGES_REQUESTED", "Not like this", "", None, "",
         f"{page}#pullrequestreview-{review}"),
        (f"inline:{inline}", "rob", "MEMBER", False, Kind.INLINE, "", "Why?", "src/a.py", 12, "",
         f"{page}#discussion_r{inline}"),
        (f"comment:{comment}", "cov[bot]", "NONE", True, Kind.COMMENT, "", "Coverage fell", "", None, "",
         f"{page}#issuecomment-{comment}"),
    ]  # fmt: skip
    assert details.review_decision == "CHANGES_REQUESTED"


def test_details_that_have_not_changed_are_free(github: Double, watching: Open) -> None:
    pulls(github, 1)
    watch = watching()
    pull, first = details_of(watch)
    left = github.remaining
    assert watch.details(pull)._replace(at=0) == first._replace(at=0)
    assert github.remaining == left
    assert len(github.requests) == 3 + 2 * 5


def test_a_pull_request_that_is_gone_is_no_trouble_for_the_others(github: Double, watching: Open) -> None:
    pulls(github, 2)
    watch = watching()
    gone, other = watch.poll().pulls
    del github.tickets[gone.number]
    with pytest.raises(Missing):
        watch.details(gone)
    assert watch.details(other).checks
    assert watch.last()[2] == ""


@pytest.mark.parametrize("where", ["/check-runs", "/status", "/reviews", "/comments"])
def test_details_that_make_no_sense_are_none(where: str, github: Double, watching: Open) -> None:
    pulls(github, 1)
    github.comment(1, "x")
    github.review(1)
    watch = watching()
    (pull,) = watch.poll().pulls
    github.fault(Fault.WRONG_TYPES, where)
    with pytest.raises(Unreachable, match="unexpected response"):
        watch.details(pull)


# Merging.


def test_one_query_says_it_for_all(github: Double, watching: Open) -> None:
    pulls(github, 12)
    github.refs.conflicts.add(github.sha("issue-2"))  # type: ignore[attr-defined]
    github.pull(3).mergeable_known = False
    github.review(1)
    thread = github.review_comment(1, "a.py", 1, "hm")
    github.review_comment(1, "b.py", 1, "hm")
    github.resolve(1, thread)
    states = watching().merge_states([*range(1, 13), 99])
    assert [one.path for one in github.requests] == ["/graphql"]
    assert states[:3] == (
        MergeState(1, True, 1, "APPROVED"),
        MergeState(2, False, 0, None),
        MergeState(3, None, 0, None),
    )
    assert [one.number for one in states] == list(range(1, 13))


def test_more_threads_than_one_page_shows_are_not_taken_for_resolved(github: Double, watching: Open) -> None:
    pulls(github, 1)
    for _ in range(101):
        github.resolve(1, github.review_comment(1, "a.py", 1, "hm"))
    assert watching().merge_states([1])[0].unresolved is None


def test_nothing_is_asked_about_nothing(github: Double, watching: Open) -> None:
    assert watching().merge_states([]) == ()
    assert not github.requests


@pytest.mark.parametrize("how", ["403", "404", "errors"])
def test_without_graphql_rest_says_less(
    how: str, github: Double, watching: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulls(github, 2)
    reply = (
        Answer(200, {"errors": [{"type": "FORBIDDEN", "message": "no"}]}) if how == "errors" else Answer(int(how), {})
    )
    monkeypatch.setitem(routes.ROUTES, ("post", "/graphql"), lambda asked: reply)
    watch = watching()
    for _ in range(2):
        assert watch.merge_states([1, 2, 99]) == (MergeState(1, True, None, None), MergeState(2, True, None, None))
    assert len(github.asked(path="/graphql")) == 1
    assert watch.last()[2] == ""


def test_enterprise_server_has_graphql_elsewhere(github: Double, watching: Open) -> None:
    pulls(github, 1)
    watch = watching(api=f"{github.url}/api/v3", host="ghe.example.com")
    assert watch.merge_states([1]) == (MergeState(1, True, 0, None),)
    assert watch.poll().pulls[0].url == "https://ghe.example.com/acme/widgets/pull/1"


# Rolling up.

SEEN = PullSeen(1, "u", "issue-1", "a" * 40, True, "main", "open", False, "", "ann", None)
STATES = st.lists(st.sampled_from([Checks.PENDING, Checks.PASSING, Checks.FAILING]))


@given(STATES)
def test_checks_pass_together_or_not_at_all(states: list[Checks]) -> None:
    checks = tuple(CheckSeen("c", state, "", None, "") for state in states)
    rolled = pull_from_details(SEEN, Details(checks, (), None, 0.0), None).checks
    assert (rolled is Checks.NONE) == (not states)
    assert (rolled is Checks.FAILING) == (Checks.FAILING in states)
    assert (rolled is Checks.PASSING) == (set(states) == {Checks.PASSING})


def test_what_is_not_known_is_none() -> None:
    details = Details((), (), "APPROVED", 1_767_871_000.0)
    assert pull_from_details(SEEN, details, None) == Pull(
        1, "open", "a" * 40, Checks.NONE, "APPROVED", None, None, "2026-01-08T11:16:40Z"
    )
    known = pull_from_details(SEEN, details, MergeState(1, False, 2, "REVIEW_REQUIRED"))
    assert (known.mergeable, known.unresolved, known.review_decision) == (False, 2, "REVIEW_REQUIRED")
    assert pull_from_details(SEEN, details, MergeState(1, None, None, None)).review_decision == "APPROVED"


@pytest.mark.parametrize(
    ("running", "attached", "poll", "seconds"),
    [(True, True, 5, 15), (True, False, 5, 15), (False, True, 5, 60), (False, False, 5, 300), (True, True, 20, 20),
     (False, True, 120, 120)],
)  # fmt: skip
def test_polls_are_as_frequent_as_they_are_useful(running: bool, attached: bool, poll: float, seconds: float) -> None:
    assert poll_interval(running, attached, poll) == seconds


# Logs.


def failing(github: Double, log: str) -> None:
    github.push("issue-1")
    github.add_pull("issue-1")
    github.add_run("issue-1", conclusion="failure", log=log)


def test_the_end_of_a_log_is_its_last_error_without_times_and_colours(github: Double, watching: Open) -> None:
    lines = [f"2026-01-08T11:15:00.1234567Z \x1b[31mline {number}\x1b[0m" for number in range(200)]
    after = ["2026-01-08T11:15:01.0000000Z ##[error]Process completed with exit code 1.", "Post job cleanup.", ""]
    failing(github, "\ufeff" + "\r\n".join([*lines, *after]))
    watch = watching()
    _, details = details_of(watch)
    tail = watch.log_tail(details.checks[0], 3)
    assert tail.split("\n") == ["line 198", "line 199", "##[error]Process completed with exit code 1."]
    asked = len(github.requests)
    assert len(watch.log_tail(details.checks[0]).split("\n")) == 60
    assert len(github.requests) == asked


@pytest.mark.parametrize(
    ("check", "tail"),
    [
        (CheckSeen("c", Checks.FAILING, "", None, "first\nsecond\x1b]0;x\x07\n"), "first\nsecond]0;x"),
        (CheckSeen("c", Checks.FAILING, "", 99, "said"), "said"),
        (CheckSeen("c", Checks.FAILING, "", None, ""), ""),
    ],
    ids=["another system", "no log any more", "nothing"],
)
def test_without_a_log_a_check_speaks_for_itself(check: CheckSeen, tail: str, watching: Open) -> None:
    watch = watching()
    assert watch.log_tail(check) == tail
    assert watch.last()[2] == ""


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


def tail_from(location: str, watching: Open, monkeypatch: pytest.MonkeyPatch) -> str:
    reply = Answer(302, None, {"Location": location})
    monkeypatch.setitem(routes.ROUTES, ("get", f"{routes.REPO}/actions/jobs/{{job_id}}/logs"), lambda asked: reply)
    return watching().log_tail(CheckSeen("c", Checks.FAILING, "", 5, "summary"), 2)


@pytest.mark.parametrize(("ranges", "tail"), [(True, "the\nend"), (False, "no\nno")])
def test_of_a_long_log_two_megabytes_are_read(
    ranges: bool, tail: str, watching: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Blobs(b"no\n" * 1_000_000 + b"the\nend\n", ranges=ranges) as blobs:
        assert tail_from(f"http://127.0.0.1:{blobs.server_address[1]}/blob", watching, monkeypatch) == tail
        blobs.shutdown()
    assert [one.get("range") for one in blobs.seen] == [None, f"bytes={3_000_008 - 2 * 1024 * 1024}-"]
    assert not any("authorization" in one for one in blobs.seen)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://127.0.0.1:1/x", "http://[", ""]
)
def test_a_log_that_is_nowhere_is_no_trouble(location: str, watching: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tail_from(location, watching, monkeypatch) == "summary"
    assert watching().last()[2] == ""


# What goes wrong.

FAULTS = [
    (Fault.UNAUTHORIZED, "GitHub refused the token", 60),
    (Fault.FORBIDDEN, "GitHub does not allow this token to do that in acme/widgets: Resource", 60),
    (Fault.PRIMARY, "GitHub: rate limit, asked again in (29|30)m", 1800),
    (Fault.SECONDARY, "GitHub: rate limit, asked again in 1m", 90),
    (Fault.TOO_MANY, "GitHub: rate limit, asked again in (1m|59s)", 60),
    (Fault.HTML, "GitHub server error \\(500\\)", 60),
    (Fault.BAD_GATEWAY, "GitHub server error \\(502\\)", 60),
    (Fault.LOGIN_PAGE, "the answer of GitHub is not JSON", 60),
    (Fault.EMPTY, "the answer of GitHub is not JSON", 60),
    (Fault.TRUNCATED, "the answer of GitHub is not JSON", 60),
    (Fault.DEEP, "the answer of GitHub is not JSON", 60),
    (Fault.CUT, "the connection to GitHub broke", 60),
    (Fault.RESET, "the connection to GitHub broke", 60),
    (Fault.HANG, "GitHub did not answer within 0.3 s", 60),
    (Fault.WRONG_TYPES, "unexpected response from GitHub", 60),
]


@pytest.mark.parametrize(("fault", "sentence", "wait"), FAULTS, ids=[row[0].value for row in FAULTS])
def test_each_fault_is_a_sentence_and_a_wait_for_all(
    fault: Fault, sentence: str, wait: float, github: Double, watching: Open, clock: Clock
) -> None:
    pulls(github, 1)
    good = watching().poll()
    github.push("issue-1")
    github.fault(fault)
    watch, other = watching(timeout=0.3), watching(timeout=0.3)
    with pytest.raises(Unreachable, match=f"^{sentence}") as caught:
        watch.poll()
    until = watch._client.budget.last_failure().until
    assert until - clock() == pytest.approx(wait, abs=5)
    assert isinstance(caught.value, Limited) == ("rate limit" in sentence)
    asked = len(github.requests)
    (pull,) = good.pulls
    calls: list[Callable[[Poller], object]] = [
        Poller.poll, lambda one: one.details(pull), lambda one: one.merge_states([1]),
        lambda one: one.log_tail(CheckSeen("c", Checks.FAILING, "", 5, "")),
    ]  # fmt: skip
    clock.shift = until - clock() - 2
    for call in calls:
        with pytest.raises(Limited, match=r"asked again in [12]s$") as refused:
            call(other)
        assert refused.value.until == until
    assert len(github.requests) == asked
    poll, age, trouble = other.last()
    assert poll == good._replace(requests=0, unchanged=0)
    assert age == pytest.approx(wait - 2, abs=5)
    assert trouble[:-2] == refused.value.message[:-2]
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint
    assert github.token not in shown + trouble
    github.mend()
    clock.shift += 3
    assert other.poll().pulls != good.pulls
    assert watch.last()[2] == ""


def test_refused_connections_are_a_sentence(watching: Open) -> None:
    watch = watching(api="http://127.0.0.1:1")
    with pytest.raises(Unreachable, match=r"^GitHub cannot be reached at 127\.0\.0\.1$"):
        watch.poll()
    assert watch.last() == (None, None, "GitHub cannot be reached at 127.0.0.1, asked again in 59s")


def test_a_repository_that_is_not_there_is_a_sentence(github: Double, watching: Open) -> None:
    github.repo = "gadgets"
    with pytest.raises(Unreachable, match=r"^there is no repository acme/widgets that this token may see$"):
        watching().poll()


def test_half_a_poll_is_none(github: Double, watching: Open) -> None:
    pulls(github, 1)
    good = watching().poll()
    github.merge(1)
    github.fault(Fault.BAD_GATEWAY, "/issues")
    with pytest.raises(Unreachable):
        watching().poll()
    assert watching().last()[0] == good._replace(requests=0, unchanged=0)


def test_what_half_a_poll_has_kept_is_seen_by_the_next(github: Double, watching: Open, clock: Clock) -> None:
    pulls(github, 1)
    watch = watching()
    watch.poll()
    github.merge(1)
    github.fault(Fault.BAD_GATEWAY, "/actions")
    with pytest.raises(Unreachable):
        watch.poll()
    github.mend()
    clock.shift = 61
    assert watch.poll().unchanged == 3
    poll, _, _ = watch.last()
    assert poll is not None
    assert poll.pulls[0].state == "merged"


def test_waits_double_up_to_fifteen_minutes_and_a_success_forgets_them(
    github: Double, watching: Open, clock: Clock
) -> None:
    github.fault(Fault.HTML)
    watch, waits = watching(), []
    for _ in range(6):
        with pytest.raises(Unreachable):
            watch.poll()
        with pytest.raises(Limited) as caught:
            watch.poll()
        waits.append(round(caught.value.until - clock()))
        clock.shift += waits[-1] + 1
    assert waits == [60, 120, 240, 480, 900, 900]
    github.mend()
    watch.poll()
    github.fault(Fault.HTML)
    with pytest.raises(Unreachable):
        watch.poll()
    assert watch.last()[2].endswith((" in 1m", " in 59s"))


def test_a_better_token_is_tried_at_once_and_a_limit_is_not_escaped(github: Double, watching: Open) -> None:
    with pytest.raises(Unreachable, match="refused the token"):
        watching(token="ghp_old").poll()
    assert watching().poll().requests == 3
    github.fault(Fault.SECONDARY)
    github.tokens["ghp_another"] = "bob"
    with pytest.raises(Limited):
        watching(token="ghp_another").poll()
    asked = len(github.requests)
    with pytest.raises(Limited):
        watching().poll()
    assert len(github.requests) == asked


def test_a_limit_on_one_question_holds_for_all(github: Double, watching: Open) -> None:
    pulls(github, 1)
    watch = watching()
    watch.poll()
    github.fault(Fault.SECONDARY, "/graphql")
    with pytest.raises(Limited):
        watch.merge_states([1])
    with pytest.raises(Limited):
        watching().poll()


@pytest.mark.parametrize("shift", [-86_400.0, 86_400.0], ids=["a day behind", "a day ahead"])
def test_a_wrong_clock_waits_as_long_as_a_right_one(shift: float, github: Double, watching: Open, clock: Clock) -> None:
    clock.shift = shift
    github.fault(Fault.PRIMARY)
    with pytest.raises(Limited) as caught:
        watching().poll()
    assert 1780 <= caught.value.until - clock() <= 1800


def test_a_clock_set_back_neither_waits_longer_nor_shows_a_negative_age(
    github: Double, watching: Open, clock: Clock
) -> None:
    watch = watching()
    watch.poll()
    github.fault(Fault.SECONDARY)
    with pytest.raises(Limited):
        watch.poll()
    github.mend()
    clock.shift = -86_400
    assert watch.last()[1] == 0
    assert watch.poll().unchanged == 3


def test_a_full_disk_does_not_make_us_ask_more_often(github: Double, watching: Open, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("not a directory")
    watch = watching()
    assert watch.poll().requests == 3
    github.fault(Fault.SECONDARY)
    for _ in range(2):
        with pytest.raises(Limited):
            watch.poll()
    assert len(github.requests) == 4


def test_a_server_that_repeats_the_token_does_not_get_it_shown(
    github: Double, watching: Open, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    echo = Answer(403, {"message": f"{'x' * 185} {github.token}"})
    monkeypatch.setitem(routes.ROUTES, ("get", f"{routes.REPO}/pulls"), lambda asked: echo)
    with pytest.raises(OrchestraError) as caught:
        watching().poll()
    assert "ghp_" not in str(caught.value)
    assert not any(b"ghp_" in path.read_bytes() for path in files_below(cache))


# The files.


def test_a_limit_that_another_process_has_heard_of_survives_our_success(tmp_path: Path) -> None:
    ours, theirs = (RequestBudget(str(tmp_path), who, lambda: 1000.0) for who in ("a", "b"))
    ours.check()
    theirs.limited("GitHub: rate limit", 1090.0, told=True)
    ours.succeeded()
    with pytest.raises(Limited):
        ours.check()


def test_of_two_times_the_later_counts_and_one_outage_is_counted_once(tmp_path: Path) -> None:
    ours, theirs = (RequestBudget(str(tmp_path), "a", lambda: 1000.0) for _ in range(2))
    assert ours.limited("GitHub: rate limit", 1500.0, told=True).until == 1500
    assert theirs.limited("GitHub: rate limit", 1090.0, told=True).until == 1500
    theirs.failed(Unreachable("It broke"))
    assert (ours.last_failure().until, ours.last_failure().failures) == (1500, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.text(max_size=200) | st.sampled_from(['{"sentence": "x", "hint": "", "who": "", "until": 1e999, "failures": 9}'])
)
def test_a_budget_that_makes_no_sense_is_none(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "budget.json").write_text(text, "utf-8", "surrogatepass")
        RequestBudget(directory, "a", lambda: 1000.0).check()


@given(st.dictionaries(st.sampled_from(["pulls", "issues", "runs"]), JSON))
def test_a_kept_poll_that_makes_no_sense_is_none(kept: dict[str, Any]) -> None:
    import json

    found = poller._from_text(json.dumps(kept), 0.0)
    assert found is None or found == Poll((), (), (), 0, 0, 0.0)


@given(JSON)
def test_any_row_is_a_noun_or_a_sentence(row: Any) -> None:
    from orchestra.github.responses import RepositoryAddress

    place = RepositoryAddress("GitHub", "acme/widgets", "https://github.com/acme/widgets")
    readers: list[Callable[[], object]] = [
        lambda: poll_parsing.pull_seen(row, place), lambda: poll_parsing.run_seen(row, place),
        lambda: poll_parsing.issue_seen(row, place), lambda: poll_parsing.merge_states(row),
        lambda: poll_parsing.checks([row], []), lambda: poll_parsing.checks([], [row]),
        lambda: poll_parsing.remarks(place, 1, [row], [row], [row]),
    ]  # fmt: skip
    for reader in readers:
        try:
            reader()
        except Unreachable:
            pass


def test_an_etag_that_would_break_a_header_is_not_kept(tmp_path: Path) -> None:
    etags = ETagCache(str(tmp_path / "etags"), "a")
    for etag in ("", "x\ny", "\u00e9"):
        etags.keep("u", "a", CachedAnswer(etag, "[]"))
    assert etags.find("u", "a") == CachedAnswer()
    etags.keep("u", "a", CachedAnswer('W/"x"', "[\udcff]"))
    assert etags.find("u", "a") == CachedAnswer('W/"x"', "[\udcff]")
    assert ETagCache(str(tmp_path / "etags"), "b").find("u", "a") == CachedAnswer()


def test_what_was_seen_last_is_there_at_once(github: Double, watching: Open, clock: Clock) -> None:
    pulls(github, 100)
    watching().poll()
    github.fault(Fault.HANG)
    clock.shift = 720
    asked = len(github.requests)
    poll, age, trouble = watching().last()
    assert poll is not None
    assert (len(poll.pulls), trouble) == (100, "")
    assert age is not None
    assert age >= 720  # and what has gone by meanwhile
    assert len(github.requests) == asked


def test_an_idle_poll_writes_a_time_and_no_file(github: Double, watching: Open, clock: Clock, cache: Path) -> None:
    watch = watching()
    watch.poll()
    before = {path: os.stat(path).st_ino for path in files_below(cache)}
    clock.shift = 60
    watch.poll()
    assert {path: os.stat(path).st_ino for path in files_below(cache)} == before
    assert (watch.last()[1] or 0) < 2
