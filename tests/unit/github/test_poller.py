"""Polling GitHub, against the double: what it costs, what it sees, and what it does when GitHub does not answer."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.github_double import Double, Fault, routes
from support.github_double.clients import Clock, api_client
from support.github_double.routes import Answer

from orchestra.core.checks import CheckRun
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github import graph, poll_parsing, poller
from orchestra.github.etag_cache import CachedAnswer, ETagCache
from orchestra.github.graph import CheckDetail
from orchestra.github.poll_parsing import Poll, PullSeen
from orchestra.github.poller import Poller, poll_interval
from orchestra.github.rate_limit import Limited, RequestBudget

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
def test_a_poll_is_two_requests_and_an_idle_one_is_free(count: int, github: Double, watching: Open) -> None:
    pulls(github, count)
    watch = watching()
    first = watch.poll()
    assert (first.requests, first.unchanged, len(first.pulls)) == (2, 0, count)
    left = github.remaining
    idle = watch.poll()
    assert (idle.requests, idle.unchanged) == (2, 2)
    assert [one.status for one in github.requests[2:]] == [304] * 2
    assert github.remaining == left
    assert (idle.pulls, idle.issues) == (first.pulls, first.issues)


def test_a_restart_costs_nothing(github: Double, watching: Open) -> None:
    pulls(github, 2)
    before = watching().poll()
    after = watching().poll()
    assert (after.requests, after.unchanged) == (2, 2)
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
        (lambda github: github.add_run("issue-2", conclusion="failure"), []),
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
    assert [one.path.rpartition("/")[2] for one in github.requests[2:] if one.status == 200] == fresh
    moved = {pull.number for pull in after.pulls if pull not in before.pulls}
    assert moved == ({2} if "pulls" in fresh else set())


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
        watch.pulls.remarks(pull.number)
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
    assert pull._replace(updated_at="") == PullSeen(
        1, url, "issue-7", sha, "acme/widgets", "main", "open", True, "", "bob", "acme/widgets", "main"
    )
    github.edit(1, draft=False)
    github.merge(1)
    (pull,) = watching().poll().pulls
    assert (pull.state, pull.draft) == ("merged", False)


def test_the_repository_of_a_head_is_seen(github: Double, watching: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    pulls(github, 2)
    side = github.views.side
    theirs: dict[str, Any] = {"issue-1": {"repo": {"full_name": "eve/widgets"}}, "issue-2": {"repo": None}}
    monkeypatch.setattr(github.views, "side", lambda branch, *more: side(branch, *more) | theirs.get(branch, {}))
    assert [pull.head_repo for pull in watching().poll().pulls] == ["", "eve/widgets"]


def test_issues_come_without_pull_requests(github: Double, watching: Open) -> None:
    github.add_issue("Dark mode", labels=("ui",), number=7)
    github.push("issue-7")
    github.add_pull("issue-7")
    poll = watching().poll()
    assert [(issue.number, issue.title, issue.labels) for issue in poll.issues] == [("7", "Dark mode", ("ui",))]


def test_pull_requests_do_not_depend_on_issues(github: Double, watching: Open) -> None:
    pulls(github, 1)
    github.has_issues = False
    poll = watching().poll()
    assert ([pull.number for pull in poll.pulls], poll.issues) == ([1], ())
    assert watching().last()[2] == ""


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


@pytest.mark.parametrize(
    ("running", "poll", "seconds"), [(True, 5, 15), (False, 5, 60), (True, 20, 20), (False, 120, 120)]
)
def test_polls_are_as_frequent_as_they_are_useful(running: bool, poll: float, seconds: float) -> None:
    assert poll_interval(running, poll) == seconds


# What goes wrong.

FAULTS = [
    (Fault.UNAUTHORIZED, "GitHub refused the token", 60),
    (Fault.FORBIDDEN, "GitHub does not allow this token to do that in acme/widgets: Resource", 60),
    (Fault.PRIMARY, "GitHub: rate limit, asked again in (29|30)m", 1800),
    (Fault.SECONDARY, "GitHub: rate limit, asked again in 1m", 90),
    (Fault.TOO_MANY, "GitHub: rate limit, asked again in (1m|[345][0-9]s)", 60),
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
        Poller.poll, lambda one: one.pulls.remarks(pull.number), lambda one: one.pulls.facts([1], ["main"]),
        lambda one: one.pulls.log_tail(CheckDetail(CheckRun("c", "failure"), "", 5, "")),
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
    github.clear_faults()
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
    github.fault(Fault.BAD_GATEWAY, "/issues")
    with pytest.raises(Unreachable):
        watch.poll()
    github.clear_faults()
    clock.shift = 61
    assert watch.poll().unchanged == 1
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
    github.clear_faults()
    watch.poll()
    github.fault(Fault.HTML)
    with pytest.raises(Unreachable):
        watch.poll()
    assert watch.last()[2].endswith((" in 1m", " in 59s"))


def test_a_better_token_is_tried_at_once_and_a_limit_is_not_escaped(github: Double, watching: Open) -> None:
    with pytest.raises(Unreachable, match="refused the token"):
        watching(token="ghp_old").poll()
    assert watching().poll().requests == 2
    github.fault(Fault.SECONDARY)
    github.tokens["ghp_another"] = "bob"
    with pytest.raises(Limited):
        watching(token="ghp_another").poll()
    asked = len(github.requests)
    with pytest.raises(Limited):
        watching().poll()
    assert len(github.requests) == asked


def test_a_secondary_limit_on_one_question_holds_for_all(github: Double, watching: Open) -> None:
    pulls(github, 1)
    watch = watching()
    watch.poll()
    github.fault(Fault.SECONDARY, "/graphql")
    with pytest.raises(Limited):
        watch.pulls.facts([1], ["main"])
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
    github.clear_faults()
    clock.shift = -86_400
    assert watch.last()[1] == 0
    assert watch.poll().unchanged == 2


def test_a_full_disk_does_not_make_us_ask_more_often(github: Double, watching: Open, cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("not a directory")
    watch = watching()
    assert watch.poll().requests == 2
    github.fault(Fault.SECONDARY)
    for _ in range(2):
        with pytest.raises(Limited):
            watch.poll()
    assert len(github.requests) == 3


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


@given(st.dictionaries(st.sampled_from(["pulls", "issues"]), JSON))
def test_a_kept_poll_that_makes_no_sense_is_none(kept: dict[str, Any]) -> None:
    import json

    found = poller._from_text(json.dumps(kept), 0.0)
    assert found is None or found == Poll((), (), 0, 0, 0.0)


@given(JSON)
def test_any_row_is_parsed_or_refused_with_a_sentence(row: Any) -> None:
    from orchestra.github.responses import RepositoryAddress

    place = RepositoryAddress("GitHub", "acme/widgets", "https://github.com/acme/widgets")
    readers: list[Callable[[], object]] = [
        lambda: poll_parsing.pull_seen(row, place), lambda: poll_parsing.rest_facts(row),
        lambda: poll_parsing.issue_seen(row, place), lambda: poll_parsing.suites([row]),
        lambda: poll_parsing.check_details([row], []), lambda: poll_parsing.check_details([], [row]),
        lambda: poll_parsing.job_details([(row, row)]), lambda: poll_parsing.status_details([row]),
        lambda: poll_parsing.opinions([row]), lambda: poll_parsing.required_checks(row),
        lambda: poll_parsing.ruled_checks(row), lambda: graph.answered(row, [1], ["main"]),
        lambda: graph.first_comments(row),
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
