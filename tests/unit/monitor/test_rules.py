"""What the monitor concludes from what GitHub says, as tables of records."""

from __future__ import annotations

from typing import Any

import pytest

from orchestra.config.schema import ChecksConfig, Config
from orchestra.core.checks import ACTIONS, CheckRun, Suite
from orchestra.core.models import Activity, ActivityState, Status, Worker
from orchestra.core.pull_request import Check, Checks, CheckState, Head, Pull, Review, Thread, Update
from orchestra.core.remarks import MARK, Kind, Remark, Voices
from orchestra.core.text import stamp
from orchestra.github.graph import BaseFacts, CheckDetail, Opinion, PullFacts, ThreadSeen
from orchestra.github.poll_parsing import PullSeen
from orchestra.monitor import rules
from orchestra.monitor.rules import EXPECT_SECONDS, NO_CHECKS_SECONDS, Observation

pytestmark = pytest.mark.fast

NOW = 1_767_870_900.0
SHA = "ab" * 20
US = Voices(us="ann")


def worker(**changes: Any) -> Worker:
    given: dict[str, Any] = {
        "id": "7", "title": "t", "status": Status.SHIPPING, "status_since": "", "branch": "issue-7",
        "activity": Activity(ActivityState.WAITING, stamp(NOW - 900)),
        "pull": Pull(1, "open", SHA, head_since=stamp(NOW - 900)),
    }  # fmt: skip
    return Worker(**{**given, **changes})


def facts(**changes: Any) -> PullFacts:
    given: dict[str, Any] = {
        "number": 1, "state": "open", "draft": False, "mergeable": True, "merge_state": "clean", "decision": None,
        "in_queue": False, "auto_merge": False, "head_sha": SHA, "head_ref": "issue-7", "head_repo": "acme/widgets",
        "base_ref": "main", "said_at": "", "threads": (),
    }  # fmt: skip
    return PullFacts(**{**given, **changes})


def seen(
    remarks: Any = (), first: Any = None, base: BaseFacts | None = None, head: Head = Head.SAME, **changes: Any
) -> Observation:
    return Observation(facts(**changes), base or BaseFacts(), tuple(remarks), first or {}, head, "ann")


def run(name: str, state: str = "success", job: int | None = None, workflow: str = "CI") -> CheckDetail:
    return CheckDetail(CheckRun(name, state, ACTIONS, workflow, "push", "1", 1), f"https://x/{name}", job, "said")


def said(number: int, text: str = "Why?", **changes: Any) -> Remark:
    kind = changes.pop("kind", Kind.INLINE)
    given: dict[str, Any] = {"id": f"{kind}:{number}", "author": "rob", "association": "MEMBER", "kind": kind, "text": text,
                             "bot": False, "at": f"{number:04}", "thread": number if kind is Kind.INLINE else 0}  # fmt: skip
    return Remark(**{**given, **changes})


def pull_of(it: Worker, found: Observation, now: float = NOW) -> Pull:
    return rules.pull_of(it, found, US, Config(), now)


# Which pull request is the worker's.


def listed(
    number: int, state: str = "open", ref: str = "issue-7", repo: str = "acme/widgets", sha: str = SHA
) -> PullSeen:
    return PullSeen(number, "u", ref, sha, repo, "main", state, False, "", "ann")


