"""A usage limit that one worker meets holds up every start of its agent until it ends."""

from __future__ import annotations

import pytest

from orchestra.core import start_hold
from orchestra.core.models import Activity, ActivityState, Limit, Status, Worker
from orchestra.core.start_hold import StartHold
from orchestra.core.text import stamp

pytestmark = pytest.mark.fast
NOW = 1_767_873_600.0


def worker(number: str, state: ActivityState, at: float, *, agent: str = "claude", **facts: object) -> Worker:
    activity = Activity(state, stamp(NOW + at), "hook:Stop" if state is ActivityState.WAITING else "hook:x")
    base = Worker(number, "t", Status.WORKING, "", agent=agent, activity=activity)
    return base._replace(**facts)  # type: ignore[arg-type]


def limited(
    number: str, until: float | None, *, at: float = 0, kind: str = "rate_limit", agent: str = "claude"
) -> Worker:
    limit = Limit(kind, until="" if until is None else stamp(NOW + until))
    return worker(number, ActivityState.LIMITED, at, agent=agent, limit=limit)


@pytest.mark.parametrize(
    ("workers", "held"),
    [
        pytest.param([], {}, id="nobody"),
        pytest.param([limited("1", 600)], {"claude": 600}, id="one with a reset time"),
        pytest.param([limited("1", 600), limited("2", 900)], {"claude": 900}, id="the later of two"),
        pytest.param([limited("1", -1)], {}, id="it is over"),
        pytest.param([limited("1", None)], {"claude": 300}, id="without a time: five minutes"),
        pytest.param([limited("1", None, at=-301)], {}, id="without a time, long ago"),
        pytest.param([limited("1", 600, kind="overloaded")], {}, id="the service's trouble is not the account's"),
        pytest.param([limited("1", 600, agent="other")], {"other": 600}, id="of its own agent only"),
        pytest.param(
            [limited("1", 600), worker("2", ActivityState.WAITING, 5)], {}, id="another has ended a turn since"
        ),
        pytest.param(
            [limited("1", 600), worker("2", ActivityState.WAITING, -5)], {"claude": 600}, id="another had before"
        ),
        pytest.param(
            [limited("1", 600), worker("2", ActivityState.WAITING, 5, agent="other")],
            {"claude": 600},
            id="one of another agent",
        ),
        pytest.param(
            [worker("1", ActivityState.BUSY, 5, limit=Limit("rate_limit", until=stamp(NOW + 600)))], {}, id="it went on"
        ),
    ],
)
def test_who_is_held_up_and_until_when(workers: list[Worker], held: dict[str, float]) -> None:
    found = start_hold.usage_limits(workers, NOW)
    assert {one.agent: one.until - NOW for one in found} == held


def test_a_hold_of_every_agent_counts_for_each() -> None:
    day, claude = StartHold(NOW + 9, "today's budget"), StartHold(NOW + 5, "the usage limit of claude", "claude")
    assert start_hold.of_agent([day, claude], "claude") == day
    assert start_hold.of_agent([claude], "other") is None
    assert start_hold.of_agent([day], "other") == day
    assert claude.sentence(NOW).startswith("the usage limit of claude to end at ")
