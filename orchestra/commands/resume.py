"""`orchestra resume ID`: go on with a paused worker, in its conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import budget, events
from orchestra.core.budget import Budget, Spent
from orchestra.core.models import Status, Worker
from orchestra.errors import OrchestraError, UsageError
from orchestra.workers import launch, spending
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project

NO_BUDGET = Budget()


def resume(project: Project, number: str, given: Budget = NO_BUDGET) -> Worker:
    """Record the resume, then open the pane; raises OrchestraError when it is not paused.

    `given`: what it may use in all from now on, also of a worker that is at work. Without it, a worker that has used up
    its budget gets as much again, and one that was stopped by the day's budget goes on today.
    """
    worker = worker_of(project.store, number)
    project.check_place()
    if given != NO_BUDGET or worker.status is Status.PAUSED:
        worker = _with_budget(project, worker, given)
    if given != NO_BUDGET and worker.status is not Status.PAUSED:
        return worker
    recorded = project.store.record(number, events.resumed(project.who))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be resumed: {recorded.refused}", f"see it: orchestra show {number}")
    worker = launch.start_again(project, number, project.who)
    refresh(project)
    return worker


def _with_budget(project: Project, worker: Worker, given: Budget) -> Worker:
    ledger = spending.read(project.store)
    used = spending.totals_of(ledger, worker) or Spent()
    today, limits = spending.day_of(project.now()), project.config.limits
    wanted = budget.of_worker(given, worker.budget)
    if names := budget.used_up(used, given, in_turn=False):
        raise UsageError(
            f"#{worker.id} has used {budget.figures(names, used, given)} already", "the limit is for all that it uses"
        )
    if given == NO_BUDGET:
        wanted = budget.once_more(used, worker.budget, limits.budget)
    over = budget.used_up(spending.on_day(ledger, today), limits.day.budget, in_turn=False)
    beyond = today if over else ""
    if (wanted, beyond) == (worker.budget, ""):
        return worker
    recorded = project.store.record(worker.id, events.budgeted(project.who, wanted, beyond))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{worker.id} cannot get a budget: {recorded.refused}")
    return recorded.worker
