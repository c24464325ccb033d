"""What the agent's hooks tell, as rules of `lifecycle`: what the agent process is doing now. Pure."""

from __future__ import annotations

from orchestra.core import dialogs
from orchestra.core.lifecycle.transitions import answered, doing, escalated, ids, mark, text, to
from orchestra.core.models import Delivery, Doing, Event, Status, Worker

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _started(worker: Worker, event: Event) -> Worker:
    """The agent is up. After `/clear` it goes on under a new conversation id, which a resume must know."""
    session = text(event, "session") or worker.agent_session
    state = worker.activity.state
    calm = state if text(event, "source") == "compact" else Doing.WAITING
    worker = worker._replace(agent_session=session)
    transcript = text(event, "transcript")
    if transcript:
        worker = worker._replace(extra={**worker.extra, "transcriptPath": transcript})
    return doing(worker._replace(dialogs=()), event, calm)


def _accepted(worker: Worker, event: Event) -> Worker:
    """The agent took a prompt. The first one starts the plan; a person's words in the pane answer what is open."""
    given = ids(event)
    worker = doing(mark(worker._replace(dialogs=()), given, Delivery.DELIVERED), event, Doing.BUSY)
    if worker.status is Status.REGISTERED:
        return to(worker, Status.PLANNING, event)
    if worker.status is Status.STUCK and not given and bool(event.data.get("typed", True)):
        return answered(worker, event)
    return worker


def _turn_ended(worker: Worker, event: Event) -> Worker:
    said = text(event, "said")
    worker = mark(worker, ids(event), Delivery.DELIVERED)
    read = tuple(g.id for g in worker.guidance if g.state is Delivery.DELIVERED)
    worker = mark(worker, read, Delivery.READ)._replace(dialogs=())
    return doing(worker, event, Doing.BUSY if event.data.get("background") else Doing.WAITING, said)


def _blocked(worker: Worker, event: Event) -> Worker:
    return dialogs.opened(doing(worker, event, Doing.BLOCKED, text(event, "summary")), event)


def _unblocked(worker: Worker, event: Event) -> Worker:
    worker = dialogs.closed(worker, event)
    if worker.dialogs or worker.activity.state is not Doing.BLOCKED:
        return worker
    return doing(worker, event, Doing.BUSY)


def _limited(worker: Worker, event: Event) -> Worker:
    detail = " ".join(part for part in (text(event, "detail"), text(event, "mend")) if part)
    worker = doing(worker._replace(dialogs=()), event, Doing.LIMITED, detail)
    return worker._replace(extra={**worker.extra, "limit": dict(event.data)})


def _idle(worker: Worker, event: Event) -> Worker:
    """The agent waits at its prompt: its limit is over, or a dialog was dismissed, of which no hook tells."""
    over = worker.activity.state in (Doing.LIMITED, Doing.BLOCKED)
    return doing(worker._replace(dialogs=()), event, Doing.WAITING) if over else worker


def _ended(worker: Worker, event: Event) -> Worker:
    """The agent's process is gone. One that died before it took its prompt waits for a person, with what was seen."""
    before, reason = worker.activity, text(event, "reason")
    worker = doing(worker._replace(dialogs=()), event, Doing.ENDED, reason)
    if worker.status is not Status.REGISTERED or event.by != "tmux":  # `down` ends agents too, and tells it by hook
        return worker
    seen = before.detail if before.state in (Doing.LIMITED, Doing.BLOCKED) else ""
    asked = {"gate": "stuck", "summary": seen or f"{reason} before it took its prompt", "context": reason}
    return escalated(worker, event._replace(data={**asked, "request": f"failed-{event.at}"}))


RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {
    "started": _started,
    "accepted": _accepted,
    "turn-ended": _turn_ended,
    "blocked": _blocked,
    "unblocked": _unblocked,
    "answered": dialogs.answered,
    "limited": _limited,
    "idle": _idle,
    "ended": _ended,
}
