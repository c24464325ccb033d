"""Worker <-> the JSON of its session file, and Event <-> a journal line: the one reader and the one writer of each.

The keys are the published pattern's (camelCase); keys of a newer version survive a rewrite. Standard library only:
the hook lives on this module.
"""

from __future__ import annotations

from orchestra.core import fast_json
from orchestra.core.models import (
    Activity,
    ActivityState,
    Answer,
    Attempts,
    Checks,
    Delivery,
    Escalation,
    Event,
    Gate,
    Guidance,
    Limit,
    Pull,
    Status,
    Worker,
)
from orchestra.core.text import is_id

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
    ("worktree", "worktreePath"),
    ("agent", "agent"),
    ("agent_session", "agentSession"),
    ("started_at", "startedAt"),
    ("last_heartbeat", "lastHeartbeat"),
    ("nonce", "nonce"),
    ("launched_at", "launchedAt"),
    ("ci_counted", "ciCounted"),
    ("transcript", "transcriptPath"),
    ("trusted", "trusted"),
    ("held", "held"),
)
_OPTIONAL = (
    ("stuck_reason", "stuckReason"),
    ("forwarded", "forwardedMessage"),
    ("pull_url", "pullRequestUrl"),
    ("plan", "planPath"),
)
_NESTED = (
    "activity",
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
    "answers",
    "journalBytes",
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
    found["escalation"] = escalation_json(worker.escalation)
    found["dialogs"] = [escalation_json(dialog) for dialog in worker.dialogs]
    found["guidance"] = [
        {"id": g.id, "from": g.sender, "text": g.text, "state": g.state.value, "at": g.at} for g in worker.guidance
    ]
    found["pullRequest"] = pull_json(worker.pull)
    found["attempts"] = worker.attempts._asdict()
    found["signatures"] = dict(worker.signatures)
    found["approvals"] = [dict(approval) for approval in worker.approvals]
    found["after"] = list(worker.after)
    found["fed"] = list(worker.fed)
    found["limit"] = _limit_json(worker.limit)
    found["addressed"] = list(worker.addressed)
    found["answers"] = [{**answer._asdict(), "answers": list(answer.answers)} for answer in worker.answers]
    found["journalBytes"] = worker.journal_bytes
    return {**worker.extra, **found}


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


def pull_json(pull: Pull | None) -> dict[str, Any] | None:
    """A pull request as the session file and the journal hold it."""
    if pull is None:
        return None
    return {
        "number": pull.number,
        "state": pull.state,
        "headSha": pull.head_sha,
        "checks": pull.checks.value,
        "reviewDecision": pull.review_decision,
        "unresolved": pull.unresolved,
        "mergeable": pull.mergeable,
        "observedAt": pull.observed_at,
    }


def dumps(worker: Worker) -> str:
    """The session file's text: a line for each key, for `cat`."""
    return fast_json.dumps_lines(to_json(worker))


def loads(text: str) -> Worker:
    """The inverse of `dumps`. Raises BadSnapshot, and nothing else, for any other text (failures.md S10)."""
    found = _object(text)
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
    values |= {field: _text_or_none(found, key) for field, key in _OPTIONAL}
    resume = found.get("resumeStatus")
    return Worker(
        id=number_at(found),
        status=Status(found["status"]),
        resume_status=Status(resume) if resume else None,
        activity=_activity(found.get("activity")),
        escalation=escalation_from_json(found.get("escalation")),
        dialogs=tuple(filter(None, map(escalation_from_json, _list(found, "dialogs")))),
        guidance=tuple(_guidance(item) for item in _list(found, "guidance")),
        pull=pull_from_json(found.get("pullRequest")),
        attempts=_attempts(found.get("attempts")),
        signatures={str(k): str(v) for k, v in _mapping(found.get("signatures")).items()},
        approvals=tuple(_mapping(item) for item in _list(found, "approvals")),
        after=tuple(map(str, _list(found, "after"))),
        fed=tuple(map(str, _list(found, "fed"))),
        limit=limit_from_json(found.get("limit")),
        addressed=tuple(map(str, _list(found, "addressed"))),
        answers=tuple(answer_from_json(item) for item in _list(found, "answers")),
        journal_bytes=_typed(found, "journalBytes", int) if "journalBytes" in found else 0,
        extra={key: value for key, value in found.items() if key not in _KNOWN},
        **values,
    )


def number_at(found: Mapping[str, Any]) -> str:
    """The worker's number under `id`; raises ValueError for what is none."""
    number = text_at(found, "id")
    if not is_id(number):
        raise ValueError("id is no issue number")
    return number


def text_at(found: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """The text under `key`; raises KeyError when it is missing without a default, TypeError when it is no text."""
    value = found[key] if default is None else found.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{key} is not text")
    value.encode()  # a lone surrogate would only fail at the next write, when it costs the file
    if "\0" in value:  # and this at the first program or file that is given it
        raise ValueError(f"{key} holds a character that no text can hold")
    return value


def _text_or_none(found: Mapping[str, Any], key: str) -> str | None:
    return None if found.get(key) is None else text_at(found, key)


def _list(found: Mapping[str, Any], key: str) -> list[Any]:
    value = found.get(key) or []
    if not isinstance(value, list):
        raise TypeError(f"{key} is not a list")
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _activity(value: Any) -> Activity:
    found = _mapping(value)
    return Activity(
        ActivityState(found.get("state", "unknown")), *(text_at(found, k, "") for k in Activity._fields[1:])
    )


def escalation_from_json(value: Any) -> Escalation | None:
    """An escalation from its JSON, or None for null."""
    if value is None:
        return None
    found = _mapping(value)
    return Escalation(
        gate=Gate(found["gate"]),
        summary=text_at(found, "summary"),
        context=text_at(found, "context", ""),
        tried=tuple(map(str, _list(found, "tried"))),
        options=tuple(map(str, _list(found, "options"))),
        need=text_at(found, "need", ""),
        asked_at=text_at(found, "askedAt", ""),
        request=text_at(found, "request", ""),
        raised_by=text_at(found, "raisedBy", ""),
        questions=tuple(_mapping(one) for one in _list(found, "questions")),
    )


def limit_from_json(value: Any) -> Limit | None:
    """A limit from its JSON, or None for null."""
    if value is None:
        return None
    found = _mapping(value)
    return Limit(*(_text_or_none(found, key) or "" for key in ("kind", "detail", "until", "mend")))


def answer_from_json(value: Any) -> Answer:
    """An answer to a dialog from its JSON."""
    found = _mapping(value)
    return Answer(
        request=text_at(found, "request"),
        behavior=text_at(found, "behavior"),
        text=text_at(found, "text", ""),
        answers=tuple(map(str, _list(found, "answers"))),
        how=text_at(found, "how", ""),
        summary=text_at(found, "summary", ""),
        by=text_at(found, "by", ""),
        at=text_at(found, "at", ""),
    )


def _guidance(value: Any) -> Guidance:
    found = _mapping(value)
    return Guidance(
        id=text_at(found, "id"),
        sender=text_at(found, "from"),
        text=text_at(found, "text"),
        state=Delivery(found["state"]),
        at=text_at(found, "at", ""),
    )


def pull_from_json(value: Any) -> Pull | None:
    """A pull request from its JSON, or None for null."""
    if value is None:
        return None
    found = _mapping(value)
    return Pull(
        number=_typed(found, "number", int),
        state=text_at(found, "state"),
        head_sha=text_at(found, "headSha", ""),
        checks=Checks(found.get("checks", "none")),
        review_decision=_text_or_none(found, "reviewDecision"),
        unresolved=None if found.get("unresolved") is None else _typed(found, "unresolved", int),
        mergeable=None if found.get("mergeable") is None else _typed(found, "mergeable", bool),
        observed_at=text_at(found, "observedAt", ""),
    )


def _typed(found: Mapping[str, Any], key: str, kind: type) -> Any:
    value = found[key]
    if type(value) is not kind:
        raise TypeError(f"{key} is not {kind.__name__}")
    return value


def _attempts(value: Any) -> Attempts:
    found = _mapping(value)
    return Attempts(*(_typed(found, name, int) if name in found else 0 for name in Attempts._fields))


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
        event = Event(text_at(found, "event"), text_at(found, "at"), text_at(found, "by", ""), _mapping(found["data"]))
        return event, text_at(found, "refused", "")
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadSnapshot(f"{type(wrong).__name__}: {wrong}") from None
