"""`orchestra stats`: where the time and the tokens of each worker went, by its journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.storage import pruned
from orchestra.workers import token_usage
from orchestra.workers.figures import Figures, accepted, figures
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Stats(NamedTuple):
    """The project's workers, by number."""

    project: str
    workers: tuple[Figures, ...]


def stats(project: Project, numbers: Sequence[str] = ()) -> Stats:
    """The figures of every worker on record and of those that were removed; or of these numbers."""
    workers = project.store.listing().workers
    used = token_usage.tokens_of(project, workers)
    now = project.now()
    found = [
        figures(one, accepted(project.store.journal(one.id)), now)._replace(tokens=used.get(one.id)) for one in workers
    ]
    there = {one.id for one in workers}
    for number in pruned.numbers(project.store.root):
        removed = pruned.read(project.store.root, number) if number not in there else None
        if removed is not None:
            found.append(figures(removed.worker, accepted(removed.journal), now))
    for number in numbers:
        if number not in {one.id for one in found}:
            worker_of(project, number)  # raises, with what to do
    kept = (one for one in found if not numbers or one.id in numbers)
    return Stats(project.key, tuple(sorted(kept, key=lambda one: int(one.id))))
