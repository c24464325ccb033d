"""What people see of a worker: why a person is needed, in what order, and the bar's text. Pure; standard library only.

Derived from facts at every look and stored nowhere. A fact that is not known leads to no claim.
"""

from __future__ import annotations

from orchestra.core.lifecycle.transitions import AT_WORK
from orchestra.core.models import Activity, ActivityState, Attention, Border, Pane, Status, Worker
from orchestra.core.records import Record
from orchestra.core.text import clean, seconds_of

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    T = TypeVar("T")

STARTING_GRACE = 60.0  # seconds a spawn may take before a missing pane means anything
_SETTLED = frozenset({Status.QUEUED, Status.PAUSED, Status.MERGED, Status.CANCELLED})
_ORDER = {attention: place for place, attention in enumerate(Attention)}
SIGNS = {Status.COMPLETE: "+", Status.MERGED: "+", Status.QUEUED: " ", Status.PAUSED: " ", Status.CANCELLED: "-"}


class ObservedWorker(Record):
    """A worker and what was just asked of the world about it."""

    worker: Worker
    pane: Pane | None = None
    open: bool | None = None  # our session is there, is not, or is not known: only then does no pane mean a thing (S11)
    heartbeat: float | None = None  # epoch seconds of the agent's last tool call


def activity(seen: ObservedWorker) -> Activity:
    """What the agent does now: a dialog is over when the agent has used a tool since it opened."""
    told = seen.worker.activity
    since = seconds_of(told.since)
    if told.state is ActivityState.BLOCKED and since and seen.heartbeat and seen.heartbeat > since + 2:
        return Activity(ActivityState.BUSY, told.since, "heartbeat")
    return told


def attention(seen: ObservedWorker, now: float, silent: float) -> Attention | None:
    """Why a person is needed, if they are. `now` in epoch seconds, `silent` seconds without a sign of life."""
    worker, doing = seen.worker, activity(seen)
    if worker.status in _SETTLED:
        return Attention.STUCK if worker.status is Status.PAUSED and worker.held else None
    if doing.state is ActivityState.BLOCKED and _has_pane(seen):
        return Attention.BLOCKED
    if worker.status is Status.STUCK:
        return Attention.STUCK
    if _crashed(seen, now):
        return Attention.CRASHED
    if doing.state is ActivityState.LIMITED:
        return Attention.LIMITED
    if worker.status is Status.COMPLETE:
        return Attention.READY
    if doing.state is ActivityState.BUSY and now - last_sign(seen) > silent:
        return Attention.SILENT
    return None


def _has_pane(seen: ObservedWorker) -> bool:
    return seen.open is None or (seen.pane is not None and not seen.pane.dead)


def _crashed(seen: ObservedWorker, now: float) -> bool:
    if seen.open is False or seen.worker.status not in AT_WORK:
        return False  # a closed workspace is not a crash of every worker in it
    if seen.open is None:
        return seen.worker.activity.state is ActivityState.ENDED
    if seen.pane is not None:
        return seen.pane.dead
    return now - (seconds_of(seen.worker.activity.since) or now) > STARTING_GRACE


def last_sign(seen: ObservedWorker) -> float:
    """Epoch seconds of the last sign of life: a tool call or a hook."""
    told = (seconds_of(seen.worker.last_heartbeat), seconds_of(seen.worker.activity.since))
    return max((seen.heartbeat or 0.0, *(t for t in told if t)))


def reason(seen: ObservedWorker, kind: Attention | None) -> str:
    """The reason behind an attention, as one clean line."""
    worker = seen.worker
    if kind is Attention.STUCK:
        held = worker.held if worker.status is Status.PAUSED else ""
        return clean(held or worker.stuck_reason or "")
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


def by_urgency(items: Iterable[tuple[Attention | None, T]]) -> list[tuple[Attention | None, T]]:
    """Most urgent first; equals stay in the order they came."""
    return sorted(items, key=lambda item: _ORDER.get(item[0], len(_ORDER)) if item[0] else len(_ORDER))


def sign(worker: Worker, kind: Attention | None) -> str:
    """The mark in front of a line: `!` a person is needed, `+` done, `*` at work, `-` cancelled."""
    return "!" if kind not in (None, Attention.READY) else SIGNS.get(worker.status, "*")


class Bar(Record):
    """The status bar's segment: its text, and the attention that colours it (`none` when all is well)."""

    text: str
    level: str


def bar(seens: Sequence[ObservedWorker], now: float, silent: float) -> Bar:
    """Counts by status, and before them the worker that most needs a person, with why."""
    counts: dict[Status, int] = {}
    for seen in seens:
        if seen.worker.status not in (Status.MERGED, Status.CANCELLED):
            counts[seen.worker.status] = counts.get(seen.worker.status, 0) + 1
    summary = " ".join(f"{counts[status]} {status.value}" for status in Status if status in counts) or "no workers"
    ranked = by_urgency((attention(seen, now, silent), seen) for seen in seens)
    if not ranked or ranked[0][0] is None:
        return Bar(summary, "none")
    kind, first = ranked[0]
    text = reason(first, kind)
    need = f"[{sign(first.worker, kind)}] #{first.worker.id} {kind}" + (f": {clean(text, 48)}" if text else "")
    return Bar(f"{need} | {summary}", str(kind))


def border(worker: Worker, kind: Attention | None) -> Border:
    """A pane's border: `#124 working`, the title, and when that began: tmux itself makes an age of it."""
    since = int(seconds_of(worker.status_since) or 0)
    return Border(f"#{worker.id} {worker.status.value}", clean(worker.title, 60), since, str(kind or ""))
