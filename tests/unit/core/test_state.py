"""One word a state: the same facts give the same word, wherever it is shown."""

from __future__ import annotations

import pytest

from orchestra.core import state
from orchestra.core.attention import PROSE_SECONDS, ObservedWorker
from orchestra.core.models import (
    LEFT,
    Activity,
    ActivityState,
    Delivery,
    Escalation,
    Gate,
    Guidance,
    Limit,
    Pane,
    Status,
    Worker,
)
from orchestra.core.pull_request import Check, Checks, CheckState, Pull
from orchestra.core.state import Role, State
from orchestra.core.text import seconds_of, stamp

pytestmark = pytest.mark.fast

NOW = seconds_of("2026-01-08T12:00:00Z") or 0.0
BUSY, AT_PROMPT = ActivityState.BUSY, ActivityState.WAITING


def seen(
    status: Status = Status.WORKING,
    doing: ActivityState = BUSY,
    *,
    detail: str = "",
    source: str = "hook:Stop",
    ago: float = 180.0,
    is_open: bool | None = True,
    pane: bool | None = True,
    waits: tuple[str, ...] = (),
    **worker: object,
) -> ObservedWorker:
    since = stamp(NOW - ago)
    it = Worker("2", "Refresh tokens", status, since, nonce="n", activity=Activity(doing, since, source, detail))
    shown = Pane("%1", "2", "n", "@1", dead=pane is False, exit_status=1, pid=1) if pane is not None else None
    return ObservedWorker(it._replace(**worker), shown, is_open, None, waits)  # type: ignore[arg-type]


def waking(background: str, **more: object) -> ObservedWorker:
    """At its prompt after a turn, with something left running that will wake it up."""
    it = seen(doing=AT_PROMPT, **more)  # type: ignore[arg-type]
    return it._replace(worker=it.worker._replace(activity=it.worker.activity._replace(background=background)))


def retrying(**more: object) -> ObservedWorker:
    """In a turn, and its API is asked again and again."""
    it = seen(**more)  # type: ignore[arg-type]
    activity = it.worker.activity._replace(retrying="the API answers 429 slow down")
    return it._replace(worker=it.worker._replace(activity=activity))


def asked(gate: Gate, *options: str) -> Escalation:
    return Escalation(gate, "Token refresh approach?", options=options, asked_at=stamp(NOW - 60), request="r1")


def pull(check: CheckState = CheckState.PENDING, *, heard: float = 10.0, **more: object) -> Pull:
    """A pull request whose one check is in this state, of which GitHub was heard `heard` seconds ago."""
    checks = {CheckState.PENDING: Checks.PENDING, CheckState.FAILED: Checks.FAILING}.get(check, Checks.PASSING)
    passed = int(checks is Checks.PASSING)
    found = Pull(31, "open", "a" * 40, checks, mergeable=True, observed_at=stamp(NOW - heard), passed=passed)
    return found._replace(rows=(Check("test", check),), **more)  # type: ignore[arg-type]


