"""Pull requests on GitHub, against the double: opened once, brought up to date, read with checks and reviews."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.github_double import Double
from support.github_double.clients import Connect
from support.github_double.refs import Paper
from support.paths import ROOT

from orchestra.core.pull_request import Checks
from orchestra.core.pull_text import Wanted
from orchestra.errors import OrchestraError
from orchestra.github.tracker import GitHubTracker

pytestmark = pytest.mark.fast


# Opening pull requests.


def test_a_pull_request_is_opened_once_and_then_brought_up_to_date(github: Double, connect: Connect) -> None:
    sha, tracker = github.push("issue-7"), connect()
    pull, url, _ = tracker.open_pull("issue-7", "main", Wanted("Dark mode", "Closes #7"))
    assert (pull.number, pull.state, pull.head_sha, url) == (1, "open", sha, "https://github.com/acme/widgets/pull/1")
    assert pull.checks is Checks.PENDING
    moved = github.push("issue-7")
    pull, url, _ = tracker.open_pull("issue-7", "main", Wanted("Dark mode, again", "Closes #7"))
    assert (pull.number, pull.head_sha, github.pull(1).title) == (1, moved, "Dark mode, again")
    tracker.open_pull("issue-7", "main", Wanted("Dark mode, again", "Closes #7"))
    assert [one.method for one in github.requests if one.method != "GET"] == ["POST", "PATCH"]
    assert "head=acme%3Aissue-7" in github.requests[0].query  # without the owner GitHub ignores the filter


def test_what_github_would_not_take_is_cut(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    connect().open_pull("issue-7", "main", Wanted("t" * 300, "b\udc80" + "b" * 70_000))
    assert len(github.pull(1).title) == 256
    assert 65_000 < len(github.pull(1).body or "") <= 65_536


def test_of_two_open_ones_the_one_to_our_base_is_meant(github: Double, connect: Connect) -> None:
    github.push("next")
    github.push("issue-7")
    main, onto_next = github.add_pull("issue-7"), github.add_pull("issue-7", "next")
    assert connect().open_pull("issue-7", "main", Wanted("a", "b"))[0].number == main
    assert connect().open_pull("issue-7", "next", Wanted("a", "b"))[0].number == onto_next


def test_the_same_branch_of_a_fork_is_not_ours(
    github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.push("issue-7")
    github.add_pull("issue-7", title="theirs")
    side = github.views.side
    others: dict[str, Any] = {"repo": {"full_name": "eve/widgets"}}
    monkeypatch.setattr(
        github.views, "side", lambda branch, *more: side(branch, *more) | (others if branch == "issue-7" else {})
    )
    assert connect()._pulls_of("issue-7", None, renamed=False) == []
    others["repo"] = None  # the fork is gone
    assert connect()._pulls_of("issue-7", None, renamed=False) == []


def forked(tracker: GitHubTracker, fork: str) -> GitHubTracker:
    return GitHubTracker(tracker.client, time.time, lambda _: fork)


def test_the_pull_request_of_a_fork_goes_to_the_base_repository(github: Double, connect: Connect) -> None:
    for owner in ("me", "eve"):
        fork = github.forks[owner] = Paper()
        fork.push("issue-7")
    theirs = github.add_pull("eve:issue-7", title="theirs")
    tracker = forked(connect(), "me/widgets")
    made, url, _ = tracker.open_pull("issue-7", "main", Wanted("mine", "b"))
    assert url == f"https://github.com/acme/widgets/pull/{made.number}"
    assert (github.pull(made.number).owner, github.pull(made.number).head) == ("me", "issue-7")
    assert tracker.open_pull("issue-7", "main", Wanted("newer", "b"))[0].number == made.number
    assert (github.pull(made.number).title, github.pull(theirs).title) == ("newer", "theirs")


def test_a_fork_of_the_same_owner_is_told_by_its_name(connect: Connect) -> None:
    tracker = connect()
    assert tracker._head("issue-7", "acme/widgets-fork") == {"head": "acme:issue-7", "head_repo": "widgets-fork"}
    assert tracker._head("issue-7", "me/widgets") == {"head": "me:issue-7"}
    assert tracker._head("issue-7", None) == {"head": "issue-7"}


def test_no_branch_in_the_fork_is_said(github: Double, connect: Connect) -> None:
    with pytest.raises(OrchestraError, match=r"^GitHub has no branch issue-7 in me/widgets that can go into acme"):
        forked(connect(), "me/widgets").open_pull("issue-7", "main", Wanted("t", "b"))


def test_losing_the_race_finds_the_winner(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    tracker = connect()
    asked = tracker._pulls_of

    def slow(head: str, fork: str | None, *, renamed: bool) -> list[dict[str, Any]]:
        seen = asked(head, fork, renamed=renamed)
        if not github.pulls():
            github.add_pull("issue-7", title="faster")
        return seen

    tracker._pulls_of = slow  # type: ignore[method-assign]
    assert tracker.open_pull("issue-7", "main", Wanted("slower", "b"))[0].number == 1
    assert github.pull(1).title == "faster", "what somebody else wrote stays"


@pytest.mark.parametrize(
    ("head", "base", "sentence", "hint"),
    [
        ("issue-8", "main", "GitHub has no branch issue-8", "push it, then ship again"),
        ("issue-7", "trunk", "GitHub has no branch trunk", "base in orchestra.yaml"),
        ("main", "main", "there are no commits between main and main", "commit the work"),
    ],
)
def test_a_refused_pull_request_says_why(
    head: str, base: str, sentence: str, hint: str, github: Double, connect: Connect
) -> None:
    github.push("issue-7")
    with pytest.raises(OrchestraError, match=f"^{sentence}$") as caught:
        connect().open_pull(head, base, Wanted("t", "b"))
    assert hint in caught.value.hint


def test_another_refusal_is_quoted_cleaned(github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    github.push("issue-7")
    refused = lambda *_, **__: (_ for _ in ()).throw(github.invalid("title is \x1b[31mrude"))  # noqa: E731
    monkeypatch.setattr(github, "add_pull", refused)
    with pytest.raises(OrchestraError, match=r"^GitHub refused it: title is \[31mrude$"):
        connect().open_pull("issue-7", "main", Wanted("t", "b"))


def test_only_the_verbs_of_the_user_can_merge() -> None:
    """What agents, hooks and the monitor run has no way to a merge: one module sends it, and these alone import that."""
    found = {
        str(path.relative_to(ROOT / "orchestra"))
        for path in (ROOT / "orchestra").rglob("*.py")
        if "PullActions" in path.read_text() or "pulls.merge" in path.read_text()
    }
    verbs = {"commands/merge.py", "commands/review.py"}
    assert found - verbs == {"github/operations.py", "github/pull_actions.py"}
