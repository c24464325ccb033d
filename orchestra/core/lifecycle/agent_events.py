"""What the agent's hooks tell, as rules of `lifecycle`: what the agent process is doing now. Pure."""

from __future__ import annotations

from orchestra.core import dialogs, serialization
from orchestra.core.lifecycle.transitions import (
    advance_guidance,
    close_escalation,
    guidance_ids,
    open_escalation,
    text_at,
    with_activity,
    with_status,
)
from orchestra.core.models import ActivityState, Delivery, Event, Status, Worker

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _started(worker: Worker, event: Event) -> Worker:
    """The agent is up. After `/clear` it goes on under a new conversation id, which a resume must know."""
    session = text_at(event, "session") or worker.agent_session
    state = worker.activity.state
    calm = state if text_at(event, "source") == "compact" else ActivityState.WAITING
    worker = worker._replace(agent_session=session)
    transcript = text_at(event, "transcript")
    if transcript:
        worker = worker._replace(transcript=transcript)
    return with_activity(worker._replace(dialogs=()), event, calm)


def _accepted(worker: Worker, event: Event) -> Worker:
    """The agent took a prompt. The first one starts the plan; a person's words in the pane answer what is open."""
    given = guidance_ids(event)
    worker = with_activity(
        advance_guidance(worker._replace(dialogs=()), given, Delivery.DELIVERED), event, ActivityState.BUSY
    )
    if worker.status is Status.REGISTERED:
        return with_status(worker, Status.PLANNING, event)
    if worker.status is Status.STUCK and not given and bool(event.data.get("typed", True)):
        return close_escalation(worker, event)
    return worker


def _turn_ended(worker: Worker, event: Event) -> Worker:
    said = text_at(event, "said")
    worker = advance_guidance(worker, guidance_ids(event), Delivery.DELIVERED)
    read = tuple(g.id for g in worker.guidance if g.state is Delivery.DELIVERED)
    worker = advance_guidance(worker, read, Delivery.READ)._replace(dialogs=())
    return with_activity(
        worker, event, ActivityState.BUSY if event.data.get("background") else ActivityState.WAITING, said
    )


def _blocked(worker: Worker, event: Event) -> Worker:
    return dialogs.open_dialog(with_activity(worker, event, ActivityState.BLOCKED, text_at(event, "summary")), event)


def _unblocked(worker: Worker, event: Event) -> Worker:
    worker = dialogs.close_dialog(worker, event)
    if worker.dialogs or worker.activity.state is not ActivityState.BLOCKED:
        return worker
    return with_activity(worker, event, ActivityState.BUSY)


def _limited(worker: Worker, event: Event) -> Worker:
    detail = " ".join(part for part in (text_at(event, "detail"), text_at(event, "mend")) if part)
    worker = with_activity(worker._replace(dialogs=()), event, ActivityState.LIMITED, detail)
    return worker._replace(limit=serialization.limit_from_json(event.data))


def _idle(worker: Worker, event: Event) -> Worker:
    """The agent waits at its prompt: its limit is over, or a dialog was dismissed, of which no hook tells."""
    over = worker.activity.state in (ActivityState.LIMITED, ActivityState.BLOCKED)
    return with_activity(worker._replace(dialogs=()), event, ActivityState.WAITING) if over else worker


def _ended(worker: Worker, event: Event) -> Worker:
    """The agent's process is gone. One that died before it took its prompt waits for a person, with what was seen."""
    before, reason = worker.activity, text_at(event, "reason")
    worker = with_activity(worker._replace(dialogs=()), event, ActivityState.ENDED, reason)
    if worker.status is not Status.REGISTERED or event.by != "tmux":  # `down` ends agents too, and tells it by hook
        return worker
    seen = before.detail if before.state in (ActivityState.LIMITED, ActivityState.BLOCKED) else ""
    asked = {"gate": "stuck", "summary": seen or f"{reason} before it took its prompt", "context": reason}
    return open_escalation(worker, event._replace(data={**asked, "request": f"failed-{event.at}"}))


RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {
    "started": _started,
    "accepted": _accepted,
    "turn-ended": _turn_ended,
    "blocked": _blocked,
    "unblocked": _unblocked,
    "answered": dialogs.answer_dialog,
    "limited": _limited,
    "idle": _idle,
    "ended": _ended,
}