@pytest.mark.parametrize(
    ("it", "rows", "ours", "number"),
    [
        pytest.param(worker(pull=None), [listed(1)], True, 1, id="by its branch"),
        pytest.param(worker(pull=None), [listed(1)], False, None, id="a colleague's commits"),
        pytest.param(worker(pull=None), [listed(1, repo="eve/widgets")], True, None, id="of a fork"),
        pytest.param(worker(), [listed(1, "closed"), listed(2)], True, 2, id="opened anew by hand"),
        pytest.param(worker(), [listed(1, "closed"), listed(2)], False, 1, id="closed, and a colleague has another"),
        pytest.param(worker(), [listed(1, "merged"), listed(2)], True, 1, id="merged, and opened once more"),
        pytest.param(worker(), [listed(1), listed(2)], True, 1, id="a second one beside it"),
        pytest.param(
            worker(pull=None), [listed(1, repo="Acme/Widgets")], True, 1, id="names are compared as GitHub does"
        ),
        pytest.param(worker(pull=None), [listed(1, "merged")], True, None, id="of an earlier life of the branch"),
        pytest.param(worker(pull=None), [listed(1), listed(3)], True, 3, id="the newest"),
        pytest.param(worker(), [listed(1, "merged"), listed(9)], True, 1, id="the recorded one, whatever it is"),
        pytest.param(worker(), [listed(1, ref="renamed")], False, 1, id="the recorded one, whatever its branch"),
        pytest.param(worker(), [listed(9)], True, None, id="the recorded one is not listed"),
    ],
)
def test_the_pull_request_of_a_worker(it: Worker, rows: list[PullSeen], ours: bool, number: int | None) -> None:
    found = rules.own_pull(it, rows, "acme/widgets", lambda sha: ours)
    assert (found and found.number) == number


# What is known of it.


def test_nothing_is_settled_right_after_a_push() -> None:
    fresh = worker(pull=Pull(1, "open", "old", head_since=stamp(NOW - 900)))
    pull = pull_of(fresh, seen())
    assert (pull.settled, pull.head_since) == (False, stamp(NOW))
    later = pull_of(worker(pull=pull), seen(), now=NOW + ChecksConfig().settle)
    assert (later.settled, later.head_since) == (True, stamp(NOW))
    set_back = pull_of(worker(pull=pull), seen(), now=NOW - 86400)
    assert set_back.head_since == stamp(NOW - 86400), "a clock that was a day ahead"


def test_who_left_the_merge_queue_is_known_until_the_next_push() -> None:
    queued = pull_of(worker(), seen(in_queue=True))
    out = pull_of(worker(pull=queued), seen())
    assert [queued.left_queue, out.left_queue] == [False, True]
    assert pull_of(worker(pull=out), seen()).left_queue
    assert not pull_of(worker(pull=out), seen(in_queue=True)).left_queue
    assert not pull_of(worker(pull=out), seen(head_sha="cd" * 20)).left_queue


@pytest.mark.parametrize(
    ("green", "base", "age", "missing"),
    [
        (("a", "test"), (), 60, ["test"]),
        ((), ("a", "test"), 60, ["test"]),
        (("a",), ("deploy",), 60, []),
        (("a", "test"), (), EXPECT_SECONDS, []),
        ((), ("a", "deploy"), EXPECT_SECONDS, []),
    ],
    ids=["an earlier head had it", "the base has it", "what the base has does not count then", "for a while", "for a while, too"],
)  # fmt: skip
def test_checks_of_earlier_heads_are_waited_for(
    green: tuple[str, ...], base: tuple[str, ...], age: float, missing: list[str]
) -> None:
    it = worker(green=green, pull=Pull(1, "open", SHA, head_since=stamp(NOW - age)))
    pull = pull_of(it, seen(checks=(run("a"),), base=BaseFacts(names=base)))
    assert [row.name for row in pull.rows] == missing
    assert pull.checks is (Checks.PENDING if missing else Checks.PASSING)


def test_a_head_says_what_has_changed_around_it() -> None:
    plain = pull_of(worker(), seen())
    assert (plain.renamed, plain.archived, plain.update) == ("", False, Update.AUTO)
    changed = pull_of(worker(), seen(head_ref="feature/x")._replace(archived=True))
    assert (changed.renamed, changed.archived) == ("feature/x", True)
    refused = worker(pull=plain._replace(update=Update.REFUSED))
    assert pull_of(refused, seen()).update is Update.REFUSED
    assert pull_of(refused, seen(head_sha="cd" * 20)).update is Update.AUTO


