"""Why no worker may start for a while: the agent's account is at its limit, or the day's budget is used up. Pure.

Standard library only: the bar's hook shows it.
"""

from __future__ import annotations

import time

from orchestra.core.models import ActivityState, Limit, Worker
from orchestra.core.records import Record
from orchestra.core.text import seconds_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

USAGE = "rate_limit"  # the kind of limit that is the account's, and so that of every worker of this agent
UNNAMED_SECONDS = 300.0  # how long it holds where the agent does not say until when


class StartHold(Record):
    """Nothing starts until `until` (epoch seconds); `agent` empty: of every agent. `what` ends: `the usage limit`."""

    until: float
    what: str
    agent: str = ""

    def sentence(self, now: float) -> str:
        """`the usage limit of claude to end at 15:30`."""
        return f"{self.what} to end at {clock(self.until, now)}"

    def notice(self, now: float) -> str:
        """`no starts until 15:30: the usage limit of claude`."""
        return f"no starts until {clock(self.until, now)}: {self.what}"


def usage_limits(workers: Iterable[Worker], now: float) -> tuple[StartHold, ...]:
    """The usage limits that hold now, one for each agent: what one worker has met, all others would meet too.

    It is over at its time, or when another worker of the agent has ended a turn since: the user has paid, or logged in.
    """
    listed = list(workers)
    found: dict[str, StartHold] = {}
    for worker in listed:
        until = _until(worker)
        if until > now and not any(_was_answered(other, worker) for other in listed):
            before = found.get(worker.agent)
            if before is None or before.until < until:
                found[worker.agent] = StartHold(until, f"the usage limit of {worker.agent}", worker.agent)
    return tuple(found.values())


def _until(worker: Worker) -> float:
    """Until when a worker's usage limit holds; 0 where it has met none, or has gone on since."""
    limit, doing = worker.limit or Limit(), worker.activity
    if limit.kind != USAGE or doing.state is not ActivityState.LIMITED:
        return 0.0
    return seconds_of(limit.until) or (seconds_of(doing.since) or 0.0) + UNNAMED_SECONDS


def _was_answered(other: Worker, limited: Worker) -> bool:
    """Whether another worker of the same agent has ended a turn after this one met the limit."""
    done = other.activity.state is ActivityState.WAITING and other.activity.source == "hook:Stop"
    return other.agent == limited.agent and done and other.activity.since > limited.activity.since


def of_agent(holds: Iterable[StartHold], agent: str) -> StartHold | None:
    """The hold that lasts longest of those that concern an agent."""
    return max((one for one in holds if one.agent in ("", agent)), key=lambda one: one.until, default=None)


def clock(at: float, now: float) -> str:
    """`15:30`, or `28 Nov 15:30` on another day, by the clock of this machine."""
    there, here = time.localtime(at), time.localtime(now)
    same = there[:3] == here[:3]
    return time.strftime("%H:%M" if same else "%d %b %H:%M", there)
