"""The agent's open dialogs as escalations: its hook opens them, the first answer closes them. Pure.

A dialog does not make a worker `stuck`: the agent is held in the middle of a tool call, and goes on from there.
Standard library only: the hook lives on this module.
"""

from __future__ import annotations

from orchestra.core import serialization
from orchestra.core.lifecycle.transitions import Refused, text_at
from orchestra.core.models import (
    Activity,
    ActivityState,
    Answer,
    AnswerChannel,
    Escalation,
    Event,
    Gate,
    Status,
    Worker,
)

ON_SCREEN = "screen-"  # begins the name of a dialog that is known by the screen alone: keys answer it, and no hook
OF_SUBAGENT = "subagent-"  # begins the name of a dialog of an agent that the agent started
MOST_ANSWERS = 8  # kept in the snapshot, by request; the waiting hook reads its own


def open_questions(worker: Worker) -> tuple[Escalation, ...]:
    """Everything that a worker asks the user: its dialogs, then its own escalation."""
    return (*worker.dialogs, *((worker.escalation,) if worker.escalation else ()))


def is_on_screen(asked: Escalation) -> bool:
    """Whether a dialog is known by the screen alone."""
    return asked.request.startswith(ON_SCREEN)


def open_after(worker: Worker, event: Event) -> tuple[Escalation, ...]:
    """The dialogs that stay open when a turn ends or a prompt is taken: those of subagents that work on by themselves.

    The turn may end while they work; words that the user typed show that no dialog is in their way.
    """
    if event.data.get("background") if event.kind == "turn-ended" else event.data.get("typed", True) is False:
        return tuple(one for one in worker.dialogs if one.request.startswith(OF_SUBAGENT))
    return ()


def answered_in_pane(worker: Worker | None, event: Event) -> Event:
    """`event` with `how` and what was answered, when it shows that the user answered in the pane itself."""
    if worker is None:
        return event
    kept = open_after(worker, event)
    ended = event.kind in ("accepted", "turn-ended", "idle")
    closed = tuple(one for one in worker.dialogs if one not in kept) if ended else ()
    if event.kind == "unblocked":
        closed = tuple(one for one in worker.dialogs if one.request == event.data.get("request"))
    if (
        event.kind == "accepted"
        and worker.status is Status.STUCK
        and not event.data.get("guidance")
        and event.data.get("typed", True)
    ):
        closed = open_questions(worker)
    told = {"how": AnswerChannel.PANE.value, "summary": " / ".join(one.summary for one in closed)}
    return event._replace(data={**event.data, **told}) if closed else event


def open_dialog(worker: Worker, event: Event) -> Worker:
    """A dialog is on the screen. Asked again, the same call waits for a new answer."""
    asked = serialization.escalation_from_json(
        {"gate": "permission", **event.data, "askedAt": event.at, "raisedBy": event.by}
    )
    if asked is None or not asked.request:
        return worker  # a notification, or a dialog before the first prompt: no hook waits for an answer
    others = tuple(one for one in worker.dialogs if one.request != asked.request and not is_on_screen(one))
    return _with_answers(worker, asked.request)._replace(dialogs=(*others, asked))


def answer_dialog(worker: Worker, event: Event) -> Worker:
    """The user answered from elsewhere: the first answer counts, and the waiting hook gives it to the agent."""
    request, behavior = text_at(event, "request", None), text_at(event, "behavior", None)
    asked = next((dialog for dialog in worker.dialogs if dialog.request == request), None)
    if asked is None:
        raise Refused("it has already been answered")
    if behavior not in ("allow", "deny"):
        raise Refused(f"unknown answer {behavior!r}")
    answer = serialization.answer_from_json({**event.data, "by": event.by, "at": event.at})
    worker = _passed(worker, asked, event) if behavior == "allow" else worker
    return _go_on(_with_answers(_without(worker, request), request, answer), event)


def close_dialog(worker: Worker, event: Event) -> Worker:
    """The tool that asked has ended, so its dialog was answered in the pane: with yes, if the tool ran."""
    request = text_at(event, "request")
    asked = next((dialog for dialog in worker.dialogs if dialog.request == request), None)
    if asked is None:
        return worker
    ran = not event.by.endswith("Failure")
    return _without(_passed(worker, asked, event) if ran else worker, request)


def answer_to(worker: Worker, request: str) -> Answer | None:
    """The answer that a dialog got from elsewhere, if it did."""
    return next((one for one in worker.answers if one.request == request), None)


def _passed(worker: Worker, asked: Escalation, event: Event) -> Worker:
    """An approved plan is kept, so that a restart does not plan again; so is what the user has allowed for good."""
    always = bool(asked.rule) and event.data.get("always") is True
    if asked.gate is not Gate.PLAN and not always:
        return worker
    approval = {"request": asked.request, "gate": asked.gate.value, "by": event.by, "at": event.at}
    approval |= {"rule": asked.rule} if always else {}
    return worker._replace(approvals=(*worker.approvals, approval))


def allowed_by(worker: Worker, asked: Escalation) -> bool:
    """Whether the user has said "always" to just this for this worker."""
    return bool(asked.rule) and any(one.get("rule") == asked.rule for one in worker.approvals)


def _without(worker: Worker, request: str) -> Worker:
    return worker._replace(dialogs=tuple(dialog for dialog in worker.dialogs if dialog.request != request))


def _with_answers(worker: Worker, request: str, *more: Answer) -> Worker:
    kept = (*(one for one in worker.answers if one.request != request), *more)[-MOST_ANSWERS:]
    return worker._replace(answers=kept)


def _go_on(worker: Worker, event: Event) -> Worker:
    """The agent works again, or shows its next dialog. The user's answer is not a sign of life of the agent."""
    if worker.dialogs:
        blocked = Activity(ActivityState.BLOCKED, worker.activity.since, event.by, worker.dialogs[0].summary)
        return worker._replace(activity=blocked)
    return worker._replace(activity=Activity(ActivityState.BUSY, event.at, event.by))