def test_a_head_without_a_check_is_given_time_where_the_base_has_some() -> None:
    for age, missing in ((NO_CHECKS_SECONDS - 1, ["test"]), (NO_CHECKS_SECONDS, [])):
        it = worker(pull=Pull(1, "open", SHA, head_since=stamp(NOW - age)))
        assert [row.name for row in pull_of(it, seen(base=BaseFacts(names=("test",)))).rows] == missing


def test_a_required_check_is_waited_for_without_an_end() -> None:
    pull = pull_of(worker(), seen(base=BaseFacts(required=("test",)), checks=(run("lint", "failure"),)))
    assert pull.rows == (
        Check("lint", CheckState.FAILED, counts=False, since="1"), Check("test", CheckState.MISSING, required=True)
    )  # fmt: skip


@pytest.mark.parametrize(("age", "missing"), [(EXPECT_SECONDS, ["test"]), (NO_CHECKS_SECONDS, [])])
def test_a_head_without_a_check_is_given_more_time(age: float, missing: list[str]) -> None:
    it = worker(green=("test",), pull=Pull(1, "open", SHA, head_since=stamp(NOW - age)))
    assert [row.name for row in pull_of(it, seen()).rows] == missing


def test_the_checks_of_a_head_are_remembered_when_they_are_over() -> None:
    good = seen(checks=(run("b"), run("a")))
    known = worker(green=("a", "lint"))
    assert rules.names_to_expect(known, good, pull_of(known, good)) == ("a", "b")
    bad = seen(checks=(run("a", "failure"), run("c", "queued")))
    assert rules.names_to_expect(known, bad, pull_of(known, bad)) == ("a", "c", "lint"), "it may have stopped early"
    for unknown in (seen(checks=(run("a", "queued"),)), seen()):
        assert rules.names_to_expect(worker(), unknown, pull_of(worker(), unknown)) == ()
    assert rules.names_to_expect(worker(), good, pull_of(worker(pull=None), good)) == (), "it has not had its calm time"


@pytest.mark.parametrize(
    ("it", "remark", "thread"),
    [
        (worker(), said(1), Thread("rob")),
        (worker(addressed=("inline:1~aa",)), said(1), Thread("rob", addressed=True)),
        (worker(addressed=("inline:1",)), said(1), Thread("rob", addressed=True)),
        (worker(), said(1, author="eve", association="NONE"), Thread("eve", heard=False, addressed=True)),
        (worker(), said(1, f"Because {MARK}"), Thread("rob", addressed=True)),
    ],
    ids=["asked", "shipped after it was told", "as an older version wrote it", "an outsider's", "our own"],
)
def test_a_thread_is_open_for_somebody(it: Worker, remark: Remark, thread: Thread) -> None:
    open_one = (ThreadSeen("T", False, False, "a", 1), ThreadSeen("D", True, False, "a", 2))
    found = seen([remark], {"T": (1,), "D": (2,)}, threads=open_one)
    assert rules.open_threads(it, found, US) == (thread,)


@pytest.mark.parametrize("resolved", [False, True])
def test_a_thread_whose_first_comment_was_deleted_is_known_by_the_next(resolved: bool) -> None:
    reply = said(2)._replace(thread=1, reply_to=1)
    found = seen([reply], {"T": (2,)}, threads=(ThreadSeen("T", resolved, False, "a", 1),))
    assert rules.open_threads(worker(), found, US) == (() if resolved else (Thread("rob"),))
    assert [one.id for one in rules.untold(worker(), found, US)] == ([] if resolved else ["inline:2"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ("bug", "do-not-merge", "threshold")}, ("do-not-merge",)),
        ({"labels": ("status: On Hold", "WIP", "unblocked")}, ("WIP", "status: On Hold")),
    ],
)
def test_labels_that_say_not_to_merge_yet(changes: dict[str, Any], words: tuple[str, ...]) -> None:
    assert pull_of(worker(), seen(**changes)).holds == words


