"""The whole state machine: `apply(worker, event) -> worker`. Pure; the only reader of an event's data.

An event that does not fit raises Refused: the store keeps it in the journal as refused and changes nothing.
Docs: docs/architecture.md, "Lifecycle". Standard library only: the hook lives on this module.
"""

from __future__ import annotations

from orchestra.core import serialization
from orchestra.core.lifecycle import agent_events, pull_events, queue_events
from orchestra.core.lifecycle.transitions import (
    AT_WORK,
    Refused,
    advance_guidance,
    close_escalation,
    guidance_ids,
    open_escalation,
    require_unfinished,
    text_at,
    with_activity,
    with_status,
)
from orchestra.core.models import Activity, ActivityState, Attempts, Delivery, Event, Guidance, Status, Worker
from orchestra.core.pull_json import pull_from_json

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_FED = 2000  # a remark is never told twice, whatever else there is
MOST_CHECKS_FED = 1000  # of the newest heads; what failed on an old one is not looked at again
MOST_PUSHED = 20
MOST_GUIDANCE = 50  # kept in the snapshot; the journal has all


def fold(events: list[Event]) -> Worker | None:
    """The snapshot that a journal's accepted events lead to."""
    worker: Worker | None = None
    for event in events:
        try:
            worker = apply(worker, event)
        except Refused:  # only a journal that another program wrote into gets here
            continue
    return worker


def apply(worker: Worker | None, event: Event) -> Worker:
    """The worker after `event`. Raises Refused; never anything else, whatever the data holds."""
    try:
        if event.kind == "spawned":
            return _spawned(worker, event)
        if event.kind == "adopted":
            return serialization.from_json(event.data["snapshot"])
        if worker is None:
            raise Refused("this worker does not exist")
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
    """The claim. A number with a worker cannot be claimed again: of twenty spawns at once one makes the worker."""
    if worker is not None and worker.status is not Status.CANCELLED:
        raise Refused(f"#{worker.id} already has a worker")
    queued = bool(event.data.get("queued", False))
    return Worker(
        id=serialization.number_at(event.data),
        title=text_at(event, "title"),
        status=Status.QUEUED if queued else Status.REGISTERED,
        status_since=event.at,
        url=text_at(event, "url"),
        author=text_at(event, "author"),
        branch=text_at(event, "branch"),
        base=text_at(event, "base"),
        base_commit=text_at(event, "baseCommit"),
        stale_base=text_at(event, "staleBase"),
        worktree=text_at(event, "worktreePath"),
        agent=text_at(event, "agent"),
        agent_session=text_at(event, "agentSession"),
        nonce=text_at(event, "nonce"),
        started_at=event.at,
        after=tuple(map(str, event.data.get("after", ()))),
        blocked_by=tuple(map(str, event.data.get("blockedBy", ()))),
        labels=tuple(map(str, event.data.get("labels", ()))),
        ignores_blockers=event.data.get("ignoresBlockers") is True,
        parent=text_at(event, "parent"),
        model=text_at(event, "model"),
        plan_mode=text_at(event, "planMode"),
        activity=Activity(ActivityState.UNKNOWN if queued else ActivityState.STARTING, event.at, event.by),
        trusted=text_at(event, "trusted"),
        budget=serialization.budget_from_json(event.data.get("budget")),
        extra=worker.extra if worker else {},
    )


def _launched(worker: Worker, event: Event) -> Worker:
    """A pane was opened for the agent. The detail keeps what it was doing before: a resume goes on from there."""
    require_unfinished(worker)
    before = worker.activity.state.value
    detail = worker.activity.detail if worker.activity.state is ActivityState.STARTING else before
    session = text_at(event, "session") or worker.agent_session
    return with_activity(worker, event, ActivityState.STARTING, detail)._replace(
        dialogs=(), agent_session=session, launched_at=event.at, elsewhere="", agent_version=""
    )


