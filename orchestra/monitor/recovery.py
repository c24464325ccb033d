"""When an agent that ended is started again, and when a limit that stopped it counts as over. Pure."""

from __future__ import annotations

from enum import Enum

from orchestra.core.models import LEFT, ActivityState, Status, Worker
from orchestra.core.text import seconds_of

GONE_SECONDS = 4.0  # how long a pane must be seen gone before its agent is started again
STEADY_SECONDS = 90.0  # an agent that ran this long has started well: its restarts are forgotten
BACKOFF_SECONDS = 5.0  # before the first restart; doubled for each further one
LIMIT_SECONDS = 300.0  # before an agent that hit a limit without a reset time is told to go on
PASSING = frozenset({"rate_limit", "server_error", "overloaded", "unknown"})  # limits that end by themselves


class Restart(Enum):
    """What is done about an agent that ended unexpectedly."""

    NOTHING = "nothing"  # the user ended it, or was asked already
    WAIT = "wait"
    START = "start"
    ASK = "ask"  # it was started too often: the user is asked


def restart_step(worker: Worker, gone: float, most: int) -> Restart:
    """The next step for a worker whose pane has been gone for `gone` seconds; `most` restarts in a row are made."""
    if worker.activity.state is ActivityState.ENDED and worker.activity.detail == LEFT:
        return Restart.NOTHING
    tried = worker.attempts.restart
    if gone < (GONE_SECONDS if tried == 0 else BACKOFF_SECONDS * 2**tried):
        return Restart.WAIT
    if tried < most:
        return Restart.START
    return Restart.NOTHING if worker.status is Status.STUCK else Restart.ASK


def started_well(worker: Worker, now: float) -> bool:
    """Whether it was started again and has run long enough since for that to be forgotten. `now` in epoch seconds."""
    since = seconds_of(worker.launched_at or worker.started_at)
    return bool(worker.attempts.restart and since and now - since > STEADY_SECONDS)


def limit_end(worker: Worker, now: float) -> float | None:
    """When the limit that stopped it is over, in epoch seconds; None for one that only the user can fix."""
    limit = worker.limit
    if limit is None or limit.kind not in PASSING:
        return None
    return seconds_of(limit.until) or (seconds_of(worker.activity.since) or now) + LIMIT_SECONDS
