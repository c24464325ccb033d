"""The whole state machine: `apply(worker, event) -> worker`. Pure; the only reader of an event's data.

An event that does not fit raises Refused: the store keeps it in the journal as refused and changes nothing.
Docs: docs/architecture.md, "Lifecycle". Standard library only: the hook lives on this module.
"""

from __future__ import annotations

from orchestra.core import serialization as snapshot
from orchestra.core.lifecycle import agent_events as lifecycle_agent
from orchestra.core.lifecycle import pull_events as lifecycle_pull
from orchestra.core.lifecycle.transitions import (
    AT_WORK,
    HELD,
    Refused,
    alive,
    answered,
    doing,
    escalated,
    ids,
    mark,
    text,
    to,
)
from orchestra.core.models import Activity, Attempts, Delivery, Doing, Event, Guidance, Status, Worker

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

MOST_FED = 400
MOST_GUIDANCE = 50  # kept in the snapshot; the journal has all


def fold(events: list[Event]) -> Worker | None:
    """The snapshot that a journal's accepted events lead to."""
    worker: Worker | None = None
    for event in events:
        try:
            worker = apply(worker, event)
        except Refused:  # only a journal somebody else wrote into gets here
            continue
    return worker


def apply(worker: Worker | None, event: Event) -> Worker:
    """The worker after `event`. Raises Refused; never anything else, whatever the data holds."""
    try:
        if event.kind == "spawned":
            return _spawned(worker, event)
        if event.kind == "adopted":
            return snapshot.from_json(event.data["snapshot"])
        if worker is None:
            raise Refused("there is no such worker")
        rule = _RULES.get(event.kind)
        if rule is None:
            raise Refused(f"unknown event {event.kind!r}")
        return rule(worker, event)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        if isinstance(wrong, Refused):
            raise
        raise Refused(f"bad {event.kind} event: {type(wrong).__name__}: {wrong}") from None


# --- claim, launch, end ------------------------------------------------------------------------------------------


def _spawned(worker: Worker | None, event: Event) -> Worker:
    """The claim. Only a number nobody works on can be claimed: this makes twenty spawns one worker (failures.md P1)."""
    if worker is not None and worker.status is not Status.CANCELLED:
        raise Refused(f"#{worker.id} has a worker already")
    queued = bool(event.data.get("queued", False))
    return Worker(
        id=snapshot.number_of(event.data),
        title=text(event, "title"),
        status=Status.QUEUED if queued else Status.REGISTERED,
        status_since=event.at,
        url=text(event, "url"),
        author=text(event, "author"),
        branch=text(event, "branch"),
        base=text(event, "base"),
        base_commit=text(event, "baseCommit"),
        worktree=text(event, "worktreePath"),
        agent=text(event, "agent"),
        agent_session=text(event, "agentSession"),
        nonce=text(event, "nonce"),
        started_at=event.at,
        after=tuple(map(str, event.data.get("after", ()))),
        activity=Activity(Doing.UNKNOWN if queued else Doing.STARTING, event.at, event.by),
        extra={**(worker.extra if worker else {}), **_pin(event)},
    )


def _pin(event: Event) -> dict[str, str]:
    """The hash of an outsider's words that a person has read (see `trust`)."""
    return {"trusted": text(event, "trusted")} if event.data.get("trusted") else {}


def _dispatched(worker: Worker, event: Event) -> Worker:
    if worker.status is not Status.QUEUED:
        raise Refused("it does not wait in the queue")
    commit = text(event, "baseCommit") or worker.base_commit
    return doing(to(worker, Status.REGISTERED, event), event, Doing.STARTING)._replace(base_commit=commit)


def _launched(worker: Worker, event: Event) -> Worker:
    """A pane was opened for the agent. The detail keeps what it was doing before: a resume goes on from there."""
    alive(worker)
    before = worker.activity.state.value
    detail = worker.activity.detail if worker.activity.state is Doing.STARTING else before
    session = text(event, "session") or worker.agent_session
    return doing(worker, event, Doing.STARTING, detail)._replace(
        dialogs=(), agent_session=session, extra={**worker.extra, "launchedAt": event.at}
    )


def _failed(worker: Worker, event: Event) -> Worker:
    """A step of ours failed for this worker: it waits for a person, with the reason."""
    asked = {"gate": "stuck", "summary": text(event, "reason", None), "context": text(event, "context")}
    asked["request"] = f"failed-{event.at}"
    return escalated(worker, event._replace(data=asked))


def _paused(worker: Worker, event: Event) -> Worker:
    alive(worker)
    if worker.status is Status.PAUSED:
        raise Refused("it is paused already")
    back = worker.resume_status if worker.status is Status.STUCK else worker.status
    why = {HELD: text(event, "reason")} if event.data.get("reason") else {}
    return to(worker, Status.PAUSED, event)._replace(resume_status=back, extra={**_free(worker), **why})


def _free(worker: Worker) -> dict[str, Any]:
    return {key: value for key, value in worker.extra.items() if key != HELD}


def _resumed(worker: Worker, event: Event) -> Worker:
    if worker.status is not Status.PAUSED:
        raise Refused("it is not paused")
    worker = worker._replace(extra=_free(worker))
    if worker.escalation is not None:
        return to(worker, Status.STUCK, event)
    return to(worker, worker.resume_status or Status.WORKING, event)._replace(resume_status=None)


def _cancelled(worker: Worker, event: Event) -> Worker:
    alive(worker)
    done = to(worker, Status.CANCELLED, event)._replace(
        dialogs=(), escalation=None, stuck_reason=None, resume_status=None
    )
    return done._replace(activity=Activity(Doing.ENDED, event.at, event.by))


