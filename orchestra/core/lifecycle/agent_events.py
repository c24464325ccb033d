"""What the agent's hooks tell, as rules of `lifecycle`: what the agent process is doing now. Pure."""

from __future__ import annotations

from orchestra.core import dialogs, serialization
from orchestra.core.lifecycle.transitions import (
    advance_guidance,
    close_escalation,
    guidance_ids,
    open_escalation,
    send_guidance,
    text_at,
    with_activity,
    with_status,
)
from orchestra.core.models import LEFT, ActivityState, Delivery, Event, Status, Turn, Worker

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
    """The agent took a prompt. The first one starts the plan; what the user types in the pane answers what is open.

    A prompt of the running turn, or of a turn that is not told, waits in the agent's own queue: that the model was
    given it is proven later.
    """
    given, prompt = guidance_ids(event), text_at(event, "prompt")
    typed = is_typed(worker, event)
    running = worker.turn.prompt
    if worker.activity.state is ActivityState.BUSY and running and prompt in ("", running):
        worker = send_guidance(worker, given, event)
    else:
        kept = dialogs.open_after(worker, event)
        worker = advance_guidance(worker._replace(dialogs=kept), given, Delivery.DELIVERED)
    worker = worker._replace(turn=worker.turn._replace(prompt=prompt or running))
    worker = _held(worker, event) if worker.dialogs else with_activity(worker, event, ActivityState.BUSY)
    if worker.status is Status.REGISTERED:
        return with_status(worker, Status.PLANNING, event)
    if worker.status is Status.STUCK and not given and typed:
        return close_escalation(worker, event)
    return worker


def is_typed(worker: Worker, event: Event) -> bool:
    """Whether an accepted prompt may be the user's words: neither a message of the agent's own nor a scheduled one."""
    return bool(event.data.get("typed", True)) and text_at(event, "wording") not in worker.turn.scheduled


def _turn_ended(worker: Worker, event: Event) -> Worker:
    """The agent waits at its prompt, for words or for what it has left running in the background."""
    said, background = text_at(event, "said"), event.data.get("background")
    worker = advance_guidance(worker, guidance_ids(event), Delivery.DELIVERED)
    read = tuple(g.id for g in worker.guidance if g.state is Delivery.DELIVERED)
    worker = advance_guidance(worker, read, Delivery.READ)._replace(dialogs=dialogs.open_after(worker, event))
    scheduled = tuple(map(str, event.data.get("scheduled") or ()))
    worker = worker._replace(turn=Turn("", scheduled))
    if isinstance(background, int):  # in journals of earlier versions: how many tasks
        background = "its background task" if background else ""
    if worker.dialogs:
        return _held(worker, event)
    return with_activity(worker, event, ActivityState.WAITING, said, str(background or ""))


def _sent(worker: Worker, event: Event) -> Worker:
    """Guidance was sent: pasted, or handed over by a hook, which may keep the agent from ending its turn."""
    worker = send_guidance(worker, guidance_ids(event), event)
    return with_activity(worker, event, ActivityState.BUSY) if event.data.get("goesOn") else worker


def _unconfirmed(worker: Worker, event: Event) -> Worker:
    """Guidance was sent again and again, and nothing shows that the model was given it: the user is asked."""
    worker = advance_guidance(worker, guidance_ids(event), Delivery.UNCONFIRMED)
    if worker.escalation is not None:
        return worker
    return open_escalation(worker, event._replace(data={**event.data, "request": f"unconfirmed-{event.at}"}))


def _held(worker: Worker, event: Event) -> Worker:
    return with_activity(worker, event, ActivityState.BLOCKED, worker.dialogs[0].summary)


def _blocked(worker: Worker, event: Event) -> Worker:
    return dialogs.open_dialog(with_activity(worker, event, ActivityState.BLOCKED, text_at(event, "summary")), event)