def _failed(worker: Worker, event: Event) -> Worker:
    """A step of its launch failed: the worker waits for the user, with the reason."""
    asked = {"gate": "stuck", "summary": text_at(event, "reason", None), "context": text_at(event, "context")}
    asked["request"] = f"failed-{event.at}"
    return open_escalation(worker, event._replace(data=asked))


def _relocated(worker: Worker, event: Event) -> Worker:
    return worker._replace(worktree=text_at(event, "worktreePath", None))


def _renamed(worker: Worker, event: Event) -> Worker:
    require_unfinished(worker)
    return worker._replace(branch=text_at(event, "branch", None))


def _stacked(worker: Worker, event: Event) -> Worker:
    """What it builds on has changed: another base, or another commit of it."""
    require_unfinished(worker)
    base, commit = text_at(event, "base", None), text_at(event, "baseCommit", None)
    return worker._replace(parent=text_at(event, "parent"), base=base, base_commit=commit)


def _budgeted(worker: Worker, event: Event) -> Worker:
    """What it may use, from now on."""
    require_unfinished(worker)
    budget = serialization.budget_from_json(event.data["budget"])
    return worker._replace(budget=budget, beyond=text_at(event, "beyond") or worker.beyond)


def _paused(worker: Worker, event: Event) -> Worker:
    require_unfinished(worker)
    if worker.status is Status.PAUSED:
        raise Refused("it is already paused")
    back = worker.resume_status if worker.status is Status.STUCK else worker.status
    held, until = text_at(event, "reason"), text_at(event, "until")
    return with_status(worker, Status.PAUSED, event)._replace(resume_status=back, held=held, held_until=until)


def _resumed(worker: Worker, event: Event) -> Worker:
    if worker.status is not Status.PAUSED:
        raise Refused("it is not paused")
    worker = worker._replace(held="", held_until="")
    if worker.escalation is not None:
        return with_status(worker, Status.STUCK, event)
    return with_status(worker, worker.resume_status or Status.WORKING, event)._replace(resume_status=None)


def _cancelled(worker: Worker, event: Event) -> Worker:
    require_unfinished(worker)
    done = with_status(worker, Status.CANCELLED, event)._replace(
        dialogs=(), escalation=None, stuck_reason=None, resume_status=None
    )
    return done._replace(activity=Activity(ActivityState.ENDED, event.at, event.by))


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
    plan = text_at(event, "plan") or worker.plan
    return with_status(worker, status, event)._replace(plan=plan)


def _verified(worker: Worker, event: Event) -> Worker:
    return _attempted(worker, event._replace(data={**event.data, "what": "verify"}))


def _attempted(worker: Worker, event: Event) -> Worker:
    """Count an attempt that failed the same way again; another failure starts anew, a success ends the count."""
    what, signature = text_at(event, "what", None), text_at(event, "signature")
    if what not in Attempts._fields:
        raise Refused(f"unknown attempt {what!r}")
    seen = dict(worker.signatures)
    if event.data.get("passed"):
        seen.pop(what, None)
        return worker._replace(signatures=seen, attempts=worker.attempts._replace(**{what: 0}))
    again = getattr(worker.attempts, what) if seen.get(what) == signature else 0
    attempts = worker.attempts._replace(**{what: again + 1})
    counted = text_at(event, "head") if what == "ci" else worker.ci_counted
    worker = worker._replace(signatures={**seen, what: signature}, attempts=attempts, ci_counted=counted)
    return _at_limit(worker, event, again + 1)


def _at_limit(worker: Worker, event: Event, count: int) -> Worker:
    """At the limit the user is asked, in the same event that counted: nothing goes on, and nothing ends silently."""
    asked = event.data.get("atLimit")
    limit = asked.get("limit") if isinstance(asked, dict) else None
    if asked is None or not isinstance(limit, int) or worker.escalation is not None or count < limit:
        return worker
    summary = f"{asked.get('summary')}, {count} times in a row"
    facts = {"gate": "stuck", "need": "a hint, or a change of the issue", "request": f"limit-{event.at}", **asked}
    return open_escalation(worker, event._replace(data={**facts, "summary": summary}))


