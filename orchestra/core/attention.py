"""What was observed of a worker, and why it needs the user. Pure; standard library only.

Derived from facts at every look and stored nowhere. A fact that is not known leads to no claim. `core/state` makes the
word of it that is shown.
"""

from __future__ import annotations

from orchestra.core.lifecycle.transitions import AT_WORK
from orchestra.core.models import COMING, LEFT, Activity, ActivityState, Attention, Pane, Status, Worker
from orchestra.core.records import Record
from orchestra.core.text import clean, seconds_of
from orchestra.core.verdict import Outcome, facts_of, verdict

STARTING_GRACE = 60.0  # seconds a spawn may take before a missing pane means anything
_SETTLED = frozenset({Status.QUEUED, Status.PAUSED, Status.MERGED, Status.CANCELLED})
LATE_SECONDS = 5.0  # a beat of the turn's last tool may come this long after the word of its end
PROSE_SECONDS = 20.0  # after the end of a turn: by then guidance that was queued has begun the next one


class ObservedWorker(Record):
    """A worker and what was just observed about it."""

    worker: Worker
    pane: Pane | None = None
    open: bool | None = None  # whether our session exists; None: not known, and then a missing pane proves nothing
    heartbeat: float | None = None  # epoch seconds of the agent's last tool call
    waits: tuple[str, ...] = ()  # of a queued worker: the issues that must be done first
    queued: str = ""  # why it waits in the queue, and what comes then
    held: str = ""  # what keeps every worker of its agent from starting: `the usage limit of claude`
    heard: str = ""  # when GitHub last answered, as a stamp
    awake: float = 0.0  # epoch seconds since which the machine runs without a pause, as far as that is known


def activity(seen: ObservedWorker) -> Activity:
    """What the agent does now. A tool that it has used since answers a dialog, and ends the wait for its API."""
    told = seen.worker.activity
    since = seconds_of(told.since)
    if not since or not seen.heartbeat or seen.heartbeat <= since + 2:
        return told
    if told.state is ActivityState.BLOCKED:
        return Activity(ActivityState.BUSY, told.since, "heartbeat")
    return told._replace(retrying="")


def attention(seen: ObservedWorker, now: float, silent: float) -> Attention | None:
    """Why the user is needed, or None. `now` in epoch seconds, `silent` seconds without a sign of life."""
    worker, doing = seen.worker, activity(seen)
    if worker.status in _SETTLED:
        return Attention.STUCK if worker.status is Status.PAUSED and worker.held else None
    if doing.state is ActivityState.BLOCKED and _has_pane(seen):
        return Attention.BLOCKED
    if worker.status is Status.STUCK:
        return Attention.STUCK
    if worker.elsewhere:
        return Attention.UNKNOWN  # before its pane: that one may end while the agent works on somewhere else
    if _crashed(seen, now):
        return Attention.CRASHED
    if doing.state is ActivityState.LIMITED:
        return Attention.LIMITED
    if _on_github(seen, now):
        return Attention.STUCK
    if worker.status is Status.COMPLETE:
        return Attention.READY
    return _in_doubt(seen, now, silent) or (Attention.STUCK if ended_its_turn(seen, now) else None)


def _in_doubt(seen: ObservedWorker, now: float, silent: float) -> Attention | None:
    """Silent or unknown: nothing says that the agent works as it should."""
    doing = activity(seen)
    if doing.state is ActivityState.BUSY and not doing.retrying and now - last_sign(seen) > silent:
        return Attention.SILENT
    return Attention.UNKNOWN if doing.state is ActivityState.UNKNOWN and doing.detail else None


def _on_github(seen: ObservedWorker, now: float) -> bool:
    """Whether the user must do something about the pull request, other than to review it."""
    worker = seen.worker
    if worker.pull is None or worker.status not in (Status.SHIPPING, Status.COMPLETE):
        return False
    return verdict(facts_of(worker, heard=seen.heard), now).outcome is Outcome.USER


def ended_its_turn(seen: ObservedWorker, now: float) -> bool:
    """Whether the agent waits at its prompt after a turn that neither shipped nor asked: often a question in prose.

    Only the agent's own word that the turn is over counts, and only when nothing is on its way that begins the next. A
    tool that it has used since shows that it goes on: a hook of the user's may keep it from ending its turn.
    """
    worker, doing = seen.worker, seen.worker.activity
    at_prompt = doing.state is ActivityState.WAITING and doing.source == "hook:Stop" and not doing.background
    coming = any(words.state in COMING for words in worker.guidance)
    since = seconds_of(doing.since)
    unshipped = worker.status in (Status.PLANNING, Status.WORKING)
    return (
        at_prompt
        and unshipped
        and not coming
        and _has_pane(seen)
        and since is not None
        and (seen.heartbeat or 0.0) <= since + LATE_SECONDS
        and now - max(since, seen.awake) > PROSE_SECONDS
    )


def _has_pane(seen: ObservedWorker) -> bool:
    return seen.open is None or (seen.pane is not None and not seen.pane.dead)


def _crashed(seen: ObservedWorker, now: float) -> bool:
    if seen.open is False or seen.worker.status not in AT_WORK:
        return False  # a closed workspace is not a crash of every worker in it
    if seen.worker.activity.state is ActivityState.ENDED and seen.worker.activity.detail == LEFT:
        return False  # the user ended the agent
    if seen.open is None:
        return seen.worker.activity.state is ActivityState.ENDED
    if seen.pane is not None:
        return seen.pane.dead
    return now - (seconds_of(seen.worker.activity.since) or now) > STARTING_GRACE


def last_sign(seen: ObservedWorker) -> float:
    """Epoch seconds of the last sign of life: a tool call or a hook."""
    told = (seconds_of(seen.worker.last_heartbeat), seconds_of(seen.worker.activity.since))
    return max((seen.heartbeat or 0.0, seen.awake, *(t for t in told if t)))


def reason(seen: ObservedWorker, kind: Attention | None) -> str:
    """The reason behind an attention, as one clean line."""
    worker = seen.worker
    if kind is Attention.STUCK:
        held = worker.held if worker.status is Status.PAUSED else ""
        return clean(held or worker.stuck_reason or "")
    if kind is Attention.UNKNOWN:
        return clean(worker.elsewhere or activity(seen).detail)
    if kind is Attention.CRASHED:
        if seen.pane is None:
            return "its pane is gone"
        code = seen.pane.exit_status
        return "the agent ended" if code is None else f"the agent exited with status {code}"
    if kind is Attention.READY:
        return pull_line(worker)
    return clean(activity(seen).detail)


def pull_line(worker: Worker) -> str:
    """The pull request in a few words: `PR #42, checks pass`."""
    if worker.pull is None:
        return ""
    checks = {"none": "no checks", "pending": "checks run", "passing": "checks pass", "failing": "checks fail"}
    return f"PR #{worker.pull.number}, {checks[worker.pull.checks]}"
