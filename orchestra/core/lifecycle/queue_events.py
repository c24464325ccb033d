"""What happens to a worker while it is queued, as rules of `lifecycle`. Pure."""

from __future__ import annotations

from orchestra.core.lifecycle.transitions import Refused, text_at, with_activity, with_status
from orchestra.core.models import ActivityState, Event, Status, Worker

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _queued(worker: Worker) -> Worker:
    if worker.status is not Status.QUEUED:
        raise Refused("it is not queued")
    return worker


def _dispatched(worker: Worker, event: Event) -> Worker:
    commit = text_at(event, "baseCommit") or worker.base_commit
    started = with_status(_queued(worker), Status.REGISTERED, event)._replace(base_commit=commit, on_hold=False)
    started = started._replace(stale_base=text_at(event, "staleBase"))
    return with_activity(started, event, ActivityState.STARTING)


def _blockers(worker: Worker, event: Event) -> Worker:
    """What it waits for, as the tracker says now."""
    after, blocked_by = (tuple(map(str, event.data.get(key) or ())) for key in ("after", "blockedBy"))
    return _queued(worker)._replace(after=after, blocked_by=blocked_by)


def _moved(worker: Worker, event: Event) -> Worker:
    order = event.data["order"]
    if type(order) is not int or abs(order) > 1_000_000:
        raise Refused("an order is a whole number")
    return _queued(worker)._replace(queue_order=order)


def _held(worker: Worker, _: Event) -> Worker:
    if _queued(worker).on_hold:
        raise Refused("it is already on hold")
    return worker._replace(on_hold=True)


def _released(worker: Worker, _: Event) -> Worker:
    if not _queued(worker).on_hold:
        raise Refused("it is not on hold")
    return worker._replace(on_hold=False)


RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {
    "dispatched": _dispatched,
    "blockers": _blockers,
    "queue-moved": _moved,
    "queue-held": _held,
    "queue-released": _released,
}
