"""Pull requests on GitHub, against the double: opened once, brought up to date, read with checks and reviews."""

from __future__ import annotations

import time
from typing import Any

import pytest
from support.github_double import Double
from support.github_double.clients import Connect

from orchestra.core.pull_request import Checks
from orchestra.errors import OrchestraError
from orchestra.github import tracker
from orchestra.github.tracker import GitHubTracker

pytestmark = pytest.mark.fast


# Opening pull requests.


def test_a_pull_request_is_opened_once_and_then_brought_up_to_date(github: Double, connect: Connect) -> None:
    sha, tracker = github.push("issue-7"), connect()
    pull, url = tracker.open_pull("issue-7", "main", "Dark mode", "Closes #7")
    assert (pull.number, pull.state, pull.head_sha, url) == (1, "open", sha, "https://github.com/acme/widgets/pull/1")
    assert pull.checks is Checks.PENDING
    moved = github.push("issue-7")
    pull, url = tracker.open_pull("issue-7", "main", "Dark mode, again", "Closes #7")
    assert (pull.number, pull.head_sha, github.pull(1).title) == (1, moved, "Dark mode, again")
    tracker.open_pull("issue-7", "main", "Dark mode, again", "Closes #7")
    assert [one.method for one in github.requests if one.method != "GET"] == ["POST", "PATCH"]
    assert "head=acme%3Aissue-7" in github.requests[0].query  # without the owner GitHub ignores the filter


