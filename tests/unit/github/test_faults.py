"""What can go wrong between us and GitHub: each fault is a sentence, and the token is in none of them."""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable

import pytest
from support.github_double import Double, Fault
from support.github_double.clients import Clock, Connect

from orchestra.core.pull_text import Wanted
from orchestra.errors import OrchestraError, Unreachable
from orchestra.github.rate_limit import Limited
from orchestra.github.tracker import GitHubTracker

pytestmark = pytest.mark.fast

FAULTS = [
    (Fault.UNAUTHORIZED, OrchestraError, "GitHub refused the token", "gh auth login"),
    (Fault.FORBIDDEN, OrchestraError, "GitHub does not allow this token to do that in acme/widgets: Resource", "needs"),
    (Fault.PRIMARY, Limited, "GitHub: rate limit, asked again in (29|30)m", "nothing is lost"),
    (Fault.SECONDARY, Limited, "GitHub: rate limit, asked again in 1m", "nothing is lost"),
    (Fault.TOO_MANY, Limited, "GitHub: rate limit, asked again in (1m|[345][0-9]s)", "nothing is lost"),
    (Fault.HTML, Unreachable, "GitHub server error \\(500\\)", "githubstatus.com"),
    (Fault.BAD_GATEWAY, Unreachable, "GitHub server error \\(502\\)", "githubstatus.com"),
    (Fault.LOGIN_PAGE, Unreachable, "the answer of GitHub is not JSON", "login page"),
    (Fault.EMPTY, Unreachable, "the answer of GitHub is not JSON", "login page"),
    (Fault.TRUNCATED, Unreachable, "the answer of GitHub is not JSON", "login page"),
    (Fault.DEEP, Unreachable, "the answer of GitHub is not JSON", "login page"),
    (Fault.CUT, Unreachable, "the connection to GitHub broke", "try again"),
    (Fault.RESET, Unreachable, "the connection to GitHub broke", "try again"),
    (Fault.HANG, Unreachable, "GitHub did not answer within 0.3 s", "try again"),
    (Fault.WRONG_TYPES, Unreachable, "unexpected response from GitHub: field number", "try again"),
]


@pytest.mark.parametrize(("fault", "kind", "sentence", "hint"), FAULTS, ids=[row[0].value for row in FAULTS])
def test_each_fault_is_a_sentence(
    fault: Fault, kind: type[OrchestraError], sentence: str, hint: str, github: Double, connect: Connect
) -> None:
    github.push("issue-7")
    github.add_issue(number=7)
    github.add_pull("issue-7")
    github.fault(fault)
    calls: list[Callable[[GitHubTracker], object]] = [
        lambda tracker: tracker.issue("7"),
        lambda tracker: tracker.open_pull("issue-7", "main", Wanted("t", "b")),
    ]
    for call in calls if fault is not Fault.WRONG_TYPES else calls[:1]:
        with pytest.raises(OrchestraError, match=f"^{sentence}") as caught:
            call(connect(timeout=0.3))
        assert type(caught.value) is kind
        assert re.search(hint, caught.value.hint)
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.hint
        assert github.token not in shown


def test_refused_connections_are_a_sentence(connect: Connect) -> None:
    tracker = connect(api="http://127.0.0.1:1")
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"^GitHub cannot be reached at 127\.0\.0\.1$"):
        tracker.issue("7")
    assert time.monotonic() - began < 1.4  # ghapi's own retries sleep 1.5 s


def test_another_github_is_named(github: Double, connect: Connect) -> None:
    github.fault(Fault.HTML)
    with pytest.raises(Unreachable, match=r"^GitHub at ghe\.example\.com server error"):
        connect(host="ghe.example.com").issue("7")
    github.clear_faults()
    github.add_issue(number=7)
    assert connect(host="ghe.example.com").issue("7").url == "https://ghe.example.com/acme/widgets/issues/7"


def test_nothing_is_asked_before_the_time_github_has_named(github: Double, connect: Connect, clock: Clock) -> None:
    github.add_issue(number=7)
    github.fault(Fault.SECONDARY)
    tracker = connect()
    for _ in range(3):
        with pytest.raises(Limited) as caught:
            tracker.issue("7")
    assert len(github.requests) == 1
    assert 89 <= caught.value.until - clock() <= 90
    github.clear_faults()
    clock.shift = 91
    assert tracker.issue("7").number == "7"


@pytest.mark.parametrize("shift", [-86_400.0, 86_400.0], ids=["a day behind", "a day ahead"])
def test_a_wrong_clock_waits_as_long_as_a_right_one(
    shift: float, github: Double, connect: Connect, clock: Clock
) -> None:
    clock.shift = shift
    github.fault(Fault.PRIMARY)
    with pytest.raises(Limited) as caught:
        connect().issue("7")
    assert 1780 <= caught.value.until - clock() <= 1800


def test_a_clock_set_back_does_not_make_the_wait_longer(github: Double, connect: Connect, clock: Clock) -> None:
    github.add_issue(number=7)
    github.fault(Fault.SECONDARY)
    tracker = connect()
    with pytest.raises(Limited):
        tracker.issue("7")
    github.clear_faults()
    clock.shift = -86_400
    assert tracker.issue("7").number == "7"


def test_a_renamed_repository_still_answers(github: Double, connect: Connect) -> None:
    github.add_issue(number=7)
    github.push("issue-7")
    github.repo, github.views = "gadgets", type(github.views)(github, github.url, "https://github.com")
    github.repo = "gadgets"
    github.former_names.add("acme/widgets")
    assert connect().issue("7").number == "7"
    assert connect().open_pull("issue-7", "main", Wanted("t", "b"))[0].number == 8


def test_a_redirect_to_another_host_does_not_get_the_token(github: Double, connect: Connect) -> None:
    with Double() as other:
        github.moved_to = other.url
        github.fault(Fault.MOVED)
        with pytest.raises(OrchestraError):
            connect().issue("7")
        assert other.requests
        assert not any(one.authorized for one in other.requests)


def test_a_server_that_repeats_the_token_does_not_get_it_shown(
    github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.push("issue-7")
    echo = lambda *_, **__: (_ for _ in ()).throw(github.invalid(f"{'x' * 185} {github.token}"))  # noqa: E731
    monkeypatch.setattr(github, "add_pull", echo)
    with pytest.raises(OrchestraError) as caught:
        connect().open_pull("issue-7", "main", Wanted("t", "b"))
    assert "ghp_" not in str(caught.value)
    assert "***" in str(caught.value)


def test_a_read_only_token_is_said(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    github.read_only.add(github.token)
    with pytest.raises(OrchestraError, match="does not allow this token to do that in acme/widgets"):
        connect().open_pull("issue-7", "main", Wanted("t", "b"))
