"""Every constructor makes an event that the state machine takes, with the facts where the machine reads them."""

from __future__ import annotations

import pytest
from support.events import AT, READY

from orchestra.core import events, serialization
from orchestra.core.budget import Budget
from orchestra.core.events import AtLimit, Failure
from orchestra.core.lifecycle import machine
from orchestra.core.models import AnswerChannel, Delivery, Escalation, Event, Gate, Status, Worker
from orchestra.core.pull_json import pull_from_json
from orchestra.core.pull_request import Pull

pytestmark = pytest.mark.fast

CLAIM = Worker(
    id="124",
    title="Add dark mode",
    status=Status.REGISTERED,
    status_since="",
    branch="issue-124",
    base_commit="a" * 40,
    worktree="/src/widgets-issue-124",
    agent="claude",
    nonce="n1",
    after=("7",),
    trusted="b" * 64,
)
ASKED = Escalation(Gate.DOMAIN, "sliding or fixed?", options=("sliding", "fixed"), request="r1")
PULL = pull_from_json(READY) or Pull(0, "")
FAILURE = Failure("f00", AtLimit(1, "it fails the same way"))

EVENTS: tuple[Event, ...] = (
    events.spawned("human", CLAIM, queued=True),
    events.blockers("monitor", ("7",), ("8",)),
    events.queue_moved("human", -1),
    events.queue_held("human"),
    events.queue_released("human"),
    events.stacked("monitor", "123", "issue-123", "0" * 40),
    events.dispatched("monitor", "c" * 40),
    events.launched("up", "s1"),
    events.from_agent("started", "hook:SessionStart", {"session": "s1", "transcript": "/t.jsonl"}),
    events.accepted("hook:UserPromptSubmit", ["g1"]),
    events.blocked("spawn", ASKED),
    events.answered("human", "r1", "allow", AnswerChannel.BOARD, answers=["sliding"], summary="which?"),
    events.blocked("hook:PermissionRequest", ASKED._replace(request="r2")),
    events.unblocked("monitor", "r2"),
    events.told("monitor", "look", sender="monitor", about=["check:1"], reopen=True, review=Failure("f01")),
    events.sent("paste", ["g1"]),
    events.delivered("transcript", ["g1"]),
    events.limited("spawn", "login", "It is logged out.", "Log in."),
    events.idle("monitor"),
    events.unclear("monitor", "its pane shows something that is not understood", "a screen"),
    events.retrying("monitor", "the API answers 429 slow down"),
    events.moved("monitor", "its conversation is also open in another terminal"),
    events.reported("worker", "working", "/plan.md"),
    events.escalated("worker", ASKED),
    events.told("human", "sliding", sender="human", answers="r1", how=AnswerChannel.COMMAND),
    events.verified("ship", Failure("f02"), passed=False, status=1, tail="no"),
    events.attempt_failed("monitor", "ci", FAILURE, head="d" * 40),
    events.approved("human", f"limit-{AT}", AnswerChannel.KEY),
    events.attempt_passed("monitor", "ci"),
    events.version_seen("monitor", "2.1.332"),
    events.noted("hook:x", "its plan goes on", "1. do it"),
    events.shipped("ship", PULL, "https://github.com/acme/widgets/pull/42"),
    events.budgeted("human", Budget(tokens=5), "2026-01-08"),
    events.paused("worker run", "issue #124 was closed meanwhile"),
    events.resumed("human"),
    events.pull_seen("monitor", PULL, "https://github.com/acme/widgets/pull/42", base="main"),
    events.issue_seen("monitor", "issue #124 was closed by ann"),
    events.failed("spawn", "setup failed", "no space"),
    events.relocated("up", "/home/alice/code/widgets-issue-124"),
    events.renamed("ship", "issue-124-2"),
    events.ended("tmux", "the agent exited with status 1"),
    events.shipped_locally("ship", "git diff"),
    events.landed("monitor"),
    events.cancelled("human"),
    events.adopted("store", CLAIM),
    events.unconfirmed("monitor", ["g2"], ASKED),
)


def test_there_is_a_constructor_for_every_kind_of_event() -> None:
    made = {event.kind for event in EVENTS} | {"turn-ended"}  # only an agent's own hook tells that a turn ended
    assert made == set(machine.kinds())


def test_the_facts_are_where_the_state_machine_reads_them() -> None:
    worker: Worker | None = None
    for event in EVENTS[:-5]:
        worker = machine.apply(worker, event._replace(at=AT))
    assert worker is not None
    assert worker._replace(extra={}) == CLAIM._replace(
        status=Status.STUCK,
        status_since=AT,
        stuck_reason="setup failed",
        resume_status=Status.SHIPPING,
        base="main",
        base_commit="c" * 40,
        worktree="/home/alice/code/widgets-issue-124",
        branch="issue-124-2",
        agent_session="s1",
        started_at=AT,
        launched_at=AT,
        last_heartbeat=AT,
        activity=worker.activity,
        escalation=worker.escalation,
        forwarded=None,
        guidance=worker.guidance,
        pull_url="https://github.com/acme/widgets/pull/42",
        pull=worker.pull,
        pushed=(PULL.head_sha,),
        plan="/plan.md",
        attempts=worker.attempts._replace(verify=1, review=1),
        signatures={"review": "f01", "verify": "f02"},
        fed=("check:1",),
        budget=Budget(tokens=5),
        beyond="2026-01-08",
        blocked_by=("8",),
        queue_order=-1,
        parent="123",
        issue_note="issue #124 was closed by ann",
        limit=worker.limit,
        ci_counted="d" * 40,
        addressed=("check:1",),
        agent_version="2.1.332",
        elsewhere="its conversation is also open in another terminal",
        transcript="/t.jsonl",
        answers=worker.answers,
        approvals=worker.approvals,
    )
    assert [one.request for one in worker.answers] == ["r1"]
    assert [one["request"] for one in worker.approvals] == [f"limit-{AT}"]
    assert worker.limit is not None
    assert (worker.limit.kind, worker.limit.fix) == ("login", "Log in.")
    assert [(one.sender, one.state) for one in worker.guidance] == [
        ("monitor", Delivery.DELIVERED),
        ("human", Delivery.QUEUED),
    ]


def test_a_journal_line_gives_back_the_event() -> None:
    for event in EVENTS:
        assert serialization.event_from_line(serialization.event_line(event)) == (event, "")


def test_the_accessors_give_texts_whatever_the_journal_holds() -> None:
    foreign = Event("answered", AT, "x", {"how": 5, "request": None, "answers": ["a", 1], "options": "no list"})
    assert events.fact(foreign, "how") == "5"
    assert events.fact(foreign, "request") == events.fact(foreign, "text") == ""
    assert events.facts(foreign, "answers") == ("a", "1")
    assert events.facts(foreign, "options") == ()
