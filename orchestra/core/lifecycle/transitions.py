"""The moves that the rules of `lifecycle` are made of. Pure; standard library only."""

from __future__ import annotations

from orchestra.core import json_fields, serialization
from orchestra.core.models import COMING, Activity, ActivityState, Delivery, Event, Status, Worker

MOST_READ = 4000  # characters
TERMINAL = frozenset({Status.MERGED, Status.CANCELLED})
AT_WORK = frozenset({Status.REGISTERED, Status.PLANNING, Status.WORKING, Status.SHIPPING, Status.COMPLETE})
LIVE = AT_WORK | {Status.STUCK}  # has an agent, or should have


class Refused(ValueError):
    """This event is not allowed now; the sentence says why."""


def text_at(event: Event, key: str, default: str | None = "") -> str:
    """The text under `key` of an event's data; without a default (None) it must be there."""
    return json_fields.text_at(event.data, key, default)


def with_status(worker: Worker, status: Status, event: Event) -> Worker:
    """`worker` in `status`; the time it entered moves only when the status does."""
    if worker.status is status:
        return worker
    return worker._replace(status=status, status_since=event.at)


def with_activity(worker: Worker, event: Event, state: ActivityState, detail: str = "", background: str = "") -> Worker:
    """`worker` seen doing `state`; the time since when moves only when the state does."""
    since = worker.activity.since if worker.activity.state is state else event.at
    activity = Activity(state, since, event.by, detail, background)
    return worker._replace(activity=activity, last_heartbeat=event.at)


def require_unfinished(worker: Worker) -> None:
    """Refuse what cannot be done to finished work."""
    if worker.status in TERMINAL:
        raise Refused(f"it is {worker.status.value}")


def close_escalation(worker: Worker, event: Event) -> Worker:
    """Close the open escalation: back to where the worker was. A claim that never started goes on as planning."""
    worker = worker._replace(escalation=None, stuck_reason=None)
    if worker.status is not Status.STUCK:
        return worker
    back = worker.resume_status or Status.WORKING
    if back is Status.COMPLETE:
        back = Status.WORKING
    return with_status(worker, back, event)._replace(resume_status=None)


def guidance_ids(event: Event) -> tuple[str, ...]:
    """The pieces of guidance an event speaks of."""
    return tuple(map(str, event.data.get("guidance") or ()))


def advance_guidance(worker: Worker, given: tuple[str, ...], state: Delivery) -> Worker:
    """The named pieces of guidance have come as far as `state`; nothing ever goes back.

    Of what was read the snapshot keeps the begin: it is written anew at every event. The journal has all.
    """
    order = list(Delivery)
    most = MOST_READ if state is Delivery.READ else None
    marked = tuple(
        g._replace(state=state, text=g.text[:most])
        if g.id in given and order.index(state) > order.index(g.state)
        else g
        for g in worker.guidance
    )
    return worker._replace(guidance=marked)


def send_guidance(worker: Worker, given: tuple[str, ...], event: Event) -> Worker:
    """The named pieces of guidance were sent, once more where they had been sent before; no proof is known yet."""
    marked = tuple(
        g._replace(state=Delivery.SENT, sent_at=event.at, tries=g.tries + 1)
        if g.id in given and g.state in COMING
        else g
        for g in worker.guidance
    )
    return worker._replace(guidance=marked)


def open_escalation(worker: Worker, event: Event) -> Worker:
    """The worker asks the user: one question at a time, and never an empty one."""
    require_unfinished(worker)
    if worker.escalation is not None and event.kind == "escalated":
        raise Refused("an escalation is open already: end your turn and wait for the answer")
    asked = serialization.escalation_from_json({**event.data, "askedAt": event.at, "raisedBy": event.by})
    if asked is None or not asked.summary:
        raise Refused("an escalation needs a summary")
    back = worker.resume_status if worker.status in (Status.STUCK, Status.PAUSED) else worker.status
    if worker.status is not Status.PAUSED:
        worker = with_status(worker, Status.STUCK, event)
    return worker._replace(escalation=asked, stuck_reason=asked.summary, resume_status=back, forwarded=None)