def test_what_github_would_not_take_is_cut(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    connect().open_pull("issue-7", "main", "t" * 300, "b\udc80" + "b" * 70_000)
    assert len(github.pull(1).title) == 256
    assert len(github.pull(1).body or "") == 65_536


def test_of_two_open_ones_the_one_to_our_base_is_meant(github: Double, connect: Connect) -> None:
    github.push("next")
    github.push("issue-7")
    main, onto_next = github.add_pull("issue-7"), github.add_pull("issue-7", "next")
    assert connect().open_pull("issue-7", "main", "a", "b")[0].number == main
    assert connect().open_pull("issue-7", "next", "a", "b")[0].number == onto_next


def test_the_same_branch_of_a_fork_is_not_ours(
    github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.push("issue-7")
    github.add_pull("issue-7", title="theirs")
    side = github.views.side

    def fork(branch: str, sha: str) -> dict[str, Any]:
        theirs = {"repo": {"full_name": "eve/widgets"}} if branch == "issue-7" else {}
        return side(branch, sha) | theirs

    monkeypatch.setattr(github.views, "side", fork)
    assert connect().pull_for("issue-7") is None
    monkeypatch.setattr(github.views, "side", lambda branch, sha: side(branch, sha) | {"repo": None})
    assert connect().pull_for("issue-7") is None


def test_losing_the_race_finds_the_winner(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    tracker = connect()
    asked = tracker._pulls_of

    def slow(head: str, state: str) -> list[dict[str, Any]]:
        seen = asked(head, state)
        if not github.pulls():
            github.add_pull("issue-7", title="faster")
        return seen

    tracker._pulls_of = slow  # type: ignore[method-assign]
    assert tracker.open_pull("issue-7", "main", "slower", "b")[0].number == 1
    assert github.pull(1).title == "slower"


@pytest.mark.parametrize(
    ("head", "base", "sentence", "hint"),
    [
        ("issue-8", "main", "GitHub has no branch issue-8", "git push -u origin issue-8"),
        ("issue-7", "trunk", "GitHub has no branch trunk", "base in orchestra.yaml"),
        ("main", "main", "There are no commits between main and main", "Commit the work"),
    ],
)
def test_a_refused_pull_request_says_why(
    head: str, base: str, sentence: str, hint: str, github: Double, connect: Connect
) -> None:
    github.push("issue-7")
    with pytest.raises(OrchestraError, match=f"^{sentence}$") as caught:
        connect().open_pull(head, base, "t", "b")
    assert hint in caught.value.hint


def test_another_refusal_is_quoted_cleaned(github: Double, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    github.push("issue-7")
    refused = lambda *_, **__: (_ for _ in ()).throw(github.invalid("title is \x1b[31mrude"))  # noqa: E731
    monkeypatch.setattr(github, "add_pull", refused)
    with pytest.raises(OrchestraError, match=r"^GitHub refused it: title is \[31mrude$"):
        connect().open_pull("issue-7", "main", "t", "b")


def test_it_cannot_merge() -> None:
    assert not [name for name in tracker._OPERATIONS if "merge" in name]


# Reading pull requests.


@pytest.mark.parametrize(
    ("checks", "statuses", "rolled"),
    [
        ([], [], Checks.NONE),
        (["success", "neutral", "skipped"], [], Checks.PASSING),
        (["success", None], [], Checks.PENDING),
        (["success", "failure", None], [], Checks.FAILING),
        (["cancelled"], [], Checks.FAILING),
        (["timed_out"], [], Checks.FAILING),
        (["action_required"], [], Checks.FAILING),
        (["stale"], [], Checks.PENDING),
        (["success"], ["success"], Checks.PASSING),
        ([], ["success"], Checks.PASSING),
        (["success"], ["pending"], Checks.PENDING),
        (["success"], ["error"], Checks.FAILING),
        ([], ["success", "failure"], Checks.FAILING),
    ],
)
def test_checks_and_statuses_are_rolled_up(
    checks: list[str | None], statuses: list[str], rolled: Checks, github: Double, connect: Connect
) -> None:
    github.push("issue-7")
    github.add_pull("issue-7")
    for index, conclusion in enumerate(checks):
        github.add_check("issue-7", f"check {index}", conclusion)
    for index, state in enumerate(statuses):
        github.add_status("issue-7", f"ci/{index}", state)
    assert connect().pull(1).checks is rolled


def test_checks_of_an_older_push_do_not_count(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    github.add_pull("issue-7")
    github.add_check("issue-7", "test", "failure")
    tracker = connect()
    assert tracker.pull(1).checks is Checks.FAILING
    sha = github.push("issue-7")
    assert (tracker.pull(1).checks, tracker.pull(1).head_sha) == (Checks.NONE, sha)


@pytest.mark.parametrize(
    ("reviews", "decision"),
    [
        ([], None),
        ([("rob", "MEMBER", "APPROVED")], "APPROVED"),
        ([("rob", "MEMBER", "COMMENTED")], None),
        ([("rob", "MEMBER", "APPROVED"), ("rob", "MEMBER", "COMMENTED")], "APPROVED"),
        ([("rob", "MEMBER", "CHANGES_REQUESTED"), ("rob", "MEMBER", "APPROVED")], "APPROVED"),
        ([("rob", "MEMBER", "APPROVED"), ("rob", "MEMBER", "CHANGES_REQUESTED")], "CHANGES_REQUESTED"),
        ([("rob", "MEMBER", "CHANGES_REQUESTED"), ("sue", "OWNER", "APPROVED")], "CHANGES_REQUESTED"),
        ([("rob", "MEMBER", "DISMISSED"), ("sue", "OWNER", "APPROVED")], "APPROVED"),
        ([("rob", "MEMBER", "APPROVED"), ("rob", "MEMBER", "DISMISSED")], None),
        ([("eve", "NONE", "APPROVED")], None),
        ([("eve", "CONTRIBUTOR", "APPROVED")], None),
        ([("bot", "NONE", "CHANGES_REQUESTED")], "CHANGES_REQUESTED"),
    ],
)
def test_the_latest_opinion_of_each_reviewer_counts(
    reviews: list[tuple[str, str, str]], decision: str | None, github: Double, connect: Connect
) -> None:
    github.push("issue-7")
    github.add_pull("issue-7")
    for author, association, state in reviews:
        github.review(1, state, "", author, association)
    assert connect().pull(1).review_decision == decision


def test_mergeable_is_true_false_or_not_known_yet(github: Double, connect: Connect) -> None:
    sha = github.push("issue-7")
    github.add_pull("issue-7")
    tracker = connect()
    assert tracker.pull(1).mergeable is True
    github.pull(1).mergeable_known = False
    assert tracker.pull(1).mergeable is None
    github.pull(1).mergeable_known = True
    github.refs.conflicts.add(sha)  # type: ignore[attr-defined]
    assert tracker.pull(1).mergeable is False


def test_a_branch_is_found_open_first_and_then_the_newest(github: Double, connect: Connect) -> None:
    github.push("issue-7")
    tracker = connect()
    assert tracker.pull_for("issue-7") is None
    github.add_pull("issue-7")
    github.close(1)
    github.add_pull("issue-7")
    github.merge(2)
    github.push("issue-7")
    found = tracker.pull_for("issue-7")
    assert found
    assert (found[0].number, found[0].state) == (2, "merged")
    github.add_pull("issue-7")
    github.close(3)
    github.add_pull("issue-7")
    found = tracker.pull_for("issue-7")
    assert found
    assert (found[0].state, found[1]) == ("open", "https://github.com/acme/widgets/pull/4")


def test_a_pull_request_that_is_not_there_is_said(github: Double, connect: Connect) -> None:
    github.add_issue()
    for number in (1, 9):
        with pytest.raises(OrchestraError, match=f"There is no pull request #{number} in acme/widgets"):
            connect().pull(number)


@pytest.mark.parametrize(
    ("url", "number"),
    [
        ("https://github.com/acme/widgets/pull/12", 12),
        ("https://GitHub.com/Acme/Widgets/pull/12", 12),
        ("https://github.com/acme/widgets/issues/12", None),
        ("https://github.com/acme/widgets/pull/012", None),
        ("https://github.com/acme/widgets/pull/12/files", None),
        ("https://github.com/acme/widgets/pull/12\n", None),
        ("https://github.com/eve/widgets/pull/12", None),
        ("https://github.com.evil.example/acme/widgets/pull/12", None),
        ("http://github.com/acme/widgets/pull/12", None),
        ("javascript:alert(1)//https://github.com/acme/widgets/pull/12", None),
        ("", None),
    ],
)
def test_only_an_address_of_this_repository_is_a_pull_request(url: str, number: int | None) -> None:
    tracker = GitHubTracker("acme", "widgets", "https://api.github.com", None, now=time.time)
    assert tracker.pull_number(url) == number
