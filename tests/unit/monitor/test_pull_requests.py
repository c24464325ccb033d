"""What the monitor does about pull requests at one look, with GitHub as records: asked, recorded, told, counted."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.stub_project import START, StubProject, doing

from orchestra.config.schema import Limits, PullRequest
from orchestra.core.checks import ACTIONS, CheckRun
from orchestra.core.models import ActivityState, Attempts, Issue, Status, Worker
from orchestra.core.pull_request import Head, Pull
from orchestra.core.remarks import Kind, Remark
from orchestra.core.text import stamp
from orchestra.core.verdict import Outcome, facts_of, verdict
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git.remotes import Choice
from orchestra.github.graph import BaseFacts, CheckDetail, PullFacts, ThreadSeen
from orchestra.github.poll_parsing import PullSeen
from orchestra.github.pull_reader import Facts
from orchestra.github.responses import Deleted, Missing
from orchestra.monitor import pull_requests
from orchestra.monitor.feedback import Item
from orchestra.monitor.pull_requests import PullRequests

pytestmark = pytest.mark.fast

SHA = "ab" * 20
URL = "https://github.com/acme/widgets/pull/1"


def check(name: str, state: str = "success") -> CheckDetail:
    return CheckDetail(CheckRun(name, state, ACTIONS, "CI", "push", "1", 1), f"https://x/{name}", 5, "said")


def said(number: int, text: str, author: str = "rob", association: str = "MEMBER") -> Remark:
    return Remark(
        id=f"{Kind.INLINE}:{number}", author=author, association=association, kind=Kind.INLINE, text=text,
        bot=False, at=f"{number:04}", thread=number,
    )  # fmt: skip


class Reader:
    """What `project.watch.pulls` answers."""

    def __init__(self) -> None:
        self.pulls: dict[int, PullFacts] = {}
        self.said: tuple[Remark, ...] = ()
        self.gone: tuple[int, ...] = ()
        self.failed: dict[int, str] = {}
        self.pushers: dict[str, bool] = {}
        self.asked: list[Any] = []

    def facts(self, numbers: list[int], bases: list[str], closed: set[int]) -> Facts:
        self.asked.append(tuple(numbers))
        found = {number: self.pulls[number] for number in numbers if number in self.pulls}
        return Facts(found, dict.fromkeys(bases, BaseFacts()), self.gone, self.failed)

    def remarks(self, number: int) -> tuple[Remark, ...]:
        self.asked.append("remarks")
        return self.said

    def first_comments(self, threads: list[str]) -> dict[str, tuple[int, ...]]:
        return {}

    def may_push(self, login: str) -> bool | None:
        self.asked.append(("may push", login))
        return self.pushers.get(login)

    def log_tail(self, one: CheckDetail) -> str:
        return f"{one.run.name}: assertion failed"


class GitHub:
    """GitHub with pull requests as a test says, for a project with workers on disk."""

    def __init__(self, directory: Path, mocker: MockerFixture, **config: Any) -> None:
        self.project: Any = StubProject(directory, **config)
        self.project.tracker_name = "github"
        self.project.poll_interval = lambda *, running: 15.0 if running else 60.0
        self.project.where = lambda branch="": Choice(fetch="origin", push="origin", push_place="origin")
        self.project.repository.branch_tip.return_value = SHA
        self.project.repository.conflicts.return_value = ("a.py",)
        self.project.repository.dirty.return_value = False
        self.listed: tuple[PullSeen, ...] = ()
        self.reader = Reader()
        self.updated: list[tuple[int, str]] = []
        self.polls = 0
        self.issues: tuple[Issue, ...] = (Issue("7", "t"), Issue("8", "t"))
        self.fates: dict[str, str | Exception] = {}
        self.project.watch = SimpleNamespace(
            poll=self.poll,
            pulls=self.reader,
            issue_fate=self.issue_fate,
            address=SimpleNamespace(web="https://github.com/acme/widgets"),
        )
        self.project.github = SimpleNamespace(update_branch=lambda number, sha: self.updated.append((number, sha)))
        self.head = Head.SAME
        mocker.patch("orchestra.monitor.pull_requests.pull_head.is_own", return_value=True)
        mocker.patch("orchestra.monitor.pull_requests.pull_head.compare", side_effect=lambda *given: self.head)
        self.fetch = mocker.patch("orchestra.monitor.pull_requests.pull_head.fetch_head", return_value="")
        self.follow = mocker.patch("orchestra.monitor.pull_requests.pull_head.fast_forward")
        self.follow.return_value = SimpleNamespace(status=0)
        self.clock = 1000.0
        mocker.patch("orchestra.monitor.pull_requests.time.monotonic", side_effect=lambda: self.clock)
        mocker.patch("orchestra.monitor.pull_requests.delivery.announce_in_mailbox")
        self.monitor = PullRequests()

    def poll(self) -> Any:
        self.polls += 1
        return SimpleNamespace(pulls=self.listed, issues=self.issues)

    def issue_fate(self, number: str, here: str) -> str:
        self.reader.asked.append(("issue", number))
        found = self.fates[number]
        if isinstance(found, Exception):
            raise found
        return found

    def shows(self, number: int = 1, **changes: Any) -> None:
        """The pull request is like this now."""
        given: dict[str, Any] = {
            "number": number, "state": "open", "draft": False, "mergeable": True, "merge_state": "clean",
            "decision": None, "in_queue": False, "auto_merge": False, "head_sha": SHA, "head_ref": "issue-7",
            "head_repo": "acme/widgets", "base_ref": "main", "said_at": "1", "threads": (), "checks": (check("test"),),
        }  # fmt: skip
        one = PullFacts(**{**given, **changes})
        self.reader.pulls[number] = one
        row = PullSeen(
            number,
            URL,
            one.head_ref,
            one.head_sha,
            one.head_repo,
            one.base_ref,
            one.state,
            False,
            "",
            "ann",
            "acme/widgets",
        )
        self.listed = (row,)

    def has(self, number: str = "7", status: Status = Status.SHIPPING, **changes: Any) -> Worker:
        """A worker that shipped a while ago."""
        pull = Pull(1, "open", SHA, head_since=stamp(START - 900))
        given = {"pull": pull, "pushed": (SHA,), "activity": doing(ActivityState.WAITING, seconds=900), **changes}
        return self.project.has(number, status, **given)  # type: ignore[no-any-return]

    def look(self, seconds: float = 100.0) -> list[str]:
        """A look, so many seconds after the one before; what is said."""
        self.clock += seconds
        self.project.clock += seconds
        words: list[str] = []
        self.monitor.look(self.project, words.append)
        return words

    @property
    def worker(self) -> Worker:
        found: Worker = self.project.worker()
        return found

    @property
    def guidance(self) -> list[str]:
        return [one.text for one in self.worker.guidance]


@pytest.fixture
def github(tmp_path: Path, mocker: MockerFixture) -> GitHub:
    return GitHub(tmp_path, mocker)


# --- when GitHub is asked ---


def test_nobody_is_asked_about_nobody(github: GitHub) -> None:
    assert github.look() == []
    github.has(status=Status.MERGED)
    assert github.look() == []
    assert github.polls == 0


@pytest.mark.parametrize(("status", "seconds"), [(Status.SHIPPING, 15), (Status.COMPLETE, 60)])
def test_github_is_asked_as_often_as_something_is_expected(github: GitHub, status: Status, seconds: int) -> None:
    github.has(status=status)
    github.look()
    github.look(seconds - 2)
    assert github.polls == 1
    github.look(2)
    assert github.polls == 2


def test_a_pull_request_that_did_not_change_lately_is_asked_for_by_its_number(github: GitHub) -> None:
    github.has()
    github.shows()
    github.listed = ()
    github.look()
    assert github.reader.asked[0] == (1,)


def test_remarks_are_read_again_when_something_shows_that_there_are_more(github: GitHub) -> None:
    github.has()
    github.shows()
    github.look()
    github.look()
    assert github.reader.asked.count("remarks") == 1
    github.shows(said_at="2")
    github.look()
    assert github.reader.asked.count("remarks") == 2
    github.shows(said_at="2", threads=(ThreadSeen("t1", resolved=True, outdated=False, path="a.py", line=1),))
    github.look()
    assert github.reader.asked.count("remarks") == 3
    github.look(pull_requests.REREAD_SECONDS)
    assert github.reader.asked.count("remarks") == 4


def test_where_rest_shows_no_time_remarks_are_read_every_time(github: GitHub) -> None:
    github.has()
    github.shows(said_at="")
    github.look()
    github.look()
    assert github.reader.asked.count("remarks") == 2


# --- what happened to it ---


def test_checks_that_pass_make_it_complete(github: GitHub) -> None:
    github.has()
    github.shows()
    assert github.look() == ["#7 is complete: PR #1"]
    assert github.look() == [], "nothing new is nothing to say"
    assert github.worker.pull is not None
    assert github.worker.green == ("test",)


@pytest.mark.parametrize("before", [Status.SHIPPING, Status.COMPLETE, Status.PAUSED, Status.STUCK, Status.WORKING])
def test_an_end_on_github_is_seen_from_every_state(github: GitHub, before: Status) -> None:
    github.has(status=before)
    github.shows(state="closed")
    github.look()
    assert github.worker.pull is not None
    assert github.worker.pull.state == "closed"
    github.shows(state="merged")
    github.look()
    assert github.worker.status is Status.MERGED


def test_a_pull_request_that_github_does_not_show_is_unknown_until_it_does(github: GitHub) -> None:
    github.has()
    github.shows()
    github.look()
    shown = github.reader.pulls.pop(1)
    github.reader.gone = (1,)
    gone = "GitHub does not show PR #1 any more: it was deleted, or this token may not see it"
    assert github.look() == [f"#7: {gone}"]
    assert github.look() == [], "it is said once"
    assert (github.worker.status, github.worker.pull and github.worker.pull.lost) == (Status.SHIPPING, gone)
    found = verdict(facts_of(github.worker, heard=stamp(github.project.clock)), github.project.clock)
    assert (found.outcome, found.sentence) == (Outcome.UNKNOWN, f"{gone}; last seen: checks pass")
    assert found.since == stamp(github.project.clock - 100), "since the first look that did not show it"
    github.reader.gone, github.reader.failed = (), {1: "its checks could not be read"}
    assert github.look() == ["#7: its checks could not be read"]
    github.reader.failed, github.reader.pulls[1] = {}, shown
    assert github.look() == ["#7 is complete: PR #1"]


@pytest.mark.parametrize(
    ("fate", "note"),
    [
        ("issue #7 was closed by bob", "issue #7 was closed by bob; the worker goes on, unless you end it: orchestra cancel 7"),
        (Deleted("no"), "issue #7 was deleted, or made a discussion; the worker goes on, unless you end it: orchestra cancel 7"),
        (Deleted("issues are disabled in acme/widgets"),
         "issues are disabled in acme/widgets; the worker goes on, unless you end it: orchestra cancel 7"),
        (Missing("no"), "GitHub does not show issue #7 any more: it was deleted, or this token may not see it; the worker "
         "goes on, unless you end it: orchestra cancel 7"),
        ("", ""),
    ],
    ids=["closed", "deleted", "disabled", "hidden", "open, and not among the hundred that changed last"],
)  # fmt: skip
def test_what_became_of_an_issue_is_said_and_stops_nothing(fate: str | Exception, note: str, github: GitHub) -> None:
    github.has(pull=None, status=Status.WORKING, activity=doing(ActivityState.BUSY))
    github.issues, github.fates = (), {"7": fate}
    assert github.look() == ([note] if note else [])
    assert (github.worker.issue_note, github.worker.status) == (note, Status.WORKING)
    assert github.look() == [], "it is said once"
    github.issues = (Issue("7", "t", locked="spam"),)
    assert github.look() == ["issue #7 is locked: spam"]
    github.issues = (Issue("7", "t"),)
    assert github.look() == ["issue #7 is open again"]


def test_issues_that_are_not_listed_cost_a_request_now_and_then(github: GitHub) -> None:
    for number in "123456":
        github.has(number, pull=None, status=Status.WORKING)
    github.issues, github.fates = (), dict.fromkeys("123456", "")
    asked = github.reader.asked
    for seconds, numbers in ((60, "12345"), (60, "6"), (60, ""), (300, "1"), (60, "2"), (60, "3")):
        asked.clear()
        github.look(seconds)
        assert asked == [("issue", number) for number in numbers]


def test_a_pull_request_that_was_opened_by_hand_is_taken_up(github: GitHub) -> None:
    github.has(status=Status.WORKING, pull=None, activity=doing(ActivityState.BUSY))
    github.shows()
    assert github.look()[0] == f"#7 has a pull request that was opened by hand: {URL}"
    assert github.worker.pull_url == URL


def test_one_that_cannot_be_judged_does_not_stop_the_others(github: GitHub, mocker: MockerFixture) -> None:
    github.has()
    github.shows()
    mocker.patch("orchestra.monitor.pull_requests.rules.pull_of", side_effect=OrchestraError("a row makes no sense"))
    assert github.look() == ["#7: a row makes no sense"]
    mocker.patch("orchestra.monitor.pull_requests.rules.pull_of", side_effect=Unreachable("no network"))
    with pytest.raises(Unreachable):
        github.look()


# --- what its worker is told ---


def test_a_failing_check_is_told_once_with_the_end_of_its_log(github: GitHub) -> None:
    github.has()
    github.shows(checks=(check("test", "failure"), check("lint")))
    (words,) = [line for line in github.look() if "is told" in line]
    assert "test" in words
    assert "test: assertion failed" in github.guidance[0]
    assert github.worker.status is Status.WORKING
    github.look()
    assert len(github.guidance) == 1


def test_what_a_reviewer_wrote_is_told(github: GitHub) -> None:
    github.has()
    github.shows()
    github.reader.said = (said(1, "Why is this global?"), said(2, "Please test it."))
    github.look()
    (text,) = github.guidance
    assert text.index("Why is this global?") < text.index("Please test it.")


def test_an_outsider_is_heard_only_with_the_right_to_push(github: GitHub) -> None:
    github.has()
    github.shows()
    github.reader.said = (
        said(1, "Please pass me on.", "pat", "CONTRIBUTOR"),
        said(2, "Please leave me out.", "eve", "CONTRIBUTOR"),
        said(3, "Please hear a private member.", "may", "NONE"),
    )
    github.reader.pushers = {"pat": True, "may": True}
    github.look()
    (text,) = github.guidance
    assert "Please pass me on." in text
    assert "Please hear a private member." in text
    assert "leave me out" not in text


def test_a_conflict_is_told_with_its_files_but_not_while_the_branch_is_carried_over(github: GitHub) -> None:
    github.has(parent="6")
    github.shows(mergeable=False, merge_state="dirty")
    github.look()
    assert github.guidance == []
    github.has()
    github.look()
    assert "a.py" in github.guidance[0]


def test_a_worker_that_waits_for_the_user_hears_nothing(github: GitHub) -> None:
    github.has(status=Status.PAUSED)
    github.shows(checks=(check("test", "failure"),))
    github.look()
    assert github.guidance == []


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ([], ""),
        (["test", "test"], "test"),
        (["a", "b", "c", "d", "e", "f", "g"], "a, b, c, d, e and 2 more"),
    ],
)
def test_what_was_told_in_a_few_words(names: list[str], shown: str) -> None:
    told = [Item(f"x:{name}", name, "words") for name in names]
    assert pull_requests._names(told) == shown


# --- the same failure again and again ---


def test_the_same_failure_on_new_heads_ends_at_the_user(tmp_path: Path, mocker: MockerFixture) -> None:
    github = GitHub(tmp_path, mocker, limits=Limits(ci=2))
    for number in range(2):
        sha = f"{number:040}"
        github.has(attempts=github.worker.attempts, signatures=github.worker.signatures) if number else github.has()
        github.project.repository.branch_tip.return_value = sha
        github.shows(head_sha=sha, checks=(check("test", "failure"),))
        words = github.look()
        github.look()
        assert github.worker.attempts.ci == number + 1, "a head is counted once"
    assert any("is stuck" in line and "CI fails the same way (test)" in line for line in words)
    assert github.worker.status is Status.STUCK


def test_a_head_that_passes_ends_the_count(github: GitHub) -> None:
    github.has(attempts=Attempts(ci=2, review=1))
    github.shows()
    github.look()
    assert (github.worker.attempts.ci, github.worker.attempts.review) == (0, 0)


# --- the branch beside its head on GitHub ---


def test_a_head_that_is_not_here_is_fetched_and_not_again_at_once(github: GitHub) -> None:
    github.has()
    github.shows()
    github.head = Head.UNKNOWN
    github.project.repository.locked = nullcontext
    github.look(20)
    github.look(20)
    assert github.fetch.call_count == 2, "the branch and its base, once"
    github.look(pull_requests.FETCH_AGAIN_SECONDS)
    assert github.fetch.call_count == 4


def test_the_worktree_follows_a_merge_of_the_base(github: GitHub) -> None:
    github.has()
    github.shows()
    github.head = Head.UPDATED
    github.project.repository.locked = nullcontext
    github.project.repository.dirty.return_value = True
    github.look()
    assert github.follow.call_count == 0, "uncommitted work is left alone"
    github.project.repository.dirty.return_value = False
    assert "#7: main was merged into the branch on GitHub; the worktree follows" in github.look()
    github.follow.return_value = SimpleNamespace(status=1, reason=lambda: "it cannot be fast-forwarded")
    assert "#7: it cannot be fast-forwarded" in github.look()


@pytest.mark.parametrize(("update", "times"), [("auto", 1), ("never", 0)])
def test_a_branch_behind_its_base_is_updated_once_for_each_head(
    update: str, times: int, tmp_path: Path, mocker: MockerFixture
) -> None:
    github = GitHub(tmp_path, mocker, pull_request=PullRequest(update=update))
    github.has()
    github.shows(merge_state="behind")
    github.look()
    github.look()
    assert github.updated == [(1, SHA)] * times


def test_nothing_is_changed_under_an_agent_that_works(github: GitHub) -> None:
    github.has(activity=doing(ActivityState.BUSY))
    github.shows(merge_state="behind")
    github.look()
    assert github.updated == []


# --- without GitHub ---


def test_without_a_forge_a_merge_by_hand_is_seen(github: GitHub, mocker: MockerFixture) -> None:
    github.project.tracker_name = "local"
    github.has(status=Status.COMPLETE, pull=None)
    mocker.patch("orchestra.monitor.pull_requests.still_wanted.is_merged_locally", return_value=True)
    assert github.look() == ["#7 is merged: main holds it"]
    assert github.worker.status is Status.MERGED
    assert github.polls == 0
