"""Worker <-> the JSON of its session file, and Event <-> a journal line: the one reader and the one writer of each.

The keys are the published pattern's (camelCase); keys of a newer version survive a rewrite. Standard library only:
the hook lives on this module.
"""

from __future__ import annotations

from orchestra.core import fast_json
from orchestra.core.budget import Budget
from orchestra.core.json_fields import list_at, mapping, text_at, text_or_none, typed, typed_or
from orchestra.core.models import (
    Activity,
    ActivityState,
    Answer,
    Attempts,
    Delivery,
    Escalation,
    Event,
    Gate,
    Guidance,
    Limit,
    Status,
    Turn,
    Worker,
)
from orchestra.core.pull_json import pull_from_json, pull_json
from orchestra.core.text import is_id
from orchestra.errors import OrchestraError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SCHEMA = 1


class BadSnapshot(ValueError):
    """Text that is not a session file or a journal line; says what is wrong, for `list` and `doctor`."""


_PLAIN = (
    ("title", "issueTitle"),
    ("url", "issueUrl"),
    ("author", "issueAuthor"),
    ("status_since", "statusSince"),
    ("branch", "branch"),
    ("base", "base"),
    ("base_commit", "baseCommit"),
    ("stale_base", "staleBase"),
    ("worktree", "worktreePath"),
    ("agent", "agent"),
    ("agent_session", "agentSession"),
    ("started_at", "startedAt"),
    ("last_heartbeat", "lastHeartbeat"),
    ("nonce", "nonce"),
    ("agent_version", "agentVersion"),
    ("elsewhere", "elsewhere"),
    ("launched_at", "launchedAt"),
    ("ci_counted", "ciCounted"),
    ("transcript", "transcriptPath"),
    ("trusted", "trusted"),
    ("held", "held"),
    ("held_until", "heldUntil"),
    ("beyond", "beyondDay"),
    ("parent", "parent"),
    ("issue_note", "issueNote"),
)
_OPTIONAL = (
    ("stuck_reason", "stuckReason"),
    ("forwarded", "forwardedMessage"),
    ("pull_url", "pullRequestUrl"),
    ("plan", "planPath"),
)
_NESTED = (
    "activity",
    "turn",
    "escalation",
    "dialogs",
    "guidance",
    "pullRequest",
    "attempts",
    "signatures",
    "approvals",
    "after",
    "fed",
    "limit",
    "addressed",
    "pushed",
    "greenChecks",
    "labels",
    "blockedBy",
    "queueOrder",
    "onHold",
    "ignoresBlockers",
    "budget",
    "answers",
    "journalBytes",
    "model",
    "planMode",
)
_KNOWN = frozenset(
    {"schema", "id", "issueNumber", "status", "resumeStatus", *_NESTED}
    | {key for _, key in _PLAIN}
    | {key for _, key in _OPTIONAL}
)


def to_json(worker: Worker) -> dict[str, Any]:
    """The snapshot as the session file holds it."""
    found: dict[str, Any] = {"schema": SCHEMA, "id": worker.id, "issueNumber": int(worker.id)}
    found["status"] = worker.status.value
    found["resumeStatus"] = worker.resume_status.value if worker.resume_status else None
    for field, key in (*_PLAIN, *_OPTIONAL):
        found[key] = getattr(worker, field)
    found["activity"] = worker.activity._asdict()
    found["turn"] = {**worker.turn._asdict(), "scheduled": list(worker.turn.scheduled)}
    found["escalation"] = escalation_json(worker.escalation)
    found["dialogs"] = [escalation_json(dialog) for dialog in worker.dialogs]
    found["guidance"] = [_guidance_json(g) for g in worker.guidance]
    found["pullRequest"] = pull_json(worker.pull)
    found["attempts"] = worker.attempts._asdict()
    found["signatures"] = dict(worker.signatures)
    found["approvals"] = [dict(approval) for approval in worker.approvals]
    found["after"] = list(worker.after)
    found["fed"] = list(worker.fed)
    found["limit"] = _limit_json(worker.limit)
    found["addressed"] = list(worker.addressed)
    found["answers"] = [{**answer._asdict(), "answers": list(answer.answers)} for answer in worker.answers]
    found["labels"] = list(worker.labels)
    found["blockedBy"] = list(worker.blocked_by)
    found["queueOrder"], found["onHold"] = worker.queue_order, worker.on_hold
    found["ignoresBlockers"] = worker.ignores_blockers
    found["budget"] = budget_json(worker.budget)
    found["journalBytes"] = worker.journal_bytes
    more: dict[str, Any] = {"pushed": list(worker.pushed), "greenChecks": list(worker.green)}
    more |= {"model": worker.model, "planMode": worker.plan_mode}
    return {**worker.extra, **found, **{key: value for key, value in more.items() if value}}