def test_a_sign_without_words_is_noted_until_its_author_approves() -> None:
    frown = said(1, "\U0001f44e")._replace(kind=Kind.COMMENT, id="comment:1", thread=0)
    assert pull_of(worker(), seen([frown], frowns=("sue",))).frowns == ("rob", "sue")
    approval = Opinion("3", "rob", "MEMBER", "APPROVED", False, True)
    assert pull_of(worker(), seen([frown], opinions=(approval,))).frowns == ()
    stranger = frown._replace(author="eve", association="NONE")
    assert pull_of(worker(), seen([stranger])).frowns == ()


def test_a_pull_request_whose_fork_is_gone_says_so() -> None:
    assert pull_of(worker(), seen(head_repo="")).orphan
    assert not pull_of(worker(), seen()).orphan


def test_of_checks_of_one_name_those_that_fail_are_told() -> None:
    found = seen(checks=(run("test", "failure"), CheckDetail(CheckRun("test", "success"), "", None, "")))
    assert [one.run.state for one in rules.failing(found, pull_of(worker(), found))] == ["failure"]


def test_without_a_decision_a_review_is_missing_where_the_rules_ask_for_more() -> None:
    base = BaseFacts(reviews=1)
    assert pull_of(worker(), seen(base=base, merge_state="blocked")).review_decision == "REVIEW_REQUIRED"
    approval = Opinion("3", "rob", "MEMBER", "APPROVED", False, True)
    assert pull_of(worker(), seen(base=base, merge_state="blocked", opinions=(approval,))).review_decision is None
    assert pull_of(worker(), seen(base=base, merge_state="clean")).review_decision is None


def test_a_thread_of_which_nothing_is_known_holds_nothing_back() -> None:
    found = seen(threads=(ThreadSeen("T", False, False, "a", 1),))
    assert rules.open_threads(worker(), found, US) == (Thread("somebody", addressed=True),)


def test_without_graphql_what_was_answered_counts_as_closed() -> None:
    found = seen([said(1), said(2)], threads=None)
    assert rules.open_threads(worker(addressed=("inline:1",)), found, US) == (Thread("rob"),)
    assert pull_of(worker(), found).unresolved is None


@pytest.mark.parametrize(
    ("opinion", "addressed", "review"),
    [
        (Opinion("3", "rob", "MEMBER", "CHANGES_REQUESTED", False, True), (), Review("rob", "CHANGES_REQUESTED")),
        (Opinion("3", "rob", "MEMBER", "CHANGES_REQUESTED", False, True), ("review:3",), Review("rob", "CHANGES_REQUESTED", addressed=True)),
        (Opinion("3", "eve", "NONE", "CHANGES_REQUESTED", False, False), (), Review("eve", "CHANGES_REQUESTED", heard=False)),
        (Opinion("3", "sue", "CONTRIBUTOR", "APPROVED", False, True), (), Review("sue", "APPROVED")),
        (Opinion("3", "", "MEMBER", "CHANGES_REQUESTED", False, True), (), Review("", "CHANGES_REQUESTED", heard=False)),
    ],
    ids=["open", "shipped since", "an outsider's", "who may push counts", "a deleted account's"],
)  # fmt: skip
def test_opinions(opinion: Opinion, addressed: tuple[str, ...], review: Review) -> None:
    assert rules.reviews(worker(addressed=addressed), seen(opinions=(opinion,)), US) == (review,)


def test_a_dismissed_review_is_none() -> None:
    gone = Opinion("3", "rob", "MEMBER", "DISMISSED", False, True)
    assert rules.reviews(worker(), seen(opinions=(gone,)), US) == ()


# What the worker must hear.


def told(it: Worker, found: Observation, voices: Voices = US) -> list[str]:
    pull = rules.pull_of(it, found, voices, Config(), NOW)
    return [
        item.id.partition("~")[0] for item in rules.items(it, found, pull, voices, lambda one: "log", lambda: ["a.py"])
    ]


