"""`orchestra stats`: where the time and the tokens of each worker went, by its journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.dialogs import open_questions
from orchestra.core.lifecycle import machine
from orchestra.core.lifecycle.transitions import Refused
from orchestra.core.models import Event, Status, Worker
from orchestra.core.text import seconds_of
from orchestra.storage import pruned
from orchestra.workers import token_usage
from orchestra.workers.overview import worker_of
from orchestra.workers.token_usage import Tokens

if TYPE_CHECKING:
    from orchestra.project.context import Project

WORKING = frozenset({Status.REGISTERED, Status.PLANNING, Status.WORKING})


class Figures(NamedTuple):
    """One worker's figures. `worked`, `shipped` and `waited` (for the user) in seconds, by the wall clock."""

    id: str
    status: Status
    worked: float = 0.0
    shipped: float = 0.0
    waited: float = 0.0
    asked: int = 0
    starts: int = 0
    tokens: Tokens | None = None


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
        figures(one, _events(project.store.journal(one.id)), now)._replace(tokens=used.get(one.id)) for one in workers
    ]
    there = {one.id for one in workers}
    for number in pruned.numbers(project.store.root):
        removed = pruned.read(project.store.root, number) if number not in there else None
        if removed is not None:
            found.append(figures(removed.worker, _events(removed.journal), now))
    for number in numbers:
        if number not in {one.id for one in found}:
            worker_of(project, number)  # raises, with what to do
    kept = (one for one in found if not numbers or one.id in numbers)
    return Stats(project.key, tuple(sorted(kept, key=lambda one: int(one.id))))


def _events(journal: Iterable[tuple[Event, str]]) -> Iterable[Event]:
    return (event for event, refused in journal if not refused)


def figures(worker: Worker, events: Iterable[Event], now: float) -> Figures:
    """Time by what the worker was in, from each event to the next; what is open now counts until now."""
    found, state, since = Figures(worker.id, worker.status), None, now
    for event in events:
        at = seconds_of(event.at) or since
        found, since = _spent(found, state, max(0.0, at - since)), at
        before = len(open_questions(state)) if state else 0
        try:
            state = machine.apply(state, event)
        except Refused:
            continue
        more = max(0, len(open_questions(state)) - before)
        found = found._replace(asked=found.asked + more, starts=found.starts + (event.kind == "started"))
    return _spent(found, state, max(0.0, now - since))


def _spent(found: Figures, state: Worker | None, seconds: float) -> Figures:
    if state is None:
        return found
    if open_questions(state):
        return found._replace(waited=found.waited + seconds)
    if state.status in WORKING:
        return found._replace(worked=found.worked + seconds)
    if state.status is Status.SHIPPING:
        return found._replace(shipped=found.shipped + seconds)
    return found
