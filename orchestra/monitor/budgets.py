"""Hold every worker and the day to their budgets: warn before, stop at the limit, go on when the day is over.

A worker that is stopped rests as one that the user paused: its agent ends, its conversation, worktree and commits stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from orchestra.core import budget, events
from orchestra.core.budget import Budget, Spent
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import ActivityState, Event, Status, Worker
from orchestra.core.start_hold import clock
from orchestra.core.text import seconds_of, stamp
from orchestra.errors import OrchestraError
from orchestra.workers import delivery, launch, spending, stop
from orchestra.workers.spending import Spending

if TYPE_CHECKING:
    from orchestra.config.schema import Limits
    from orchestra.project.context import Project

_AT_WORK = frozenset({ActivityState.STARTING, ActivityState.BUSY, ActivityState.BLOCKED})
_UNFINISHED = frozenset({Status.REGISTERED, Status.PLANNING, Status.WORKING})


def any_at_work(workers: Iterable[Worker], limits: Limits) -> bool:
    """Whether a worker that has a limit is at work."""
    return any(
        worker.activity.state in _AT_WORK
        and worker.status in LIVE
        and (limits.day.budget, budget.of_worker(worker.budget, limits.budget)) != (Budget(), Budget())
        for worker in workers
    )


def keep(project: Project, spent: Spending, say: Callable[[str], None]) -> None:
    """Warn and stop every worker by what has been used."""
    limits = project.config.limits
    day, now = limits.day.budget, project.now()
    over_today = budget.used_up(spent.today, day, in_turn=False)
    for worker in project.store.listing().workers:
        if worker.status is Status.PAUSED:
            _go_on(project, worker, say)
        elif worker.status in LIVE and worker.id in spent.workers:
            own = budget.of_worker(worker.budget, limits.budget)
            used = spent.workers[worker.id]
            if names := budget.used_up(used, own, in_turn=worker.activity.state in _AT_WORK):
                _stop(project, worker, f"its budget is used up: {budget.figures(names, used, own)}", "", say)
            elif over_today and worker.beyond != spending.day_of(now):
                figures = budget.figures(over_today, spent.today, day)
                end = spending.end_of_day(now)
                why = f"today's budget is used up: {figures}; it goes on at {clock(end, now)}"
                _stop(project, worker, why, stamp(end), say)
            else:
                _warn(project, worker, used, own, say)


def needs_a_turn(worker: Worker) -> bool:
    """Whether a worker uses more now, or will: one whose change waits for CI or for a review does not."""
    return worker.activity.state in _AT_WORK or worker.status in _UNFINISHED


def _stop(project: Project, worker: Worker, why: str, until: str, say: Callable[[str], None]) -> None:
    """Pause it with the reason and with what it has so far; decided on what it is under its lock."""
    if not needs_a_turn(worker):
        return
    reason = f"{why}{_so_far(project, worker)}"
    stopped: list[Worker] = []

    def decide(now: Worker | None) -> Event | None:
        if now is None or now.status not in LIVE or now.budget != worker.budget or not needs_a_turn(now):
            return None
        stopped.append(now)
        return events.paused("monitor", reason, until)

    if project.store.decide(worker.id, decide).refused or not stopped:
        return
    say(f"#{worker.id} stops: {reason}")
    stop.close(project, worker)


def close_paused(project: Project, worker: Worker) -> bool:
    """End the agent of a paused worker that works on: whoever paused it was killed before."""
    if worker.status is not Status.PAUSED or worker.activity.state not in (*_AT_WORK, ActivityState.WAITING):
        return False
    stop.close(project, worker)
    project.store.record(worker.id, events.ended("monitor", "it was paused"))
    return True


def _so_far(project: Project, worker: Worker) -> str:
    """`; it has 2 commits, and 3 files changed`."""
    try:
        change = project.change_of(worker)
        commits, files = change.commits(), len(project.repository.dirty(worker.worktree))
    except (OrchestraError, ValueError):
        return ""
    return f"; it has {_count(commits, 'commit')} and {_count(files, 'file')} not committed, which stay"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _go_on(project: Project, worker: Worker, say: Callable[[str], None]) -> None:
    """Resume a worker that was stopped for the rest of a day, once that is over."""
    until = seconds_of(worker.held_until) if worker.held_until else None
    if until is None or project.now() < until:
        return
    recorded = project.store.record(worker.id, events.resumed("monitor"))
    if recorded.worker is not None and not recorded.refused:
        launch.start_again(project, worker.id, "monitor")
        say(f"#{worker.id} goes on: {worker.held}")


def _warn(project: Project, worker: Worker, used: Spent, own: Budget, say: Callable[[str], None]) -> None:
    """Tell a worker once, for each limit, that it comes near."""
    for name in budget.nearly_used_up(used, own):
        figures = budget.figures((name,), used, own)
        text = (
            f"You have used {figures}; at the limit you are stopped, and the user is asked. Commit what you have. "
            "If it is done: `orchestra worker ship`. If it needs more than what is left: `orchestra worker escalate`."
        )
        about = f"budget:{name}:{getattr(own, name)}"
        if needs_a_turn(worker) and delivery.tell_once(project, worker.id, about, text, among=LIVE):
            say(f"#{worker.id} has used {figures}: it is told so")