@pytest.mark.parametrize(
    ("found", "ids"),
    [
        pytest.param(seen(), [], id="nothing"),
        pytest.param(seen([said(1), said(2, kind=Kind.COMMENT)]), ["inline:1", "comment:2"], id="remarks, oldest first"),
        pytest.param(seen([said(1, "LGTM", kind=Kind.COMMENT)]), [], id="words that ask nothing"),
        pytest.param(seen([said(1, author="eve", association="NONE")]), [], id="an outsider's words"),
        pytest.param(seen([said(1, f"Because. {MARK}")]), [], id="the worker's own reply"),
        pytest.param(seen([said(1)], {"T": (1,)}, threads=(ThreadSeen("T", True, False, "a", 1),)), [], id="resolved before it was heard"),
        pytest.param(seen(checks=(run("a"), run("t", "failure"))), [f"check:{SHA[:12]}:t"], id="a failing check"),
        pytest.param(seen(checks=(run("t", "failure"),), base=BaseFacts(required=("a",))), [], id="one that is not required"),
        pytest.param(seen(suites=(Suite(1, "startup_failure", ACTIONS, "CI", "push", "1"),)), [f"check:{SHA[:12]}:CI"], id="a broken workflow"),
        pytest.param(seen(mergeable=False), [f"conflict:{SHA[:12]}"], id="a conflict"),
        pytest.param(seen(head=Head.FOREIGN), [f"foreign:{SHA[:12]}"], id="a push by somebody else"),
        pytest.param(seen(head=Head.UPDATED), [], id="Update branch costs no turn"),
    ],
)  # fmt: skip
def test_what_is_told(found: Observation, ids: list[str]) -> None:
    assert told(worker(), found) == ids
    again = worker(fed=tuple(rules_ids(found)))
    assert told(again, found) == [], "nothing is told twice"


def rules_ids(found: Observation) -> list[str]:
    pull = pull_of(worker(), found)
    return [item.id for item in rules.items(worker(), found, pull, US, lambda one: "log", list)]


def test_an_edited_remark_of_a_person_is_told_again_and_a_bots_is_not() -> None:
    first = seen(
        [said(1, "Rename it", kind=Kind.COMMENT), said(2, "Please fix", kind=Kind.COMMENT, author="b[bot]", bot=True)]
    )
    fed = tuple(rules_ids(first))
    edited = seen(
        [
            said(1, "Rename it to x", kind=Kind.COMMENT),
            said(2, "Please fix y", kind=Kind.COMMENT, author="b[bot]", bot=True),
        ]
    )
    assert told(worker(fed=fed), edited) == ["comment:1"]
    assert told(worker(fed=("comment:1", "comment:2")), edited) == [], "an older version kept no text"


def test_who_may_push_and_who_is_trusted_is_heard() -> None:
    found = seen([said(1, author="sue", association="CONTRIBUTOR"), said(2, author="ci-user", association="NONE")])
    assert told(worker(), found, Voices(("CI-User",), {"sue": True})) == ["inline:1", "inline:2"]


def test_of_a_large_matrix_few_logs_are_read() -> None:
    found = seen(checks=(*(run(f"m{n}", "failure", n) for n in range(300)), run("lint", "failure", 999, "Lint")))
    read: list[str] = []

    def tail(one: CheckDetail) -> str:
        read.append(one.run.name)
        return "boom"

    pull = pull_of(worker(), found)
    items = rules.items(worker(), found, pull, US, tail, list)
    assert len(items) == 200, "as many as are kept"
    assert len(read) <= rules.MOST_READ


@pytest.mark.parametrize(
    ("status", "hears"),
    [(Status.SHIPPING, True), (Status.COMPLETE, True), (Status.WORKING, True), (Status.PLANNING, True),
     (Status.PAUSED, False), (Status.STUCK, False), (Status.REGISTERED, False)],
)  # fmt: skip
def test_who_is_told(status: Status, hears: bool) -> None:
    assert rules.may_hear(worker(status=status)) is hears
