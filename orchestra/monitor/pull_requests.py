"""The GitHub half of a reconcile pass: what happened to each worker's pull request, and what its worker must hear.

Level-triggered: everything is compared with what is, and what a worker has been told of is kept in its session file
by the id of the check, comment or conflict. So a monitor killed anywhere tells nothing twice and forgets nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core import events
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Event, Status, Worker
from orchestra.core.pull_request import Checks, Pull
from orchestra.errors import OrchestraError, Unreachable
from orchestra.monitor import feedback
from orchestra.monitor.feedback import Item
from orchestra.workers import delivery, still_wanted

if TYPE_CHECKING:
    from orchestra.github.poller import Details, MergeState, Poll, Poller, PullSeen
    from orchestra.project.context import Project

_HEARS = frozenset({Status.SHIPPING, Status.COMPLETE, Status.WORKING, Status.PLANNING})
CALM_SECONDS = 25.0  # after a push, until "there are no checks" is believed


class ObservedPull(NamedTuple):
    """A worker's pull request with all that was asked about it."""

    worker: Worker
    seen: PullSeen
    details: Details
    pull: Pull


class PullRequests:
    """GitHub as one monitor sees it. What it remembers only saves requests."""

    def __init__(self) -> None:
        self.due = 0.0
        self.known: dict[str, tuple[object, ...]] = {}
        self.bare: dict[str, float] = {}  # head commits without a check, and when they were first seen

    def look(self, project: Project, say: Callable[[str], None]) -> None:
        """Ask GitHub if it is time, and act on what is new. Raises Unreachable with a sentence when it cannot."""
        workers = [worker for worker in project.store.listing().workers if worker.status in LIVE]
        if workers and project.tracker_name == "local":
            _see_landed(project, workers, say)
        if not workers or time.monotonic() < self.due or project.tracker_name != "github":
            return
        running = any(worker.status is Status.SHIPPING for worker in workers)
        self.due = time.monotonic() + project.poll_interval(running=running)
        poll = project.watch.poll()
        changed = [pair for worker in workers if (pair := self._changed(worker, poll)) is not None]
        if not changed:
            return
        states = {state.number: state for state in project.watch.merge_states([seen.number for _, seen in changed])}
        for worker, seen in changed:
            try:
                found = _asked(project.watch, worker, seen, states.get(seen.number))
            except Unreachable:
                raise
            except OrchestraError as wrong:  # of this pull request alone: the others go on
                say(f"#{worker.id}: {wrong.message}")
                continue
            found = found._replace(pull=_addressed(found, self._believed(found.pull, poll)))
            _act(project, found, say)
            self.known[worker.id] = () if _unsettled(found.pull) else _key(seen, poll)

    def _believed(self, pull: Pull, poll: Poll) -> Pull:
        """No checks right after a push may only mean: not yet. It is believed when it has stayed so for a while."""
        if pull.checks is not Checks.NONE:
            return pull
        since = self.bare.setdefault(pull.head_sha, time.monotonic())
        runs = [run for run in poll.runs if run.head_sha == pull.head_sha and run.status != "completed"]
        calm = not runs and time.monotonic() - since >= CALM_SECONDS
        return pull if calm else pull._replace(checks=Checks.PENDING)

    def _changed(self, worker: Worker, poll: Poll) -> tuple[Worker, PullSeen] | None:
        """The worker's pull request, when there is something new about it or something still to be known."""
        own = [seen for seen in poll.pulls if seen.head_ref == worker.branch and seen.head_repo_is_ours]
        if not own:
            return None
        seen = max(own, key=lambda one: (one.state == "open", one.number))
        if worker.pull is None and seen.state != "open":
            return None  # of an earlier life of this branch
        return None if self.known.get(worker.id) == _key(seen, poll) else (worker, seen)


def _see_landed(project: Project, workers: Iterable[Worker], say: Callable[[str], None]) -> None:
    """What a person merged by hand is merged."""
    for worker in workers:
        if still_wanted.is_merged_locally(project, worker):
            project.store.record(worker.id, events.landed("monitor"))
            say(f"#{worker.id} is merged: {worker.base} holds it")


def _key(seen: PullSeen, poll: Poll) -> tuple[object, ...]:
    runs = tuple(
        sorted((run.id, run.status, run.conclusion or "") for run in poll.runs if run.head_sha == seen.head_sha)
    )
    return (seen.number, seen.updated_at, seen.head_sha, seen.state, seen.base_ref, seen.draft, runs)


def _unsettled(pull: Pull) -> bool:
    """A running check of another system than Actions, and mergeability, change without moving `updated_at`."""
    return pull.state == "open" and (pull.checks is Checks.PENDING or pull.mergeable is None)


def _asked(watch: Poller, worker: Worker, seen: PullSeen, state: MergeState | None) -> ObservedPull:
    from orchestra.github.poller import pull_from_details

    details = watch.details(seen)
    return ObservedPull(worker, seen, details, pull_from_details(seen, details, state))


