"""`orchestra stats`: where the time and the tokens of each worker went, by its journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.dialogs import open_questions
from orchestra.core.lifecycle import machine
from orchestra.core.lifecycle.transitions import Refused
from orchestra.core.models import Event, Status, Worker
from orchestra.core.text import seconds_of
from orchestra.workers import token_usage
from orchestra.workers.token_usage import Tokens

if TYPE_CHECKING:
    from orchestra.project.context import Project

WORKING = frozenset({Status.REGISTERED, Status.PLANNING, Status.WORKING})


class Figures(NamedTuple):
    """One worker's figures. `worked`, `shipped` and `waited` (for a person) in seconds, by the wall clock."""

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


def stats(project: Project) -> Stats:
    """The figures of every worker on record."""
    workers = project.store.listing().workers
    used = token_usage.tokens_of(project, workers)
    found = (figures(one, _events(project, one.id), project.now()) for one in workers)
    return Stats(project.key, tuple(one._replace(tokens=used.get(one.id)) for one in found))


def _events(project: Project, number: str) -> Iterable[Event]:
    return (event for event, refused in project.store.journal(number) if not refused)


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