def _guidance_json(g: Guidance) -> dict[str, Any]:
    found = {"id": g.id, "from": g.sender, "text": g.text, "state": g.state.value, "at": g.at}
    return {**found, "sentAt": g.sent_at, "tries": g.tries}


def _limit_json(limit: Limit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {"kind": limit.kind, "detail": limit.detail, "until": limit.until or None, "mend": limit.fix}


def escalation_json(escalation: Escalation | None) -> dict[str, Any] | None:
    """An escalation as the session file holds it, or None."""
    if escalation is None:
        return None
    found = escalation._asdict()
    found["askedAt"], found["raisedBy"] = found.pop("asked_at"), found.pop("raised_by")
    found["questions"] = [dict(one) for one in escalation.questions]
    return {**found, "tried": list(escalation.tried), "options": list(escalation.options)}


def dumps(worker: Worker) -> str:
    """The session file's text: a line for each key, for `cat`."""
    return fast_json.dumps_lines(to_json(worker))


def loads(text: str) -> Worker:
    """The inverse of `dumps`. Raises BadSnapshot for any other text, and OrchestraError for a newer schema."""
    found = _object(text)
    schema = found.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:  # what it means is not known here: it is neither read nor written
        raise OrchestraError(
            f"the session file was written by a newer version of orchestra (schema {schema}, known {SCHEMA})",
            "upgrade orchestra: orchestra --version says which one this is",
        )
    try:
        return from_json(found)
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise BadSnapshot(f"{type(wrong).__name__}: {wrong}") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = fast_json.loads(text)
        (fast_json.dumps(found) if "\\ud" in text.lower() else text).encode()  # half a character cannot be written
    except ValueError as wrong:
        raise BadSnapshot(f"not JSON: {wrong}") from None
    if not isinstance(found, dict):
        raise BadSnapshot("not a JSON object")
    return found


def from_json(found: Mapping[str, Any]) -> Worker:
    """A snapshot's JSON object as a Worker; raises ValueError, KeyError or TypeError where a key is wrong."""
    values: dict[str, Any] = {field: text_at(found, key, "") for field, key in _PLAIN}
    values |= {field: text_or_none(found, key) for field, key in _OPTIONAL}
    resume = found.get("resumeStatus")
    return Worker(
        id=number_at(found),
        status=Status(found["status"]),
        resume_status=Status(resume) if resume else None,
        activity=_activity(found.get("activity")),
        turn=_turn(found.get("turn")),
        escalation=escalation_from_json(found.get("escalation")),
        dialogs=tuple(filter(None, map(escalation_from_json, list_at(found, "dialogs")))),
        guidance=tuple(_guidance(item) for item in list_at(found, "guidance")),
        pull=pull_from_json(found.get("pullRequest")),
        attempts=_attempts(found.get("attempts")),
        signatures={str(k): str(v) for k, v in mapping(found.get("signatures")).items()},
        approvals=tuple(mapping(item) for item in list_at(found, "approvals")),
        after=tuple(map(str, list_at(found, "after"))),
        fed=tuple(map(str, list_at(found, "fed"))),
        limit=limit_from_json(found.get("limit")),
        addressed=tuple(map(str, list_at(found, "addressed"))),
        pushed=tuple(map(str, list_at(found, "pushed"))),
        green=tuple(map(str, list_at(found, "greenChecks"))),
        answers=tuple(answer_from_json(item) for item in list_at(found, "answers")),
        labels=tuple(map(str, list_at(found, "labels"))),
        blocked_by=tuple(map(str, list_at(found, "blockedBy"))),
        queue_order=typed_or(found, "queueOrder", 0),
        on_hold=typed_or(found, "onHold", False),
        ignores_blockers=typed_or(found, "ignoresBlockers", False),
        budget=budget_from_json(found.get("budget")),
        journal_bytes=typed_or(found, "journalBytes", 0),
        model=text_at(found, "model", ""),
        plan_mode=text_at(found, "planMode", ""),
        extra={key: value for key, value in found.items() if key not in _KNOWN},
        **values,
    )


def number_at(found: Mapping[str, Any]) -> str:
    """The worker's number under `id`; raises ValueError for anything else."""
    number = text_at(found, "id")
    if not is_id(number):
        raise ValueError("id is not an issue number")
    return number


def _activity(value: Any) -> Activity:
    found = mapping(value)
    return Activity(
        ActivityState(found.get("state", "unknown")), *(text_at(found, k, "") for k in Activity._fields[1:])
    )


def _turn(value: Any) -> Turn:
    found = mapping(value)
    scheduled = tuple(map(str, list_at(found, "scheduled")))
    return Turn(text_at(found, "prompt", ""), scheduled)


def escalation_from_json(value: Any) -> Escalation | None:
    """An escalation from its JSON, or None for null."""
    if value is None:
        return None
    found = mapping(value)
    return Escalation(
        gate=Gate(found["gate"]),
        summary=text_at(found, "summary"),
        context=text_at(found, "context", ""),
        tried=tuple(map(str, list_at(found, "tried"))),
        options=tuple(map(str, list_at(found, "options"))),
        need=text_at(found, "need", ""),
        asked_at=text_at(found, "askedAt", ""),
        request=text_at(found, "request", ""),
        raised_by=text_at(found, "raisedBy", ""),
        questions=tuple(mapping(one) for one in list_at(found, "questions")),
        rule=text_at(found, "rule", ""),
    )


def budget_json(budget: Budget) -> dict[str, Any] | None:
    """A budget as the session file holds it; null where there is no limit of its own."""
    return {name: most for name, most in budget._asdict().items() if most} or None


def budget_from_json(value: Any) -> Budget:
    """A budget from its JSON; none for null."""
    if value is None:
        return Budget()
    found = mapping(value)
    cost, seconds = (found.get(name, 0) for name in ("cost", "time"))
    if any(type(part) not in (int, float) or not 0 <= part < 10**12 for part in (cost, seconds)):
        raise ValueError("a budget is made of numbers")
    tokens, turns = (max(0, typed_or(found, name, 0)) for name in ("tokens", "turns"))
    return Budget(tokens, float(cost), float(seconds), turns)


def limit_from_json(value: Any) -> Limit | None:
    """A limit from its JSON, or None for null."""
    if value is None:
        return None
    found = mapping(value)
    return Limit(*(text_or_none(found, key) or "" for key in ("kind", "detail", "until", "mend")))


def answer_from_json(value: Any) -> Answer:
    """An answer to a dialog from its JSON."""
    found = mapping(value)
    return Answer(
        request=text_at(found, "request"),
        behavior=text_at(found, "behavior"),
        text=text_at(found, "text", ""),
        answers=tuple(map(str, list_at(found, "answers"))),
        how=text_at(found, "how", ""),
        summary=text_at(found, "summary", ""),
        by=text_at(found, "by", ""),
        at=text_at(found, "at", ""),
    )


def _guidance(value: Any) -> Guidance:
    found = mapping(value)
    return Guidance(
        id=text_at(found, "id"),
        sender=text_at(found, "from"),
        text=text_at(found, "text"),
        state=Delivery(found["state"]),
        at=text_at(found, "at", ""),
        sent_at=text_at(found, "sentAt", ""),
        tries=typed(found, "tries", int) if "tries" in found else 0,
    )


def _attempts(value: Any) -> Attempts:
    found = mapping(value)
    return Attempts(*(typed(found, name, int) if name in found else 0 for name in Attempts._fields))


def event_line(event: Event, refused: str = "") -> str:
    """An event as one journal line with its line break; `refused` says why it changed nothing."""
    found: dict[str, Any] = {"at": event.at, "event": event.kind, "by": event.by}
    if refused:
        found["refused"] = refused
    found["data"] = dict(event.data)
    return fast_json.dumps(found) + "\n"


def event_from_line(line: str) -> tuple[Event, str]:
    """The inverse of `event_line`: the event and why it was refused, or empty. Raises BadSnapshot."""
    found = _object(line)
    try:
        event = Event(text_at(found, "event"), text_at(found, "at"), text_at(found, "by", ""), mapping(found["data"]))
        return event, text_at(found, "refused", "")
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadSnapshot(f"{type(wrong).__name__}: {wrong}") from None
