"""The state machine: tables of what may follow what, and properties over any sequence of events."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import ASK, EVENTS, READY, SENSIBLE, SPAWN, event, told

from orchestra.core import serialization
from orchestra.core.lifecycle import machine
from orchestra.core.lifecycle.transitions import Refused
from orchestra.core.models import LEFT, ActivityState, Delivery, Event, Status, Worker

pytestmark = pytest.mark.fast


def after(*events: Event) -> Worker:
    worker = machine.fold([SPAWN, *events])
    assert worker is not None
    return worker


def test_the_reason_of_a_pause_lasts_until_the_resume() -> None:
    held = [event("accepted"), event("paused", reason="issue #124 was closed meanwhile")]
    assert after(*held).held == "issue #124 was closed meanwhile"
    assert after(*held, event("resumed")).held == ""
    assert after(*held, event("resumed"), event("paused")).held == ""


@pytest.mark.parametrize(
    ("events", "status"),
    [
        pytest.param([], "registered", id="a claim"),
        pytest.param([event("accepted")], "planning", id="the first accepted prompt"),
        pytest.param([event("accepted"), event("reported", status="working")], "working", id="the worker's report"),
        pytest.param([event("accepted"), ASK], "stuck", id="an escalation"),
        pytest.param(
            [event("accepted"), ASK, told("sliding", "r1")], "planning", id="the answer: back to where it was"
        ),
        pytest.param([event("accepted"), ASK, told("by the way")], "stuck", id="words that answer nothing"),
        pytest.param([event("accepted"), ASK, told("x", "r0")], "stuck", id="an answer to another question"),
        pytest.param([event("accepted"), ASK, event("accepted")], "planning", id="a user typed into the pane"),
        pytest.param(
            [event("accepted"), ASK, event("accepted", guidance=["g1"])], "stuck", id="guidance is not an answer"
        ),
        pytest.param([event("failed", reason="setup failed")], "stuck", id="a launch that failed"),
        pytest.param([event("accepted"), event("paused", reason="closed")], "paused", id="its issue was closed"),
        pytest.param(
            [event("accepted"), ASK, event("paused", reason="closed"), event("resumed")],
            "stuck",
            id="held and resumed: its question is still open",
        ),
        pytest.param([event("shipped", url="u", pullRequest=READY)], "shipping", id="shipped"),
        pytest.param([event("shipped", local=True)], "complete", id="shipped without a forge"),
        pytest.param([event("shipped", local=True), told("one more thing")], "working", id="guidance after complete"),
        pytest.param(
            [event("shipped", pullRequest=READY), event("turn-ended"), event("pull", pullRequest=READY)],
            "complete",
            id="ready by GitHub's word",
        ),
        pytest.param(
            [event("shipped", pullRequest=READY), event("accepted"), event("pull", pullRequest=READY)],
            "shipping",
            id="ready, but its agent is at work",
        ),
        pytest.param(
            [event("shipped", pullRequest=READY), event("pull", pullRequest={**READY, "state": "merged"})],
            "merged",
            id="merged by a user",
        ),
        pytest.param([event("shipped", local=True), event("landed")], "merged", id="merged by hand, without a forge"),
        pytest.param([event("paused")], "paused", id="paused"),
        pytest.param([event("accepted"), event("paused"), event("resumed")], "planning", id="paused and back"),
        pytest.param([ASK, event("paused"), event("resumed")], "stuck", id="a pause answers nothing"),
        pytest.param([event("cancelled")], "cancelled", id="cancelled"),
    ],
)
def test_status_after_events(events: list[Event], status: str) -> None:
    assert after(*events).status == status


@pytest.mark.parametrize(
    ("events", "refused", "why"),
    [
        pytest.param([], SPAWN, "already has a worker", id="a second claim"),
        pytest.param([], event("reported", status="complete"), "cannot claim complete", id="a claim of completion"),
        pytest.param([], event("reported", status="merged"), "cannot claim merged", id="a claim of a merge"),
        pytest.param([], event("reported", status="nonsense"), "bad reported event", id="no status at all"),
        pytest.param([ASK], event("reported", status="working"), "escalation is open", id="going on unanswered"),
        pytest.param([ASK], ASK, "open already", id="a second question"),
        pytest.param([ASK], event("shipped", local=True), "it is stuck", id="shipping while stuck"),
        pytest.param([], event("escalated", gate="domain", summary=""), "needs a summary", id="an empty question"),
        pytest.param([], event("escalated", gate="magic", summary="x"), "bad escalated", id="an unknown gate"),
        pytest.param([event("cancelled")], told("hello"), "it is cancelled", id="words to a cancelled worker"),
        pytest.param([], event("resumed"), "not paused", id="resuming what runs"),
        pytest.param([], event("explode"), "unknown event", id="an unknown kind"),
        pytest.param([], event("told", text=5), "bad told event", id="wrong types"),
        pytest.param([ASK], event("approved", request="r0"), "not open any more", id="approving another question"),
    ],
)
def test_refused_events(events: list[Event], refused: Event, why: str) -> None:
    worker = after(*events)
    with pytest.raises(Refused, match=why):
        machine.apply(worker, refused)


@pytest.mark.parametrize(
    ("said", "fix", "shown"),
    [
        ("Credit balance is too low", "Add credit.", "Credit balance is too low. Add credit."),
        ("It is logged out.", "Log in.", "It is logged out. Log in."),
        ("Your limit resets 3pm (UTC)", "Wait.", "Your limit resets 3pm (UTC). Wait."),
        ("", "Wait.", "Wait."),
        ("Overloaded", "", "Overloaded"),
    ],
)
def test_the_message_of_a_limit_and_its_hint_are_two_sentences(said: str, fix: str, shown: str) -> None:
    assert after(event("accepted"), event("limited", detail=said, mend=fix)).activity.detail == shown


def test_the_same_failure_counts_and_another_starts_anew() -> None:
    fail = event("verified", passed=False, signature="a")
    assert after(fail, fail, fail).attempts.verify == 3
    assert after(fail, fail, event("verified", passed=False, signature="b")).attempts.verify == 1
    assert after(fail, fail, event("verified", passed=True)).attempts.verify == 0


def test_guidance_is_delivered_on_the_agents_evidence_and_read_when_its_turn_ends() -> None:
    worker = after(event("accepted"), told("use uv"))
    assert worker.guidance[0].state is Delivery.QUEUED
    worker = machine.apply(worker, event("accepted", guidance=["g1"]))
    assert worker.guidance[0].state is Delivery.DELIVERED
    worker = machine.apply(worker, event("turn-ended"))
    assert worker.guidance[0].state is Delivery.READ
    assert machine.apply(worker, event("delivered", guidance=["g1"])).guidance[0].state is Delivery.READ


def test_an_answer_is_kept_as_the_forwarded_message() -> None:
    worker = after(event("accepted"), ASK, told("sliding", "r1"))
    assert (worker.forwarded, worker.escalation, worker.stuck_reason) == ("sliding", None, None)


def test_a_cancelled_number_can_be_claimed_again() -> None:
    worker = machine.apply(after(event("cancelled")), SPAWN._replace(data={**SPAWN.data, "nonce": "n2"}))
    assert (worker.status, worker.nonce) == (Status.REGISTERED, "n2")


def test_a_launch_remembers_what_the_agent_did_before() -> None:
    worker = after(event("accepted"), event("launched"), event("launched"))
    assert (worker.activity.state, worker.activity.detail) == (ActivityState.STARTING, "busy")


RESTS, WORKS = event("turn-ended"), event("accepted")
SHIPPED = event("shipped", pullRequest=READY)
CALM = {**READY, "settled": True, "passed": 1}
LIMIT = event("escalated", gate="stuck", summary="the same again", request="limit-x")


def seen(**changes: Any) -> Event:
    return event("pull", pullRequest={**CALM, **changes})


@pytest.mark.parametrize(
    ("events", "status"),
    [
        pytest.param([SHIPPED, RESTS, seen()], "complete", id="ready"),
        pytest.param([SHIPPED, RESTS, seen(mergeable=None)], "shipping", id="GitHub has not said yet"),
        pytest.param([SHIPPED, RESTS, seen(), seen(mergeable=False)], "shipping", id="ready no more"),
        pytest.param([SHIPPED, RESTS, seen(), told("more"), seen()], "working", id="words that are not read yet"),
        pytest.param(
            [SHIPPED, RESTS, seen(), told("LGTM"), event("accepted", guidance=["g1"]), RESTS, seen()],
            "complete",
            id="words that changed nothing",
        ),
        pytest.param(
            [WORKS, SHIPPED, RESTS, event("reported", status="working"), seen()], "complete", id="from working"
        ),
        pytest.param(
            [WORKS, SHIPPED, event("reported", status="working"), RESTS, seen(settled=False)],
            "shipping",
            id="nothing to do but to wait",
        ),
        pytest.param(
            [WORKS, SHIPPED, event("reported", status="working"), RESTS, seen(head="ahead")],
            "working",
            id="unshipped commits",
        ),
        pytest.param([SHIPPED, RESTS, ASK, seen()], "stuck", id="its own question stays open"),
        pytest.param([SHIPPED, RESTS, LIMIT._replace(by="monitor"), seen()], "complete", id="a limit that is moot"),
        pytest.param([SHIPPED, RESTS, event("paused"), seen()], "paused", id="paused stays paused"),
        pytest.param([SHIPPED, RESTS, event("paused"), seen(state="merged")], "merged", id="paused and merged"),
        pytest.param([SHIPPED, ASK, seen(state="merged")], "merged", id="stuck and merged"),
        pytest.param([SHIPPED, RESTS, seen(state="closed")], "stuck", id="closed"),
        pytest.param([SHIPPED, RESTS, seen(state="closed"), seen()], "complete", id="opened again"),
    ],
)
def test_the_status_follows_from_the_verdict(events: list[Event], status: str) -> None:
    assert after(*events).status == status


def test_a_paused_worker_says_that_its_pull_request_was_closed() -> None:
    worker = after(SHIPPED, event("paused"), seen(state="closed"))
    assert (worker.status, worker.held) == (Status.PAUSED, "PR #42 was closed without a merge")


def test_a_ship_of_the_same_commit_keeps_what_is_known_of_it() -> None:
    worker = after(SHIPPED, RESTS, seen(), SHIPPED)
    assert worker.pull is not None
    assert (worker.pull.passed, worker.pushed) == (1, (READY["headSha"],))
    again = machine.apply(worker, event("shipped", pullRequest={**READY, "headSha": "b" * 40}))
    assert again.pull is not None
    assert (again.pull.passed, again.pull.settled, again.pushed) == (0, False, (READY["headSha"], "b" * 40))


def test_checks_are_forgotten_first_and_remarks_never_for_them() -> None:
    remarks = [f"comment:{n}" for n in range(20)]
    rounds = [[f"check:{sha}:{n}" for n in range(900)] for sha in ("a" * 12, "b" * 12, "c" * 12)]
    about = [event("told", text="x", **{"from": "monitor"}, about=ids) for ids in (remarks, *rounds)]
    fed = after(WORKS, *about).fed
    assert set(remarks) <= set(fed)
    assert set(rounds[-1]) <= set(fed)
    assert len(fed) == 1020


@given(st.lists(EVENTS | SENSIBLE, max_size=25))
def test_any_sequence_of_events_folds_to_a_valid_snapshot(events: list[Event]) -> None:
    worker = machine.fold([SPAWN, *events])
    assert worker is not None
    try:
        assert serialization.loads(serialization.dumps(worker)) == worker
    except UnicodeEncodeError:  # pragma: no cover - would be a defect: a snapshot that cannot be written
        pytest.fail("a snapshot that cannot be written")
    assert (worker.escalation is None) or worker.status in (Status.STUCK, Status.PAUSED)
    assert worker.status is not Status.STUCK or worker.escalation is not None


@given(st.lists(EVENTS, max_size=1), st.integers(0, 1))
def test_apply_raises_nothing_but_refused(events: list[Event], with_worker: int) -> None:
    for one in events:
        with suppress(Refused):
            machine.apply(machine.fold([SPAWN]) if with_worker else None, one)


# --- what an agent's prompts and turns tell -----------------------------------------------------------------------------


def prompt(turn: str, *guidance: str, **facts: Any) -> Event:
    return event("accepted", prompt=turn, guidance=list(guidance), **facts)


SUBAGENT_ASKS = event("blocked", summary="Write: a.txt", request="subagent-1")


@pytest.mark.parametrize(
    ("events", "state", "open_dialogs"),
    [
        ([event("turn-ended", background="its subagent: d")], ActivityState.BLOCKED, 1),
        ([event("turn-ended", background="its subagent: d"), prompt("p2", typed=False)], ActivityState.BLOCKED, 1),
        ([event("turn-ended", background="its subagent: d"), prompt("p2", typed=True)], ActivityState.BUSY, 0),
        ([event("turn-ended")], ActivityState.WAITING, 0),
        ([event("turn-ended", background="x"), event("unblocked", request="subagent-1")], ActivityState.BUSY, 0),
        ([event("turn-ended", background="x"), event("idle")], ActivityState.WAITING, 0),
        ([event("turn-ended", background="x"), event("ended")], ActivityState.ENDED, 0),
    ],
)
def test_the_dialog_of_a_subagent_outlives_the_agents_turn(
    events: list[Event], state: ActivityState, open_dialogs: int
) -> None:
    worker = after(prompt("p1"), SUBAGENT_ASKS, *events)
    assert (worker.activity.state, len(worker.dialogs)) == (state, open_dialogs)
    own = after(prompt("p1"), event("blocked", summary="Write: a.txt", request="1"), *events)
    assert own.dialogs == (), "a dialog of the agent itself is over when its turn is"


def test_words_typed_in_the_middle_of_a_turn_are_sent_and_not_yet_delivered() -> None:
    worker = after(prompt("p1"), told("blue"), prompt("p1", "g1"))
    assert worker.guidance[0].state is Delivery.SENT
    assert worker.guidance[0].tries == 1
    ended = machine.apply(worker, event("turn-ended"))
    assert ended.guidance[0].state is Delivery.SENT, "the end of the turn proves nothing of words in the agent's queue"
    assert machine.apply(worker, event("turn-ended", guidance=["g1"])).guidance[0].state is Delivery.READ


def test_the_end_of_its_pane_does_not_hide_that_the_user_ended_the_agent() -> None:
    worker = after(prompt("p1"), event("ended", reason=LEFT), event("ended", reason="the agent exited with status 0"))
    assert (worker.activity.state, worker.activity.detail) == (ActivityState.ENDED, LEFT)
    crashed = after(prompt("p1"), event("ended", reason="the agent exited with status 1"))
    assert crashed.activity.detail == "the agent exited with status 1"


def test_words_while_busy_whose_turn_is_not_told_are_sent_and_not_yet_delivered() -> None:
    assert after(prompt("p1"), told("blue"), prompt("", "g1")).guidance[0].state is Delivery.SENT


def test_words_that_begin_a_turn_are_delivered() -> None:
    worker = after(prompt("p1"), told("blue"), event("turn-ended"), prompt("p2", "g1"))
    assert worker.guidance[0].state is Delivery.DELIVERED
    assert machine.apply(worker, event("turn-ended")).guidance[0].state is Delivery.READ


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        pytest.param({}, "planning", id="the user's own words"),
        pytest.param({"typed": False}, "stuck", id="a message of the agent's own, about its background task"),
        pytest.param({"wording": "c0ffee00"}, "stuck", id="a prompt that the agent has scheduled"),
        pytest.param({"guidance": ["g1"]}, "stuck", id="guidance"),
    ],
)
def test_only_the_users_words_in_the_pane_answer_a_question(facts: dict[str, Any], status: str) -> None:
    worker = after(
        prompt("p1"), ASK, event("turn-ended", scheduled=["c0ffee00"]), event("accepted", prompt="p2", **facts)
    )
    assert worker.status.value == status


def test_a_waiting_agent_says_what_will_wake_it() -> None:
    worker = after(prompt("p1"), event("turn-ended", background="its shell: npm run dev"))
    assert (worker.activity.state, worker.activity.background) == (ActivityState.WAITING, "its shell: npm run dev")
    assert machine.apply(worker, prompt("p2")).activity.background == ""


@pytest.mark.parametrize(("before", "now"), [(2, "its background task"), (0, "")])
def test_a_journal_of_an_earlier_version_counted_background_tasks(before: int, now: str) -> None:
    assert after(prompt("p1"), event("turn-ended", background=before)).activity.background == now


def test_words_without_a_proof_become_a_question_once() -> None:
    sent = after(prompt("p1"), told("blue"), event("turn-ended"), event("sent", guidance=["g1"]))
    asked = {"guidance": ["g1"], "gate": "stuck", "summary": "g1 was sent twice"}
    worker = machine.apply(machine.apply(sent, event("sent", guidance=["g1"])), event("unconfirmed", **asked))
    assert (worker.status, worker.stuck_reason, worker.guidance[0].tries) == (Status.STUCK, "g1 was sent twice", 2)
    assert machine.apply(worker, event("sent", guidance=["g1"])) == worker, "it is not sent any more"
    late = machine.apply(worker, event("delivered", guidance=["g1"]))
    assert late.guidance[0].state is Delivery.DELIVERED, "a proof may come late"