TABLE = [
    ("a permission is asked", seen(doing=ActivityState.BLOCKED, dialogs=(asked(Gate.PERMISSION),)), "permission"),
    ("a dialog nobody can answer from elsewhere", seen(doing=ActivityState.BLOCKED), "permission"),
    ("a plan", seen(doing=ActivityState.BLOCKED, dialogs=(asked(Gate.PLAN),)), "plan"),
    ("a dialog with a question", seen(doing=ActivityState.BLOCKED, dialogs=(asked(Gate.QUESTION, "a"),)), "question"),
    ("an escalation to decide", seen(Status.STUCK, AT_PROMPT, escalation=asked(Gate.DOMAIN)), "question"),
    ("stuck, with options", seen(Status.STUCK, AT_PROMPT, escalation=asked(Gate.STUCK, "a", "b")), "question"),
    ("stuck", seen(Status.STUCK, AT_PROMPT, escalation=asked(Gate.STUCK)), "stuck"),
    ("a dead pane", seen(pane=False), "stuck"),
    ("paused because its issue was closed", seen(Status.PAUSED, held="issue #2 was closed"), "stuck"),
    ("login", seen(doing=ActivityState.LIMITED, limit=Limit("authentication_failed")), "login"),
    ("a usage limit", seen(doing=ActivityState.LIMITED, limit=Limit("rate_limit")), "limit"),
    ("a limit of no known kind", seen(doing=ActivityState.LIMITED, limit=None), "limit"),
    ("silent", seen(ago=700), "silent"),
    ("tmux does not answer", seen(is_open=None, pane=None), "unknown"),
    ("tmux does not answer, the agent was just heard", seen(is_open=None, pane=None, ago=5), "working"),
    ("ready", seen(Status.COMPLETE, AT_PROMPT), "ready"),
    ("working", seen(), "working"),
    ("planning", seen(Status.PLANNING), "planning"),
    ("the worktree is made", seen(Status.REGISTERED, ActivityState.STARTING, source="human", ago=5), "setting up"),
    ("the agent starts", seen(Status.REGISTERED, ActivityState.STARTING, source="worker run", ago=5), "starting"),
    ("the agent starts again", seen(doing=ActivityState.STARTING, source="up", ago=5), "starting"),
    ("CI runs", seen(Status.SHIPPING, AT_PROMPT, pull=pull()), "waiting for CI"),
    ("CI failed, the agent works on it", seen(Status.SHIPPING, BUSY, pull=pull(CheckState.FAILED)), "working"),
    ("CI failed, the agent is at rest", seen(Status.SHIPPING, AT_PROMPT, pull=pull(CheckState.FAILED)), "working"),
    ("ready", seen(Status.COMPLETE, AT_PROMPT, pull=pull(CheckState.PASSED)), "ready"),
    (
        "ready, a server left running",
        waking("its shell: npm run dev", status=Status.COMPLETE, pull=pull(CheckState.PASSED)),
        "ready",
    ),
    ("ready, and GitHub is silent", seen(Status.COMPLETE, AT_PROMPT, pull=pull(CheckState.PASSED, heard=4e3)), "ready"),
    ("CI ran, and GitHub is silent", seen(Status.SHIPPING, AT_PROMPT, pull=pull(heard=4e3)), "unknown"),
    ("in the merge queue", seen(Status.SHIPPING, AT_PROMPT, pull=pull(in_queue=True)), "waiting for the queue"),
    (
        "auto-merge waits for a reviewer",
        seen(
            Status.COMPLETE,
            AT_PROMPT,
            pull=pull(CheckState.PASSED, auto_merge=True, review_decision="REVIEW_REQUIRED"),
        ),
        "waiting for review",
    ),
    ("a run to approve", seen(Status.SHIPPING, AT_PROMPT, pull=pull(CheckState.APPROVAL)), "permission"),
    ("a draft", seen(Status.SHIPPING, AT_PROMPT, pull=pull(CheckState.PASSED, draft=True)), "question"),
    ("no pull request seen yet", seen(Status.SHIPPING, AT_PROMPT), "waiting for GitHub"),
    ("closed", seen(Status.SHIPPING, AT_PROMPT, pull=pull(state="closed")), "closed"),
    ("queued behind another", seen(Status.QUEUED, pane=None, waits=("124", "7")), "waiting for #124"),
    ("queued for a place", seen(Status.QUEUED, pane=None), "waiting for a free place"),
    ("the workspace is closed", seen(is_open=False, pane=None), "resting"),
    ("the user ended the agent", seen(doing=ActivityState.ENDED, detail=LEFT, pane=False), "resting"),
    ("it wakes up by itself", waking("its shell: npm run dev"), "waiting for its shell"),
    ("its API is asked again and again", retrying(ago=3600.0), "waiting for the API"),
    ("its API has answered: it used a tool", retrying(ago=60.0)._replace(heartbeat=NOW - 5), "working"),
    ("paused", seen(Status.PAUSED), "paused"),
    ("merged", seen(Status.MERGED), "merged"),
    ("cancelled", seen(Status.CANCELLED), "cancelled"),
]


@pytest.mark.parametrize(("it", "word"), [pytest.param(it, word, id=name) for name, it, word in TABLE])
def test_a_state_has_one_word(it: ObservedWorker, word: str) -> None:
    found = state.shown(it, NOW, 600)
    assert found.word == word
    assert found.mark
    assert found.needs_you == (found.role is Role.ALARM)


def test_every_state_is_in_the_table_or_comes_with_the_verdict() -> None:
    assert {state.shown(it, NOW, 600).state for _, it, _ in TABLE} | {State.CONFLICT} == set(State)


PROSE = "I read both files. Which one shall I keep?"


