"""How patient the monitor is with an agent that ended or that hit a limit, as tables."""

from __future__ import annotations

from typing import Any

import pytest
from support.stub_project import START, doing

from orchestra.core.models import LEFT, ActivityState, Attempts, Limit, Status, Worker
from orchestra.core.text import stamp
from orchestra.monitor.recovery import (
    BACKOFF_SECONDS,
    GONE_SECONDS,
    LIMIT_SECONDS,
    STEADY_SECONDS,
    Restart,
    limit_end,
    restart_step,
    started_well,
)

pytestmark = pytest.mark.fast


def worker(**changes: Any) -> Worker:
    return Worker("7", "One", **{"status": Status.WORKING, "status_since": "", **changes})


@pytest.mark.parametrize(
    ("tried", "gone", "step"),
    [
        (0, 0.0, Restart.WAIT),
        (0, GONE_SECONDS - 0.1, Restart.WAIT),
        (0, GONE_SECONDS, Restart.START),
        (1, GONE_SECONDS, Restart.WAIT),
        (1, 2 * BACKOFF_SECONDS, Restart.START),
        (2, 4 * BACKOFF_SECONDS - 0.1, Restart.WAIT),
        (2, 4 * BACKOFF_SECONDS, Restart.START),
        (3, 8 * BACKOFF_SECONDS - 0.1, Restart.WAIT),
        (3, 8 * BACKOFF_SECONDS, Restart.ASK),
        (9, 1e9, Restart.ASK),
    ],
)
def test_an_agent_that_ended_is_started_again_later_each_time_and_not_for_ever(
    tried: int, gone: float, step: Restart
) -> None:
    assert restart_step(worker(attempts=Attempts(restart=tried)), gone, most=3) is step


def test_the_user_is_asked_once() -> None:
    stuck = worker(status=Status.STUCK, attempts=Attempts(restart=3))
    assert restart_step(stuck, 1e9, most=3) is Restart.NOTHING


def test_an_agent_that_the_user_ended_in_its_pane_stays_ended() -> None:
    left = worker(activity=doing(ActivityState.ENDED, detail=LEFT))
    assert restart_step(left, 1e9, most=3) is Restart.NOTHING
    assert restart_step(left._replace(activity=doing(ActivityState.ENDED, detail="crash")), 1e9, 3) is Restart.START


@pytest.mark.parametrize(
    ("changes", "forgotten"),
    [
        ({"attempts": Attempts(restart=1), "launched_at": stamp(START - STEADY_SECONDS - 1)}, True),
        ({"attempts": Attempts(restart=1), "launched_at": stamp(START - STEADY_SECONDS + 1)}, False),
        ({"attempts": Attempts(restart=1), "started_at": stamp(START - STEADY_SECONDS - 1)}, True),
        ({"attempts": Attempts(restart=1)}, False),
        ({"launched_at": stamp(START - STEADY_SECONDS - 1)}, False),
    ],
    ids=["long enough", "not yet", "never launched again", "it is not known since when", "there is nothing to forget"],
)
def test_restarts_are_forgotten_once_an_agent_runs_steadily(changes: dict[str, Any], forgotten: bool) -> None:
    assert started_well(worker(**changes), START) is forgotten


LIMITED = doing(ActivityState.LIMITED, seconds=100)


@pytest.mark.parametrize(
    ("limit", "end"),
    [
        (None, None),
        (Limit("authentication_failed"), None),
        (Limit("billing_error", until=stamp(START + 60)), None),
        (Limit("rate_limit", until=stamp(START + 60)), START + 60),
        (Limit("rate_limit"), START - 100 + LIMIT_SECONDS),
        (Limit("overloaded", until="soon"), START - 100 + LIMIT_SECONDS),
    ],
    ids=[
        "none",
        "only the user logs in",
        "only the user pays",
        "the time that was told",
        "no time",
        "no time that reads",
    ],
)
def test_when_a_limit_is_over(limit: Limit | None, end: float | None) -> None:
    assert limit_end(worker(activity=LIMITED, limit=limit), START) == end