def _addressed(found: ObservedPull, pull: Pull) -> Pull:
    """A request for changes stands on GitHub until the reviewer looks again; one that was shipped after is met."""
    asked = [one.id for one in found.details.remarks if one.state == "CHANGES_REQUESTED"]
    met = found.worker.addressed
    if pull.review_decision == "CHANGES_REQUESTED" and asked and all(one in met for one in asked):
        return pull._replace(review_decision="REVIEW_REQUIRED")
    return pull


def _act(project: Project, found: ObservedPull, say: Callable[[str], None]) -> None:
    """Record what GitHub says, then tell the worker what it must hear."""
    worker, pull = found.worker, found.pull
    store = project.store
    ours = project.repository.holds(worker.branch, pull.head_sha)
    if worker.pull is None or worker.pull._replace(observed_at="") != pull._replace(observed_at=""):
        if worker.pull is None and worker.status in (Status.WORKING, Status.PLANNING):
            store.record(worker.id, events.shipped("monitor", pull, found.seen.url))
            say(f"#{worker.id} has a pull request that was opened by hand: {found.seen.url}")
        seen = events.pull_seen("monitor", pull, found.seen.url, ours=ours, base=found.seen.base_ref)
        recorded = store.record(worker.id, seen).worker or worker
        if recorded.status is not worker.status:
            say(f"#{worker.id} is {recorded.status.value}: PR #{pull.number}")
        worker = recorded
    if worker.status in _HEARS and pull.state == "open":
        _tell(project, worker, list(_items(project, found, ours=ours)), say)
        _count(project, worker, found, say)


def _items(project: Project, found: ObservedPull, *, ours: bool) -> Iterable[Item]:
    """Everything there is to say about this head, whether or not it has been said."""
    sha, told = found.pull.head_sha, frozenset(found.worker.fed)
    for check in found.details.checks:
        item = feedback.check_id(sha, check.name)
        if check.state == "failing":
            tail = project.watch.log_tail(check) if item not in told else ""
            yield feedback.failing_check(item, check.name, check.url, tail or check.summary)
    for remark in found.details.remarks:
        if feedback.is_heard(remark.author, remark.association, bot=remark.bot):
            made = feedback.remark(remark.id, remark.author, remark.state, remark.text, remark.path, remark.line)
            if made is not None:
                yield made
    if found.pull.mergeable is False and not _is_carried(project, found):
        files = project.repository.conflicts(found.worker.branch, found.seen.base_ref)
        yield feedback.conflict(sha, found.seen.base_ref, files)
    if not ours:
        yield feedback.foreign_head(sha, found.worker.branch)


def _is_carried(project: Project, found: ObservedPull) -> bool:
    """Whether a stacked branch is being carried over to its new base, which ends the conflict, or is not pushed yet."""
    worker = found.worker
    moved = project.repository.branch_tip(worker.branch) != found.pull.head_sha
    return bool(worker.parent) or (moved and any(item.startswith("stack:") for item in worker.fed))


def _tell(project: Project, worker: Worker, items: list[Item], say: Callable[[str], None]) -> None:
    """Record what is new as one piece of guidance; whether it is new is decided under the worker's lock."""
    told: list[Item] = []

    def make(current: Worker | None) -> Event | None:
        if current is None or current.status not in _HEARS:
            return None
        told[:] = [item for item in items if item.id not in current.fed]
        if not told:
            return None
        return events.told(
            "monitor",
            feedback.as_message(told),
            sender="monitor",
            about=[item.id for item in told],
            reopen=any(item.reopens for item in told),
            review=feedback.review(told, project.config.limits.review),
        )

    recorded = project.store.decide(worker.id, make).worker
    if told:
        delivery.announce_in_mailbox(project, worker.id)
        say(f"#{worker.id} is told of " + ", ".join(item.name for item in told))
    _say_stuck(worker, recorded, say)


def _say_stuck(before: Worker, after: Worker | None, say: Callable[[str], None]) -> None:
    if after is not None and after.status is Status.STUCK and before.status is not Status.STUCK:
        say(f"#{after.id} is stuck: {after.stuck_reason}")


def _count(project: Project, worker: Worker, found: ObservedPull, say: Callable[[str], None]) -> None:
    """Count CI failures without progress: the same signature on another head. At the limit a person is asked."""
    store, sha = project.store, found.pull.head_sha
    if found.pull.checks is Checks.PASSING and worker.attempts.ci:
        store.record(worker.id, events.attempt_passed("monitor", "ci"))
    if worker.status is Status.COMPLETE and worker.attempts.review:
        store.record(worker.id, events.attempt_passed("monitor", "review"))
    failing = [check for check in found.details.checks if check.state == "failing"]
    if not failing or worker.ci_counted == sha:
        return
    tails = "\n".join(f"{check.name}\n{project.watch.log_tail(check)}" for check in failing)
    summary = f"CI fails the same way ({', '.join(check.name for check in failing)})"
    failure = feedback.failure(summary, tails, project.config.limits.ci)
    recorded = store.record(worker.id, events.attempt_failed("monitor", "ci", failure, head=sha))
    _say_stuck(worker, recorded.worker, say)