@pytest.mark.parametrize(
    ("it", "word"),
    [
        pytest.param(seen(doing=AT_PROMPT, detail=PROSE), "question", id="its last message asks"),
        pytest.param(seen(doing=AT_PROMPT, detail="Which? **"), "question", id="with marks of Markdown behind it"),
        pytest.param(seen(doing=AT_PROMPT, detail="All done."), "stuck", id="it stopped without shipping"),
        pytest.param(seen(doing=AT_PROMPT, detail=PROSE, ago=PROSE_SECONDS - 1), "working", id="it may go on"),
        pytest.param(waking("a scheduled wake-up", detail=PROSE), "waiting for a scheduled wake-up", id="it wakes up"),
        pytest.param(
            seen(doing=AT_PROMPT, detail=PROSE, guidance=(Guidance("g1", "human", "x"),)), "working", id="words wait"
        ),
        pytest.param(
            seen(doing=AT_PROMPT, detail=PROSE, guidance=(Guidance("g1", "human", "x", Delivery.READ),)),
            "question",
            id="words that it has read",
        ),
        pytest.param(
            seen(doing=AT_PROMPT, detail=PROSE, source="hook:SessionStart"), "working", id="no turn has ended"
        ),
        pytest.param(seen(Status.COMPLETE, AT_PROMPT, detail=PROSE), "ready", id="it has shipped"),
        pytest.param(
            seen(Status.SHIPPING, AT_PROMPT, detail=PROSE, pull=pull()), "waiting for CI", id="it waits for CI"
        ),
        pytest.param(seen(doing=AT_PROMPT, detail=PROSE, pane=None, ago=30), "working", id="no pane"),
        pytest.param(
            seen(doing=AT_PROMPT, detail=PROSE)._replace(heartbeat=NOW - 90), "working", id="it has used a tool since"
        ),
        pytest.param(
            seen(doing=AT_PROMPT, detail=PROSE)._replace(heartbeat=NOW - 178), "question", id="a beat that was late"
        ),
    ],
)
def test_a_question_in_prose_is_shown_and_never_for_a_turn_that_goes_on(it: ObservedWorker, word: str) -> None:
    assert state.shown(it, NOW, 600).word == word


def test_the_reason_is_the_question_and_its_age_that_of_the_question() -> None:
    found = state.shown(seen(Status.STUCK, AT_PROMPT, escalation=asked(Gate.DOMAIN)), NOW, 600)
    assert found.reason == "Token refresh approach?"
    assert NOW - found.since == 60
    queued = seen(Status.QUEUED, pane=None, waits=("124",))._replace(queued="for #124 (shipping), then a free place")
    assert state.shown(queued, NOW, 600).reason == "for #124 (shipping), then a free place"
    again = state.shown(retrying(ago=180.0), NOW, 60)
    assert (again.reason, NOW - again.since) == ("the API answers 429 slow down; its agent tries again", 180)
    assert "you ended" in state.shown(seen(doing=ActivityState.ENDED, detail=LEFT, pane=False), NOW, 600).reason
    assert state.shown(seen(doing=AT_PROMPT, detail="x " * 300 + ". " + PROSE), NOW, 600).reason == PROSE


def test_the_most_urgent_comes_first_and_of_equals_the_oldest() -> None:
    workers = [
        seen(ago=300).worker._replace(id="5"),
        seen(ago=400).worker._replace(id="6"),
        seen(Status.COMPLETE).worker._replace(id="7"),
        seen(Status.MERGED).worker._replace(id="8"),
        seen(Status.STUCK, escalation=asked(Gate.STUCK)).worker._replace(id="9"),
    ]
    panes = {(one.id, "n"): Pane("%1", one.id, "n", "@1", dead=False, exit_status=None, pid=1) for one in workers}
    found = state.states(workers, panes, True, lambda _: None, NOW, 600)
    assert [seen.worker.id for seen, _ in found] == ["9", "7", "6", "5", "8"]


def test_a_queued_worker_waits_for_those_that_are_not_complete() -> None:
    done, open_one = seen(Status.COMPLETE).worker._replace(id="7"), seen().worker._replace(id="8")
    queued = seen(Status.QUEUED).worker._replace(id="9", after=("7", "8", "99"))
    items = state.states([done, open_one, queued], {}, True, lambda _: None, NOW, 1)
    found = {seen.worker.id: shown for seen, shown in items}
    assert found["9"].reason == "for #8 (working), #99 (no worker yet), then a free place"