# --- what the worker declares ---------------------------------------------------------------------------------------


def _reported(worker: Worker, event: Event) -> Worker:
    """`orchestra worker status`: only planning and working can be claimed; the rest is derived or asked for."""
    status = Status(event.data["status"])
    if status not in (Status.PLANNING, Status.WORKING):
        raise Refused(f"a worker cannot claim {status.value}; it can report planning or working")
    if worker.status is Status.STUCK:
        raise Refused("an escalation is open: end your turn and wait for the answer")
    if worker.status not in AT_WORK:
        raise Refused(f"it is {worker.status.value}")
    plan = text(event, "plan") or worker.plan
    return to(worker, status, event)._replace(plan=plan)


def _verified(worker: Worker, event: Event) -> Worker:
    return _attempted(worker, event._replace(data={**event.data, "what": "verify"}))


def _attempted(worker: Worker, event: Event) -> Worker:
    """Count an attempt that failed the same way again; another failure starts anew, a success ends the count."""
    what, signature = text(event, "what", None), text(event, "signature")
    if what not in Attempts._fields:
        raise Refused(f"unknown attempt {what!r}")
    seen = dict(worker.signatures)
    if event.data.get("passed"):
        seen.pop(what, None)
        return worker._replace(signatures=seen, attempts=worker.attempts._replace(**{what: 0}))
    again = getattr(worker.attempts, what) if seen.get(what) == signature else 0
    attempts = worker.attempts._replace(**{what: again + 1})
    counted = {**worker.extra, "ciCounted": text(event, "head")} if what == "ci" else worker.extra
    worker = worker._replace(signatures={**seen, what: signature}, attempts=attempts, extra=counted)
    return _at_limit(worker, event, again + 1)


def _at_limit(worker: Worker, event: Event, count: int) -> Worker:
    """At the limit nothing goes on and nothing ends silently: a person is asked, in the very event that counted."""
    asked = event.data.get("atLimit")
    limit = asked.get("limit") if isinstance(asked, dict) else None
    if asked is None or not isinstance(limit, int) or worker.escalation is not None or count < limit:
        return worker
    summary = f"{asked.get('summary')}, {count} times in a row"
    facts = {"gate": "stuck", "need": "a hint, or a change of the issue", "request": f"limit-{event.at}", **asked}
    return escalated(worker, event._replace(data={**facts, "summary": summary}))


def _shipped(worker: Worker, event: Event) -> Worker:
    """The branch is pushed and the pull request open; with the local tracker there is nothing more to wait for."""
    if worker.status not in AT_WORK:
        raise Refused(f"it is {worker.status.value}")
    pull = snapshot.pull_of(event.data.get("pullRequest"))
    extra = {**worker.extra, "addressed": list(worker.fed)}  # what it had been told of when it shipped
    worker = worker._replace(pull=pull, pull_url=text(event, "url") or None, extra=extra)
    return to(worker, Status.COMPLETE if event.data.get("local") else Status.SHIPPING, event)


# --- what people and the monitor say --------------------------------------------------------------------------------


def _told(worker: Worker, event: Event) -> Worker:
    """Guidance, queued. It answers the open escalation when it names its request, and reopens finished work."""
    alive(worker)
    number = 1 + max((int(g.id[1:]) for g in worker.guidance), default=0)
    words = Guidance(f"g{number}", text(event, "from", None), text(event, "text", None), at=event.at)
    worker = worker._replace(guidance=(*worker.guidance, words)[-MOST_GUIDANCE:])
    answers = event.data.get("answers")
    if worker.escalation is not None and answers == worker.escalation.request:
        worker = answered(worker._replace(forwarded=words.text), event)
    about = tuple(map(str, event.data.get("about") or ()))
    worker = worker._replace(fed=(*worker.fed, *about)[-MOST_FED:])
    if worker.status is Status.COMPLETE or (worker.status is Status.SHIPPING and event.data.get("reopen")):
        worker = to(worker, Status.WORKING, event)
    review = event.data.get("review")
    return _attempted(worker, event._replace(data={**review, "what": "review"})) if isinstance(review, dict) else worker


def _approved(worker: Worker, event: Event) -> Worker:
    """A person lets what the open escalation asks pass; the approval names the request, content and all."""
    if worker.escalation is None or worker.escalation.request != text(event, "request", None):
        raise Refused("that question is not open any more")
    approval = {"request": worker.escalation.request, "gate": worker.escalation.gate.value, "by": event.by}
    return answered(worker._replace(approvals=(*worker.approvals, {**approval, "at": event.at})), event)


def _delivered(worker: Worker, event: Event) -> Worker:
    return mark(worker, ids(event), Delivery.DELIVERED)


def _noted(worker: Worker, event: Event) -> Worker:
    """A line for the journal alone: a step of a launch, a warning."""
    text(event, "text", None)
    return worker


_RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {
    **lifecycle_agent.RULES,
    **lifecycle_pull.RULES,
    "dispatched": _dispatched,
    "launched": _launched,
    "failed": _failed,
    "paused": _paused,
    "resumed": _resumed,
    "cancelled": _cancelled,
    "reported": _reported,
    "escalated": escalated,
    "verified": _verified,
    "attempted": _attempted,
    "shipped": _shipped,
    "told": _told,
    "approved": _approved,
    "delivered": _delivered,
    "noted": _noted,
}


def kinds() -> tuple[str, ...]:
    """Every kind of event there is."""
    return ("spawned", "adopted", *_RULES)


def event(kind: str, at: str, by: str, /, **data: Any) -> Event:
    """An event, written where it is born: `event("told", at, "human", text="sliding")`."""
    return Event(kind, at, by, data)
