"""Who may start: the queue as it is on disk, and what its workers wait for as the tracker says now.

The rules are in `core/backlog`; here are the questions to the store and to the tracker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from orchestra.core import backlog, budget, events, start_hold
from orchestra.core.models import Issue, Status, Worker
from orchestra.core.start_hold import StartHold
from orchestra.errors import OrchestraError, Unreachable
from orchestra.storage import start_holds as kept
from orchestra.workers import spending

if TYPE_CHECKING:
    from orchestra.project.context import Project

MOST_FOLLOWED = 30  # issues that are asked for, to find one that would wait for itself


def blockers_of(project: Project, issue: Issue) -> tuple[str, ...]:
    """The open issues that must be done before `issue`, as the tracker says now."""
    return tuple(one.number for one in project.tracker.blockers(issue))


def check_cycle(project: Project, wanted: Worker) -> None:
    """Raise OrchestraError when a new worker would wait for itself, over whatever others."""
    known = {worker.id: backlog.waited(worker) for worker in (*project.store.listing().workers, wanted)}
    ahead, asked = list(known[wanted.id]), 0
    while ahead and asked < MOST_FOLLOWED:  # issues without a worker wait for others too
        other = ahead.pop()
        if other not in known:
            asked += 1
            known[other] = _looked_up(project, other)
            ahead += known[other]
    if around := backlog.cycle(wanted.id, known):
        raise OrchestraError(
            f"#{wanted.id} would wait for itself: {backlog.arrows(around)}",
            f"start it without waiting: orchestra spawn {wanted.id} --now",
        )


def _looked_up(project: Project, number: str) -> tuple[str, ...]:
    """What an issue without a worker waits for."""
    try:
        issue = project.tracker.issue(number)
        return blockers_of(project, issue) if issue.state == "open" else ()
    except Unreachable:
        raise
    except OrchestraError:  # of another repository, a pull request, or gone
        return ()


def startable(project: Project) -> list[Worker]:
    """The queued workers that may start now, in order, as the session files have it."""
    config, workers = project.config, project.store.listing().workers
    held = _held(project, workers)
    return backlog.startable(workers, config.workers.max, config.queue.priorities, held)


def _held(project: Project, workers: Iterable[Worker]) -> Callable[[Worker], bool]:
    """Whether a worker may not start for a while, as far as that is known now."""
    holds = start_holds(project, workers)
    return lambda worker: start_hold.of_agent(holds, worker.agent) is not None


def is_held(holds: Iterable[StartHold], worker: Worker, now: float) -> bool:
    """Whether no turn of a worker's agent may begin: it would end at the usage limit, or beyond the day's budget."""
    beyond = worker.beyond == spending.day_of(now)
    return any(hold.agent == worker.agent or not (hold.agent or beyond) for hold in holds)


def start_holds(project: Project, workers: Iterable[Worker]) -> tuple[StartHold, ...]:
    """What keeps workers from starting now, noted for those who show it."""
    now = project.now()
    found = (*start_hold.usage_limits(workers, now), *_day_used_up(project, now))
    kept.write(project.store.cache, found)
    return found


def _day_used_up(project: Project, now: float) -> tuple[StartHold, ...]:
    limits, spent = project.config.limits.day.budget, spending.today(project)
    names = budget.used_up(spent, limits, in_turn=False)
    what = f"today's budget ({budget.figures(names, spent, limits)})"
    return (StartHold(spending.end_of_day(now), what),) if names else ()


def reason(project: Project, worker: Worker) -> str:
    """Why a queued worker waits, and what comes then."""
    workers = project.store.listing().workers
    now = project.now()
    hold = start_hold.of_agent(start_holds(project, workers), worker.agent)
    return backlog.reason(worker, {other.id: other for other in workers}, hold.sentence(now) if hold else "")


def may_start(project: Project, wanted: Worker) -> bool:
    """Whether a new worker may start at once, or must wait: for others, for a slot, or behind those in the queue."""
    config = project.config
    workers = [worker for worker in project.store.listing().workers if worker.id != wanted.id]
    queued = wanted._replace(status=Status.QUEUED, started_at=wanted.started_at or "9999")
    held = _held(project, workers)
    chosen = backlog.startable([*workers, queued], config.workers.max, config.queue.priorities, held)
    return any(one.id == wanted.id for one in chosen)


def blocked_from_outside(project: Project) -> list[Worker]:
    """The queued workers that wait for an issue without a worker: only the tracker can tell when that is over."""
    workers = project.store.listing().workers
    known = {worker.id: worker for worker in workers if worker.status is not Status.CANCELLED}
    queued = backlog.in_order(workers, project.config.queue.priorities)
    return [one for one in queued if any(wait.number not in known for wait in backlog.waits_for(one, known))]


def refreshed(project: Project, worker: Worker) -> Worker:
    """A queued worker with what it waits for as the tracker says now: closed issues are done, new ones are added."""
    known = {other.id for other in project.store.listing().workers if other.status is not Status.CANCELLED}
    after = tuple(number for number in worker.after if number in known or _is_open(project, number))
    blocked_by = () if worker.ignores_blockers else blockers_of(project, project.tracker.issue(worker.id))
    if (after, blocked_by) == (worker.after, worker.blocked_by):
        return worker
    return project.store.record(worker.id, events.blockers("monitor", after, blocked_by)).worker or worker


def open_of(project: Project, after: Iterable[str]) -> tuple[str, ...]:
    """Those of the issues that are not closed; raises OrchestraError for one that does not exist."""
    known = project.store
    return tuple(n for n in after if known.read(n) is not None or project.tracker.issue(n).state == "open")


def _is_open(project: Project, number: str) -> bool:
    try:
        return project.tracker.issue(number).state == "open"
    except Unreachable:
        raise
    except OrchestraError:
        return True  # what cannot be looked up may still come
