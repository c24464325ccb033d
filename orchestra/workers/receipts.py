"""What a worker's work has taken, as one line and as the figures behind it, by its journal and the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestra.core import budget
from orchestra.core.models import Worker
from orchestra.core.text import short
from orchestra.workers import spending, token_usage
from orchestra.workers.figures import Figures, accepted, figures

if TYPE_CHECKING:
    from orchestra.project.context import Project


def of_worker(project: Project, worker: Worker) -> Figures:
    """The figures of a worker on record by now."""
    used = token_usage.tokens_of(project, project.store.listing().workers).get(worker.id)
    found = figures(worker, accepted(project.store.journal(worker.id)), project.now())
    return with_cost(found._replace(tokens=used), spending.read(project.store), worker)


def with_cost(found: Figures, ledger: spending.Ledger, worker: Worker) -> Figures:
    """The figures with the cost as it was last looked at."""
    spent = spending.totals_of(ledger, worker)
    return found._replace(cost=spent.cost if spent else None)


def line(found: Figures) -> str:
    """`Receipt: 2h10m, 48m at work, 12m for 3 answers of yours, 1.2M tokens, $3.10, 2 failed verifications`."""
    return "Receipt: " + ", ".join(parts(found))


def parts(found: Figures) -> Iterable[str]:
    """What there is to say, each in a few words; what the agent does not tell is left out."""
    yield f"{budget.duration(found.wall)} from the start"
    yield f"{budget.duration(found.busy)} at work in {_count(found.turns, 'turn')}"
    if found.asked:
        yield f"{budget.duration(found.waited)} waiting for {_count(found.asked, 'answer')}"
    if found.shipped:
        yield f"{budget.duration(found.shipped)} waiting for CI"
    if found.tokens:
        yield f"{short(found.tokens.usage.total)} tokens"
    if found.cost is not None:
        yield budget.money(found.cost)
    for failed, what in ((found.verify_failed, "failed verification"), (found.ci_failed, "CI failure")):
        if failed:
            yield _count(failed, what)
    if found.reviews:
        yield _count(found.reviews, "review round")
    if found.size:
        yield f"{_count(found.size.commits, 'commit')}, +{found.size.insertions} -{found.size.deletions}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