def _shipped(worker: Worker, event: Event) -> Worker:
    """The branch is pushed and the pull request open; with the local tracker there is nothing more to wait for."""
    if worker.status not in AT_WORK:
        raise Refused(f"it is {worker.status.value}")
    pull = pull_from_json(event.data.get("pullRequest"))
    if pull is not None:
        same = worker.pull is not None and worker.pull.head_sha == pull.head_sha
        pushed = (*(sha for sha in worker.pushed if sha != pull.head_sha), pull.head_sha)[-MOST_PUSHED:]
        pull = worker.pull if same else pull._replace(head_since=event.at, settled=False)
        worker = worker._replace(pushed=pushed)
    worker = worker._replace(pull=pull, pull_url=text_at(event, "url") or None, addressed=worker.fed)
    return with_status(worker, Status.COMPLETE if event.data.get("local") else Status.SHIPPING, event)


# --- what the user and the monitor say --------------------------------------------------------------------------------


def _told(worker: Worker, event: Event) -> Worker:
    """Guidance, queued. It answers the open escalation when it names its request, and reopens finished work."""
    require_unfinished(worker)
    number = 1 + max((int(g.id[1:]) for g in worker.guidance), default=0)
    words = Guidance(f"g{number}", text_at(event, "from", None), text_at(event, "text", None), at=event.at)
    worker = worker._replace(guidance=(*worker.guidance, words)[-MOST_GUIDANCE:])
    answers = event.data.get("answers")
    if worker.escalation is not None and answers == worker.escalation.request:
        worker = close_escalation(worker._replace(forwarded=words.text), event)
    about = tuple(map(str, event.data.get("about") or ()))
    worker = worker._replace(fed=_fed(worker.fed, about))
    if worker.status is Status.COMPLETE or (worker.status is Status.SHIPPING and event.data.get("reopen")):
        worker = with_status(worker, Status.WORKING, event)
    review = event.data.get("review")
    return _attempted(worker, event._replace(data={**review, "what": "review"})) if isinstance(review, dict) else worker


def _fed(before: tuple[str, ...], about: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of what was told: those of checks are forgotten first, and of older heads before newer ones."""
    found = tuple(dict.fromkeys((*before, *about)))
    checks = [one for one in found if one.startswith("check:")][-MOST_CHECKS_FED:]
    others = [one for one in found if not one.startswith("check:")][-MOST_FED:]
    kept = {*checks, *others}
    return tuple(one for one in found if one in kept)


def _approved(worker: Worker, event: Event) -> Worker:
    """The user approves what the open escalation asks; the approval names the request, which names the content."""
    if worker.escalation is None or worker.escalation.request != text_at(event, "request", None):
        raise Refused("that question is not open any more")
    approval = {"request": worker.escalation.request, "gate": worker.escalation.gate.value, "by": event.by}
    return close_escalation(worker._replace(approvals=(*worker.approvals, {**approval, "at": event.at})), event)


def _delivered(worker: Worker, event: Event) -> Worker:
    return advance_guidance(worker, guidance_ids(event), Delivery.DELIVERED)


def _noted(worker: Worker, event: Event) -> Worker:
    """A line for the journal alone: a step of a launch, a warning."""
    text_at(event, "text", None)
    return worker


_RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {
    **agent_events.RULES,
    **pull_events.RULES,
    **queue_events.RULES,
    "launched": _launched,
    "failed": _failed,
    "relocated": _relocated,
    "stacked": _stacked,
    "renamed": _renamed,
    "budgeted": _budgeted,
    "paused": _paused,
    "resumed": _resumed,
    "cancelled": _cancelled,
    "reported": _reported,
    "escalated": open_escalation,
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
