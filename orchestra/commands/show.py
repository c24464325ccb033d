"""`orchestra show ID`: one worker in full, and of a removed one what its journal holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from orchestra.core import budget
from orchestra.core.attention import ObservedWorker
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Event
from orchestra.core.records import Record
from orchestra.core.state import shown
from orchestra.core.text import clean, clean_lines, seconds_of
from orchestra.errors import OrchestraError
from orchestra.git import worktree_state
from orchestra.storage import pruned
from orchestra.workers import git_config_guard, receipts, slots, spending, token_usage, worktree_setup
from orchestra.workers.environment import sentences
from orchestra.workers.figures import Figures, accepted, figures
from orchestra.workers.overview import WorkerRow, row_of, worker_of

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project

MOST_FILES = 20


class WorkerReport(Record):
    """A worker's row, its journal (each event, and why it was refused), its changed files; `removed` by prune."""

    row: WorkerRow
    journal: tuple[tuple[Event, str], ...]
    files: tuple[str, ...] = ()
    removed: bool = False
    variables: Mapping[str, str] = MappingProxyType({})  # its slot, and `env:` of the config as filled in
    address: str = ""
    apart: tuple[str, ...] = ()  # what of the user's environment it has otherwise
    receipt: Figures | None = None  # what its work has taken


def show(project: Project, number: str) -> WorkerReport:
    """One worker as it is shown; raises OrchestraError when there is none and none was removed."""
    if project.store.read(number) is None:
        return _removed(project, number)
    used = token_usage.tokens_of(project, project.store.listing().workers).get(number)
    row = row_of(project, number)
    limits = budget.of_worker(row.worker.budget, project.config.limits.budget)
    spent = spending.totals_of(spending.read(project.store), row.worker)
    row = row._replace(tokens=used, warning=_warning(project, row.worker), spent=spent, budget=limits)
    own, address = slots.variables(project, row.worker), slots.address(project, row.worker)
    journal = tuple(project.store.journal(number))
    made = figures(row.worker, accepted(journal), project.now())._replace(tokens=used)
    return WorkerReport(
        row,
        journal,
        _files(project, row.worker),
        variables=own,
        address=address,
        apart=sentences(project, row.worker) if project.repository.ready(row.worker.worktree) else (),
        receipt=made._replace(cost=spent.cost if spent else None),
    )


def _warning(project: Project, worker: Worker) -> str:
    """What stops git for every worker, or what the user's hand has made of this one's worktree."""
    if (said := git_config_guard.warning(project)) or worker.status not in LIVE:
        return said
    if not worktree_setup.is_prepared(project.store, worker):
        return ""
    wrong = worktree_state.problem(project.repository, worker.worktree, worker.branch)
    return f"{wrong.what}; {wrong.hint or f'orchestra restart {worker.id} makes it again'}" if wrong else ""


def _removed(project: Project, number: str) -> WorkerReport:
    found = pruned.read(project.store.root, number)
    if found is None:
        worker_of(project.store, number)  # raises, with what to do
        raise OrchestraError(f"there is no worker #{number}")
    now = project.now()
    seen = ObservedWorker(found.worker, None, open=False)
    state = shown(seen, now, project.config.limits.silent)
    since = seconds_of(found.worker.status_since) or now
    row = WorkerRow(seen, None, state, max(0.0, now - since), None, max(0.0, now - state.since))
    made = receipts.with_cost(
        figures(found.worker, accepted(found.journal), now), spending.read(project.store), found.worker
    )
    return WorkerReport(row, found.journal, removed=True, receipt=made)


def _files(project: Project, worker: Worker) -> tuple[str, ...]:
    """The files the worker has changed, as `git diff --stat` prints them; none where that cannot be asked."""
    try:
        if not project.repository.ready(worker.worktree):
            return ()
        lines = clean_lines(project.change_of(worker).stat()).splitlines()
    except OrchestraError:
        return ()
    found = [clean(line.strip()) for line in lines[:-1]]
    return (*found[:MOST_FILES], *([f"and {len(found) - MOST_FILES} more"] if len(found) > MOST_FILES else ()))
