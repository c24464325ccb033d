"""`orchestra stats`: where the time, the tokens and the cost of each worker went, by its journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.storage import pruned
from orchestra.workers import receipts, spending, token_usage
from orchestra.workers.figures import Figures, accepted, figures
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Stats(Record):
    """The project's workers, by number."""

    project: str
    workers: tuple[Figures, ...]


def on_record(project: Project, number: str) -> str:
    """The number of a worker, removed or not; raises OrchestraError where there is none."""
    return number if number in pruned.numbers(project.store.root) else worker_of(project.store, number).id


def stats(project: Project, numbers: Sequence[str] = ()) -> Stats:
    """The figures of every worker on record and of those that were removed; or of these numbers."""
    workers = project.store.listing().workers
    used = token_usage.tokens_of(project, workers)
    now, ledger = project.now(), spending.read(project.store)
    found = []
    for one in workers:
        made = figures(one, accepted(project.store.journal(one.id)), now)._replace(tokens=used.get(one.id))
        found.append(receipts.with_cost(made, ledger, one))
    there = {one.id for one in workers}
    for number in pruned.numbers(project.store.root):
        removed = pruned.read(project.store.root, number) if number not in there else None
        if removed is not None:
            made = figures(removed.worker, accepted(removed.journal), now)
            spent = spending.totals_of(ledger, removed.worker)
            tokens = token_usage.in_all(spent.tokens) if spent and spent.tokens is not None else None
            found.append(receipts.with_cost(made._replace(tokens=tokens), ledger, removed.worker))
    kept = (one for one in found if not numbers or one.id in numbers)
    return Stats(project.key, tuple(sorted(kept, key=lambda one: int(one.id))))
