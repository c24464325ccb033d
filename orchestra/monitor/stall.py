"""A worker whose agent ended its turn with the work neither shipped nor asked about: nothing would ever happen again.

After `limits.stall` it is told so, once; when that changes nothing the user is asked. A question in prose at the end of
a turn is the usual cause.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import COMING, PROGRAMS, ActivityState, Event, Status, Worker
from orchestra.core.text import age, seconds_of

if TYPE_CHECKING:
    from orchestra.project.context import Project

WORDS = (
    "You have ended your turn, but your work is neither shipped nor waiting for an answer. "
    "If it is done: `orchestra worker ship`. If the user must decide: `orchestra worker escalate`. Else go on."
)


def is_stalled(worker: Worker, now: float, limit: float, awake: float = 0.0) -> bool:
    """Whether it has waited at its prompt for `limit` seconds with nothing to wait for. `now` in epoch seconds.

    `awake`: since when the machine runs without a pause, or the agent's last tool call, which is as good a sign.
    """
    since = seconds_of(worker.activity.since)
    at_prompt = worker.activity.state is ActivityState.WAITING and worker.status in (Status.PLANNING, Status.WORKING)
    coming = any(words.state in COMING for words in worker.guidance)
    return (
        at_prompt
        and not coming
        and (not worker.activity.background or worker.activity.background.startswith(PROGRAMS))  # which may never end
        and since is not None
        and now - max(since, awake) > limit
    )


def was_reminded(worker: Worker) -> bool:
    """Whether the last it was told is that it has stalled."""
    return bool(worker.guidance) and worker.guidance[-1].text == WORDS


def remind_or_ask(project: Project, number: str, say: Callable[[str], None]) -> None:
    """Tell a stalled worker, or ask the user about one that was told; decided on what it is under its lock."""
    store, limit = project.store, project.config.limits.stall
    did = []

    def decide(worker: Worker | None) -> Event | None:
        awake = max(store.awake_since(), store.heartbeat(number) or 0.0)
        if worker is None or not is_stalled(worker, project.now(), limit, awake):
            return None
        if not was_reminded(worker):
            did.append("ended its turn with its work unfinished: it is told so")
            return events.told("monitor", WORDS, sender="monitor")
        did.append("is still idle after a reminder: it needs you")
        why = f"it has twice ended its turn without shipping or asking, the last time {age(limit)} ago"
        return events.failed("monitor", why, worker.activity.detail)

    if not store.decide(number, decide).refused:
        for words in did:
            say(f"#{number} {words}")
