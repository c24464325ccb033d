"""The verdict on a pull request: a table of facts, and what holds for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.models import Activity, ActivityState, Delivery, Guidance, Status, Worker
from orchestra.core.pull_request import Check, Checks, CheckState, Head, Pull, Review, Thread, Update
from orchestra.core.text import seconds_of, stamp
from orchestra.core.verdict import LOST_SECONDS, OLD_SECONDS, Facts, Outcome, Topic, Verdict, facts_of, verdict

pytestmark = pytest.mark.fast

NOW = seconds_of("2026-01-08T11:15:00Z") or 0.0
WAITING = Activity(ActivityState.WAITING, stamp(NOW - 60), "hook")
BUSY = Activity(ActivityState.BUSY, stamp(NOW - 60), "hook")
FAILED, PENDING = CheckState.FAILED, CheckState.PENDING
APPROVAL, MISSING = CheckState.APPROVAL, CheckState.MISSING
CHANGES = "CHANGES_REQUESTED"


def pull(**changes: Any) -> Pull:
    """A pull request with which everything is well."""
    good: dict[str, Any] = {
        "number": 12, "state": "open", "head_sha": "ab" * 20, "mergeable": True, "merge_state": "clean", "passed": 4,
        "observed_at": stamp(NOW - 10), "head_since": stamp(NOW - 300),
    }  # fmt: skip
    return Pull(**{**good, **changes})


def facts(activity: Activity = WAITING, queued: int = 0, **changes: Any) -> Facts:
    return Facts(pull(**changes), activity, queued)


def row(name: str, state: CheckState, **more: Any) -> Check:
    return Check(name, state, **more)


READY, WAIT, WORKER, USER = Outcome.READY, Outcome.WAITING, Outcome.WORKER, Outcome.USER
TABLE: list[tuple[str, Facts, Outcome, Topic, str]] = [
    ("all is well", facts(), READY, Topic.REVIEW, "checks pass"),
    ("no checks at all", facts(passed=0), READY, Topic.REVIEW, "no checks"),
    ("approved", facts(review_decision="APPROVED"), READY, Topic.REVIEW, "checks pass, approved"),
    ("approved where no review is required", facts(reviews=(Review("rob", "APPROVED"),)), READY, Topic.REVIEW,
     "checks pass, approved"),
    ("one approves, another refuses", facts(reviews=(Review("rob", "APPROVED"),
     Review("ann", CHANGES, addressed=True))), READY, Topic.REVIEW, "checks pass"),
    ("a review is required", facts(review_decision="REVIEW_REQUIRED", merge_state="blocked"), READY, Topic.REVIEW,
     "checks pass, an approving review is required"),
    ("merged", facts(state="merged"), Outcome.MERGED, Topic.NOTHING, "merged"),
    ("merged into another branch", facts(state="merged", into="next", default_branch="main"), Outcome.MERGED,
     Topic.NOTHING, "merged into next: GitHub closes the issue only when the work reaches main"),
    ("closed", facts(state="closed"), Outcome.CLOSED, Topic.NOTHING, "closed without a merge"),
    ("closed, and by whom", facts(state="closed", closed_by="bob"), Outcome.CLOSED, Topic.NOTHING,
     "closed without a merge by bob"),
    ("a check runs", facts(rows=(row("test", PENDING),)), WAIT, Topic.CHECKS, "1 of 5 checks runs: test"),
    ("many run", facts(rows=tuple(row(f"unit {n}", PENDING) for n in range(5))), WAIT, Topic.CHECKS,
     "5 of 9 checks run: unit 0, unit 1, unit 2 and 2 more"),
    ("a required check was not reported", facts(rows=(row("test", MISSING, required=True),)), WAIT, Topic.CHECKS,
     "1 check not reported yet: test"),
    ("a required check that nobody reports", facts(head_since=stamp(NOW - LOST_SECONDS),
     rows=(row("test", MISSING, required=True),)), USER, Topic.CHECKS, "required and not reported for 1h: test"),
    ("nobody reports it, but another check runs", facts(head_since=stamp(NOW - LOST_SECONDS),
     rows=(row("test", MISSING, required=True), row("slow", PENDING))), WAIT, Topic.CHECKS,
     "1 of 6 checks runs: slow"),
    ("right after the push", facts(settled=False), WAIT, Topic.CHECKS, "checks of this commit may still begin"),
    ("a check fails", facts(rows=(row("test", FAILED),)), WORKER, Topic.CHECKS, "1 check fails: test"),
    ("one fails while another runs", facts(rows=(row("lint", PENDING), row("test", FAILED))), WORKER, Topic.CHECKS,
     "1 check fails: test"),
    ("only one that is not required fails", facts(merge_state="unstable", rows=(row("nightly", FAILED, counts=False),)),
     READY, Topic.REVIEW, "checks pass"),
    ("a run waits for approval", facts(rows=(row("CI", APPROVAL),)), USER, Topic.APPROVAL,
     "waits for an approval on GitHub: CI"),
    ("an environment waits while a check runs", facts(rows=(row("deploy", APPROVAL), row("test", PENDING))), USER,
     Topic.APPROVAL, "waits for an approval on GitHub: deploy"),
    ("a conflict", facts(mergeable=False), WORKER, Topic.CONFLICT, "it conflicts with its base branch"),
    ("dirty, as REST says it", facts(mergeable=None, merge_state="dirty"), WORKER, Topic.CONFLICT,
     "it conflicts with its base branch"),
    ("mergeability not computed", facts(mergeable=None, merge_state="unknown"), WAIT, Topic.MERGEABILITY,
     "GitHub has not said yet whether it merges"),
    ("changes requested", facts(reviews=(Review("rob", CHANGES),), review_decision=CHANGES), WORKER, Topic.REVIEW,
     "rob asked for changes"),
    ("changes requested and shipped since", facts(reviews=(Review("rob", CHANGES, addressed=True),),
     review_decision=CHANGES), READY, Topic.REVIEW, "checks pass"),
    ("changes requested by an outsider", facts(reviews=(Review("eve", CHANGES, heard=False),)), READY, Topic.REVIEW,
     "checks pass"),
    ("an outsider's request blocks the merge", facts(reviews=(Review("eve", CHANGES, heard=False),),
     review_decision=CHANGES, merge_state="blocked"), USER, Topic.REVIEW,
     "eve asked for changes, which was not passed on"),
    ("a thread to answer", facts(threads=(Thread("rob"),)), WORKER, Topic.REVIEW, "1 thread to answer"),
    ("threads and a request", facts(threads=(Thread("rob"), Thread("ann")), reviews=(Review("rob", CHANGES),)), WORKER,
     Topic.REVIEW, "rob asked for changes, 2 threads to answer"),
    ("a thread that was addressed", facts(threads=(Thread("rob", addressed=True),)), READY, Topic.REVIEW,
     "checks pass, 1 thread open for you"),
    ("threads must be resolved", facts(threads=(Thread("rob", addressed=True),), merge_state="blocked",
     conversations=True), READY, Topic.REVIEW,
     "checks pass, 1 thread open for you, GitHub wants it resolved before the merge"),
    ("an outsider's thread", facts(threads=(Thread("eve", heard=False),)), READY, Topic.REVIEW,
     "checks pass, 1 thread open for you"),
    ("a remark that was not told yet", facts(untold=1), WORKER, Topic.REVIEW, "1 remark to be passed on"),
    ("unshipped commits", facts(head=Head.AHEAD), WORKER, Topic.SHIP, "the worker has commits that are not shipped"),
    ("a foreign push", facts(head=Head.FOREIGN), WORKER, Topic.PUSH,
     "somebody else pushed ababababab: the worker must take it up"),
    ("Update branch was pressed", facts(head=Head.UPDATED), WAIT, Topic.BEHIND,
     "its base was merged into it on GitHub; the worktree follows"),
    ("right after a push GitHub shows the one before", facts(head=Head.REWOUND, head_since=stamp(NOW - 20)), WAIT,
     Topic.PUSH, "GitHub does not show the last push yet"),
    ("the branch was taken back", facts(head=Head.REWOUND), USER, Topic.PUSH,
     "somebody took the branch back to ababababab: the worker's last push is not in it"),
    ("the branches could not be compared", facts(head=Head.UNKNOWN), WAIT, Topic.SHIP,
     "the branch here could not be compared with the one on GitHub"),
    ("the agent works", facts(BUSY), WAIT, Topic.AGENT, "the agent still works"),
    ("the agent is not known", facts(Activity()), WAIT, Topic.AGENT, "what the agent does is not known"),
    ("the agent ended", facts(Activity(ActivityState.ENDED)), READY, Topic.REVIEW, "checks pass"),
    ("a server was left running", facts(WAITING._replace(background="its shell: npm run dev")), READY, Topic.REVIEW,
     "checks pass"),
    ("the agent's subagent still works", facts(WAITING._replace(background="its subagent: fix it")), WAIT, Topic.AGENT,
     "the agent waits for its subagent: fix it"),
    ("guidance is queued", facts(queued=1), WAIT, Topic.GUIDANCE, "1 message to be given to the agent"),
    ("a draft", facts(draft=True, merge_state="draft"), USER, Topic.DRAFT,
     "a draft, checks pass: mark it as ready for review"),
    ("a draft whose checks run", facts(draft=True, rows=(row("test", PENDING),)), WAIT, Topic.CHECKS,
     "1 of 5 checks runs: test"),
    ("behind, updated by orchestra", facts(merge_state="behind"), WAIT, Topic.BEHIND,
     "out of date with its base; it is brought up to date"),
    ("behind, updated on the user's word", facts(merge_state="behind", update=Update.ASK), USER, Topic.BEHIND,
     "out of date with its base branch, which must be merged into it first"),
    ("behind, never updated", facts(merge_state="behind", update=Update.NEVER), USER, Topic.BEHIND,
     "out of date with its base branch, which must be merged into it first"),
    ("behind, and GitHub refused to update it", facts(merge_state="behind", update=Update.REFUSED), USER, Topic.BEHIND,
     "out of date with its base branch, which GitHub refused to merge into it"),
    ("in the merge queue", facts(in_queue=True), WAIT, Topic.QUEUE, "in the merge queue"),
    ("auto-merge", facts(auto_merge=True, merge_state="blocked", review_decision="REVIEW_REQUIRED"), WAIT,
     Topic.REVIEW, "auto-merge is on; GitHub waits for an approving review"),
    ("auto-merge with nothing missing", facts(auto_merge=True), WAIT, Topic.MERGE,
     "auto-merge is on; GitHub merges it by itself"),
    ("auto-merge, and a thread must be resolved", facts(auto_merge=True, merge_state="blocked", conversations=True,
     threads=(Thread("rob", addressed=True),)), USER, Topic.REVIEW,
     "auto-merge is on; GitHub waits until 1 thread is resolved"),
    ("a check that does not end", facts(rows=(row("test", PENDING, since=stamp(NOW - 90_000)), row("b", PENDING))), USER,
     Topic.CHECKS, "1 check has not ended for 1d: test"),
    ("GitHub gave up on a check that is not required", facts(rows=(row("old", MISSING),), head_since=stamp(NOW - 3600)),
     USER, Topic.CHECKS, "not reported for 1h: old"),
    ("the branch was renamed, and pushed under its old name", facts(head=Head.REWOUND, renamed="feature/x"), USER,
     Topic.PUSH, "its branch was renamed to feature/x on GitHub: the worker's last push is not in it"),
    ("the repository is archived", facts(archived=True), USER, Topic.BLOCKED,
     "the repository is archived: nothing can be merged there"),
    ("closed, and merged by hand", facts(state="merged", by_hand="main"), Outcome.MERGED, Topic.NOTHING,
     "closed, and main holds its changes: merged by hand"),
    ("auto-merge, and a rule that is not seen", facts(auto_merge=True, merge_state="blocked"), USER, Topic.BLOCKED,
     "checks pass, but a rule of the base branch blocks the merge: its page on GitHub says which"),
    ("put out of the merge queue", facts(left_queue=True), READY, Topic.REVIEW,
     "checks pass, taken out of the merge queue"),
    ("blocked, and not by its thread", facts(merge_state="blocked", threads=(Thread("rob", addressed=True),)), USER,
     Topic.BLOCKED, "checks pass, 1 thread open for you, but a rule of the base branch blocks the merge: its page on "
     "GitHub says which"),
    ("blocked by a rule that is not seen", facts(merge_state="blocked"), USER, Topic.BLOCKED,
     "checks pass, but a rule of the base branch blocks the merge: its page on GitHub says which"),
    ("GitHub never comes to its mergeability", facts(mergeable=None, head_since=stamp(NOW - LOST_SECONDS)), USER,
     Topic.MERGEABILITY, "GitHub has not said for 1h whether it merges"),
    ("a label says not to merge", facts(holds=("do-not-merge",)), READY, Topic.REVIEW,
     "checks pass, labelled do-not-merge"),
    ("GitHub answers, and does not show it", facts(lost="GitHub does not show PR #12 any more"), Outcome.UNKNOWN,
     Topic.GITHUB, "GitHub does not show PR #12 any more; last seen: checks pass"),
    ("never looked at", Facts(None), Outcome.UNKNOWN, Topic.GITHUB, "no pull request has been seen"),
    ("old", facts(observed_at=stamp(NOW - OLD_SECONDS - 1)), Outcome.UNKNOWN, Topic.GITHUB,
     "GitHub was last heard 5m ago; last seen: checks pass"),
    ("shipped, and not asked since", facts(observed_at=""), Outcome.UNKNOWN, Topic.GITHUB,
     "GitHub has not been asked yet; last seen: checks pass"),
    ("merged stays merged", facts(state="merged", observed_at=stamp(NOW - 99_999)), Outcome.MERGED, Topic.NOTHING,
     "merged"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "outcome", "topic", "sentence"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_the_verdict_on_these_facts(given_: Facts, outcome: Outcome, topic: Topic, sentence: str) -> None:
    found = verdict(given_, NOW)
    assert (found.outcome, found.topic, found.sentence) == (outcome, topic, sentence)


ACTS = {
    READY: "the user: review and merge", WAIT: "nobody yet", WORKER: "the worker", USER: "the user, on GitHub",
    Outcome.MERGED: "nobody", Outcome.CLOSED: "the user", Outcome.UNKNOWN: "nobody: it is asked again",
}  # fmt: skip


def test_the_page_shows_this_table() -> None:
    rows = [f"| {name} | {verdict(given_, NOW).sentence} | {ACTS[outcome]} |" for name, given_, outcome, *_ in TABLE]
    table = "\n".join(["| what is so | what is said | who acts |", "|---|---|---|", *rows])
    page = Path(__file__).parents[3] / "docs" / "pull-requests.md"
    assert table in page.read_text(), f"docs/pull-requests.md must hold:\n{table}"


def test_an_unknown_verdict_says_why_and_what_it_was() -> None:
    old = facts(observed_at=stamp(NOW - 720))._replace(trouble="GitHub: rate limit, asked again in 12m")
    assert verdict(old, NOW) == Verdict(
        Outcome.UNKNOWN,
        Topic.GITHUB,
        "GitHub was last heard 12m ago (GitHub: rate limit, asked again in 12m); last seen: checks pass",
        stamp(NOW - 720),
        last=READY,
    )


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        pytest.param({"rows": (row("nightly", FAILED, counts=False),)}, "failing, but not required: nightly", id="optional"),
        pytest.param({"reviews": (Review("eve", CHANGES, heard=False),)}, "eve is not passed on to the worker: not a member", id="unheard"),
        pytest.param({"reviews": (Review("rob", CHANGES, addressed=True),)}, "rob asked for changes; the worker shipped since, and the request is still open on GitHub", id="addressed"),
        pytest.param({"frowns": ("rob",)}, "rob disapproves, without words", id="frown"),
        pytest.param({"orphan": True}, "the repository of its branch is gone, or hidden from this token", id="orphan"),
        pytest.param({"renamed": "feature/x"}, "its branch was renamed to feature/x on GitHub", id="renamed"),
        pytest.param({"partial": "not JSON"}, "GraphQL says nothing now (not JSON): review threads and merge queue are those seen last", id="partial"),
        pytest.param({"unseen": ("checks of apps",)}, "checks of apps cannot be seen with this token", id="unseen"),
    ],
)  # fmt: skip
def test_what_decides_nothing_is_noted(changes: dict[str, Any], note: str) -> None:
    found = verdict(facts(**changes), NOW)
    assert (found.outcome, found.notes) == (READY, (note,))


def test_an_approval_by_an_outsider_is_not_worth_a_note() -> None:
    assert verdict(facts(reviews=(Review("eve", "APPROVED", heard=False),)), NOW).notes == ()


def test_since_is_when_the_first_check_began() -> None:
    began = stamp(NOW - 240)
    rows = (row("b", PENDING, since=stamp(NOW - 100)), row("a", PENDING, since=began), row("c", PENDING))
    assert verdict(facts(rows=rows), NOW).since == began


def test_foreign_names_cannot_reach_the_terminal() -> None:
    rows = (row("test\x1b[31m\nready", FAILED),)
    assert verdict(facts(rows=rows), NOW).sentence == "1 check fails: test[31m ready"


def test_the_facts_of_a_session_file() -> None:
    told = (Guidance("g1", "human", "x", Delivery.READ), Guidance("g2", "monitor", "y", Delivery.QUEUED))
    worker = Worker("7", "t", Status.WORKING, "", activity=BUSY, guidance=told, pull=pull())
    assert facts_of(worker, "no network") == Facts(pull(), BUSY, 1, "no network")


# --- what holds for all facts ---------------------------------------------------------------------------------------

checks = st.builds(
    Check, st.sampled_from(["a", "b", "c"]), st.sampled_from(list(CheckState)), st.booleans(), st.booleans()
)
threads = st.builds(Thread, st.sampled_from(["ann", "eve"]), st.booleans(), st.booleans())
reviews = st.builds(
    Review, st.sampled_from(["ann", "eve"]), st.sampled_from(["APPROVED", CHANGES]), st.booleans(), st.booleans()
)
pulls = st.builds(
    Pull,
    number=st.just(12),
    state=st.sampled_from(["open", "open", "open", "closed", "merged"]),
    checks=st.sampled_from(list(Checks)),
    review_decision=st.sampled_from([None, "APPROVED", "REVIEW_REQUIRED", CHANGES]),
    mergeable=st.sampled_from([True, True, None, False]),
    observed_at=st.sampled_from(["", stamp(NOW - 10), stamp(NOW - 9999)]),
    draft=st.booleans(),
    merge_state=st.sampled_from(["", "clean", "behind", "blocked", "dirty", "unstable", "unknown", "has_hooks"]),
    in_queue=st.booleans(),
    left_queue=st.booleans(),
    auto_merge=st.booleans(),
    head=st.sampled_from(list(Head)),
    settled=st.booleans(),
    passed=st.integers(0, 2),
    rows=st.lists(checks, max_size=4).map(tuple),
    threads=st.lists(threads, max_size=3).map(tuple),
    reviews=st.lists(reviews, max_size=3).map(tuple),
    untold=st.integers(0, 1),
    conversations=st.booleans(),
    update=st.sampled_from(list(Update)),
    renamed=st.sampled_from(["", "other"]),
    archived=st.booleans(),
    lost=st.sampled_from(["", "", "GitHub does not show it"]),
)
all_facts = st.builds(
    Facts,
    pulls,
    st.builds(Activity, st.sampled_from(list(ActivityState))),
    st.integers(0, 1),
)


@given(all_facts, st.randoms(use_true_random=False))
def test_the_order_of_the_facts_never_matters(some: Facts, random: Any) -> None:
    def mixed(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(rows, len(rows)))

    assert some.pull is not None
    p = some.pull
    other = p._replace(rows=mixed(p.rows), threads=mixed(p.threads), reviews=mixed(p.reviews))
    assert verdict(some._replace(pull=other), NOW) == verdict(some, NOW)


@given(all_facts)
def test_ready_is_only_what_nothing_speaks_against(some: Facts) -> None:
    found, p = verdict(some, NOW), some.pull
    assert p is not None
    assert found.sentence
    if found.outcome is not READY:
        return
    assert (p.state, p.mergeable, p.draft, p.in_queue, p.auto_merge) == ("open", True, False, False, False)
    assert p.settled
    assert not p.lost
    assert p.head is Head.SAME
    assert not some.queued
    assert some.activity.state in (ActivityState.WAITING, ActivityState.ENDED, ActivityState.LIMITED)
    assert not [one for one in p.rows if one.counts and one.state is not CheckState.PASSED]
    assert not [one for one in p.threads if one.heard and not one.addressed]
    assert p.merge_state not in ("behind", "dirty")


@given(all_facts)
def test_a_merge_is_never_hidden(some: Facts) -> None:
    assert some.pull is not None
    assert verdict(some._replace(pull=some.pull._replace(state="merged")), NOW).outcome is Outcome.MERGED
