"""What GitHub says of a worker's pull request, as rules of `lifecycle`. Pure."""

from __future__ import annotations

from orchestra.core.json_fields import list_at
from orchestra.core.lifecycle.transitions import (
    AT_WORK,
    TERMINAL,
    Refused,
    close_escalation,
    open_escalation,
    require_unfinished,
    text_at,
    with_status,
)
from orchestra.core.models import ActivityState, Event, Status, Worker
from orchestra.core.pull_json import pull_from_json
from orchestra.core.pull_request import Pull
from orchestra.core.text import seconds_of
from orchestra.core.verdict import Outcome, Topic, closed_sentence, facts_of, verdict

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _pull(worker: Worker, event: Event) -> Worker:
    """What GitHub says of the pull request: the status follows from its verdict, and `merged` from nothing else."""
    pull = pull_from_json(event.data["pullRequest"])
    if pull is None:
        raise Refused("a pull event without a pull request")
    green = tuple(map(str, list_at(event.data, "greenChecks"))) or worker.green
    worker = worker._replace(pull=pull, pull_url=text_at(event, "url") or worker.pull_url, green=green)
    if pull.state == "merged" and worker.status not in TERMINAL:
        done = worker._replace(escalation=None, stuck_reason=None, resume_status=None)
        return with_status(done, Status.MERGED, event)
    worker = _closed_or_opened(worker, pull, event)._replace(base=text_at(event, "base") or worker.base)
    status = status_by_verdict(worker, event.at)
    if status is Status.COMPLETE and worker.status is Status.STUCK:
        worker = close_escalation(worker, event)
    return with_status(worker, status, event)


def status_by_verdict(worker: Worker, at: str) -> Status:
    """The status that follows from the verdict on the worker's pull request `at` this time (a stamp)."""
    if worker.pull is None or worker.pull.state != "open":
        return worker.status
    found = verdict(facts_of(worker, heard=at), seconds_of(at) or 0.0)
    if found.outcome is Outcome.READY:
        return Status.COMPLETE if worker.status in _DERIVED or _is_moot(worker) else worker.status
    if worker.status is Status.COMPLETE:
        return Status.SHIPPING
    rests = found.topic not in (Topic.AGENT, Topic.GUIDANCE) and found.outcome in (Outcome.WAITING, Outcome.USER)
    at_prompt = worker.activity.state is ActivityState.WAITING
    return Status.SHIPPING if worker.status is Status.WORKING and rests and at_prompt else worker.status


_DERIVED = frozenset({Status.PLANNING, Status.WORKING, Status.SHIPPING, Status.COMPLETE})


def _is_moot(worker: Worker) -> bool:
    """Stuck by what the monitor saw (the same failure again, an end without a ship), which is over."""
    return worker.status is Status.STUCK and worker.escalation is not None and worker.escalation.raised_by == "monitor"


def _closed_or_opened(worker: Worker, pull: Pull, event: Event) -> Worker:
    """A pull request closed without a merge is a question to the user; opened again, the question is gone."""
    request = f"closed-{pull.number}"
    open_one = worker.escalation
    if pull.state == "open" and open_one is not None and open_one.request.startswith("closed-"):
        return close_escalation(worker, event)
    if pull.state == "closed" and worker.status is Status.PAUSED:
        return worker._replace(held=f"PR #{pull.number} was {closed_sentence(pull)}")
    if pull.state != "closed" or worker.status not in AT_WORK:
        return worker
    asked = {
        "gate": "review",
        "summary": f"PR #{pull.number} was {closed_sentence(pull)}",
        "options": ["reopen it on GitHub", f"orchestra cancel {worker.id}"],
        "request": request,
    }
    return open_escalation(worker, event._replace(kind="failed", data=asked))


def _landed(worker: Worker, event: Event) -> Worker:
    """Without a forge: the base branch holds the work now."""
    if worker.status is not Status.COMPLETE:
        raise Refused(f"it is {worker.status.value}")
    return with_status(worker, Status.MERGED, event)


def _issue(worker: Worker, event: Event) -> Worker:
    """What became of its issue: said, and decides nothing."""
    require_unfinished(worker)
    return worker._replace(issue_note=text_at(event, "text"))


RULES: Mapping[str, Callable[[Worker, Event], Worker]] = {"pull": _pull, "landed": _landed, "issue": _issue}
