"""What GitHub says of a worker's pull request, as rules of `lifecycle`. Pure."""

from __future__ import annotations

from orchestra.core.lifecycle.transitions import (
    AT_WORK,
    TERMINAL,
    Refused,
    close_escalation,
    open_escalation,
    text_at,
    with_status,
)
from orchestra.core.models import Event, Status, Worker
from orchestra.core.pull_json import pull_from_json
from orchestra.core.pull_request import Checks, Pull

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _pull(worker: Worker, event: Event) -> Worker:
    """What GitHub says of the pull request; `shipping` becomes `complete`, and `complete` `merged`, by this alone."""
    pull = pull_from_json(event.data["pullRequest"])
    if pull is None:
        raise Refused("a pull event without a pull request")
    worker = worker._replace(pull=pull, pull_url=text_at(event, "url") or worker.pull_url)
    if pull.state == "merged" and worker.status not in TERMINAL:
        done = worker._replace(escalation=None, stuck_reason=None, resume_status=None)
        return with_status(done, Status.MERGED, event)
    worker = _closed_or_opened(worker, pull, event)._replace(base=text_at(event, "base") or worker.base)
    good = ready(pull) and event.data.get("ours", True) is True
    if worker.status is Status.SHIPPING and good:
        return with_status(worker, Status.COMPLETE, event)
    if worker.status is Status.COMPLETE and not good:
        return with_status(worker, Status.SHIPPING, event)
    return worker


def _closed_or_opened(worker: Worker, pull: Pull, event: Event) -> Worker:
    """A pull request closed without a merge is a question to the user; opened again, the question is gone."""
    request = f"closed-{pull.number}"
    open_one = worker.escalation
    if pull.state == "open" and open_one is not None and open_one.request == request:
        return close_escalation(worker, event)
    if pull.state != "closed" or worker.status not in AT_WORK:
        return worker
    asked = {
        "gate": "review",
        "summary": f"PR #{pull.number} was closed without a merge",
        "options": ["reopen it on GitHub", f"orchestra cancel {worker.id}"],
        "request": request,
    }
    return open_escalation(worker, event._replace(kind="failed", data=asked))


def ready(pull: Pull) -> bool:
    """Worth a review: open, checks pass or there are none, nothing known to be unresolved, known to be mergeable."""
    calm = pull.checks in (Checks.NONE, Checks.PASSING) and not pull.unresolved
    return calm and pull.state == "open" and pull.mergeable is True and pull.review_decision != "CHANGES_REQUESTED"


def _landed(worker: Worker, event: Event) -> Worker:
    """Without a forge: the base branch holds the work now."""
    if worker.status is not Status.COMPLETE:
        raise Refused(f"it is {worker.status.value}")
    return with_status(worker, Status.MERGED, event)


RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {"pull": _pull, "landed": _landed}