def _unblocked(worker: Worker, event: Event) -> Worker:
    worker = dialogs.close_dialog(worker, event)
    if worker.dialogs or worker.activity.state not in (ActivityState.BLOCKED, ActivityState.UNKNOWN):
        return worker
    return with_activity(worker, event, ActivityState.BUSY)


def _limited(worker: Worker, event: Event) -> Worker:
    said, fix = text_at(event, "detail"), text_at(event, "mend")
    if said and fix and not said.endswith((".", "!", "?", "\u2026")):
        said += "."  # the API's words end as they like
    worker = with_activity(worker._replace(dialogs=()), event, ActivityState.LIMITED, f"{said} {fix}".strip())
    return worker._replace(limit=serialization.limit_from_json(event.data))


def _idle(worker: Worker, event: Event) -> Worker:
    """The agent waits at its prompt: its limit is over, or a dialog was dismissed, of which no hook tells."""
    over = worker.activity.state in (ActivityState.LIMITED, ActivityState.BLOCKED, ActivityState.UNKNOWN)
    said_no = worker.activity.state is ActivityState.BUSY and not worker.activity.source.startswith("hook:")
    return with_activity(worker._replace(dialogs=()), event, ActivityState.WAITING) if over or said_no else worker


def _unclear(worker: Worker, event: Event) -> Worker:
    """What the agent does is not known, until one of its hooks or its screen tells again. An open dialog stays."""
    if worker.dialogs:
        return worker
    return with_activity(worker, event, ActivityState.UNKNOWN, text_at(event, "reason"))


def _retrying(worker: Worker, event: Event) -> Worker:
    """The program asks its API again and again, or was answered. The turn goes on; it is not a sign of life."""
    doing, what = worker.activity, text_at(event, "what")
    if doing.state is not ActivityState.BUSY or doing.retrying == what:
        return worker
    since = doing.since if doing.retrying and what else event.at
    return worker._replace(activity=doing._replace(since=since, retrying=what))


def _ended(worker: Worker, event: Event) -> Worker:
    """The agent's process is gone. One that died before accepting it waits for the user, with what was seen.

    That the user ended it is told by its hook; the end of its pane, which tmux tells afterwards, does not change that.
    """
    before, reason = worker.activity, text_at(event, "reason")
    if before.state is ActivityState.ENDED and before.detail == LEFT:
        return worker
    worker = with_activity(worker._replace(dialogs=()), event, ActivityState.ENDED, reason)
    if worker.status is not Status.REGISTERED or event.by != "tmux":  # `down` ends agents too, and tells it by hook
        return worker
    seen = before.detail if before.state in (ActivityState.LIMITED, ActivityState.BLOCKED) else ""
    asked = {"gate": "stuck", "summary": seen or f"{reason} before accepting its prompt", "context": reason}
    return open_escalation(worker, event._replace(data={**asked, "request": f"failed-{event.at}"}))


def _moved(worker: Worker, event: Event) -> Worker:
    """The conversation goes on at another place, perhaps as a copy under another id: a resume goes on from there."""
    session, transcript = text_at(event, "session"), text_at(event, "transcript")
    return worker._replace(
        elsewhere=text_at(event, "where"),
        agent_session=session or worker.agent_session,
        transcript=transcript or worker.transcript,
    )


def _version(worker: Worker, event: Event) -> Worker:
    """The version of the program that runs: it keeps its own when the one on disk is updated."""
    return worker._replace(agent_version=text_at(event, "version"))


RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {
    "started": _started,
    "accepted": _accepted,
    "turn-ended": _turn_ended,
    "sent": _sent,
    "unconfirmed": _unconfirmed,
    "blocked": _blocked,
    "unblocked": _unblocked,
    "answered": dialogs.answer_dialog,
    "limited": _limited,
    "idle": _idle,
    "unclear": _unclear,
    "retrying": _retrying,
    "ended": _ended,
    "moved": _moved,
    "version": _version,
}
