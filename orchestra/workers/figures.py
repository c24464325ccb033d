"""Where a worker's time went and what it took, by its journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.dialogs import open_questions
from orchestra.core.lifecycle import machine
from orchestra.core.lifecycle.transitions import LIVE, TERMINAL, Refused
from orchestra.core.models import ActivityState, Event, Size, Status, Worker
from orchestra.core.records import Record
from orchestra.core.text import seconds_of
from orchestra.workers.token_usage import Tokens

if TYPE_CHECKING:
    from orchestra.storage.session_store import Store

WORKING = frozenset({Status.REGISTERED, Status.PLANNING, Status.WORKING})
UNSEEN_SECONDS = 600.0  # at most so long counts an agent as busy whose end was not seen: the machine was off


class Figures(Record):
    """One worker's figures. `worked`, `shipped`, `waited` (for the user) and `busy` in seconds, by the wall clock."""

    id: str
    status: Status
    worked: float = 0.0
    shipped: float = 0.0
    waited: float = 0.0
    asked: int = 0
    starts: int = 0
    tokens: Tokens | None = None
    busy: float = 0.0  # its agent was in a turn
    turns: int = 0  # that its agent has begun
    title: str = ""
    labels: tuple[str, ...] = ()
    agent: str = ""
    began: str = ""  # a stamp
    wall: float = 0.0  # from the claim to the merge, or until now
    answers: tuple[float, ...] = ()  # seconds from each time that it needed the user to the answer
    verify_failed: int = 0
    ci_failed: int = 0
    reviews: int = 0  # rounds of remarks that it was told of
    decided: int = 0  # requests that the user approved or denied
    size: Size | None = None  # of what it shipped last; None: not known
    cost: float | None = None  # by its agent's own count

    @property
    def merged(self) -> bool:
        """Whether its work is in the base."""
        return self.status is Status.MERGED


class Reading(Record):
    """The figures as of the last event of a journal, the worker then, and when that was."""

    figures: Figures
    state: Worker | None
    since: float


def accepted(journal: Iterable[tuple[Event, str]]) -> Iterable[Event]:
    """The events of a journal that were not refused."""
    return (event for event, refused in journal if not refused)


def figures(worker: Worker, journal: Iterable[Event], now: float) -> Figures:
    """Time by what the worker was in, from each event to the next; what is open now counts until now."""
    found = until(read(worker, journal, now), now)
    ended = seconds_of(worker.status_since) if worker.status in TERMINAL else None
    began = seconds_of(worker.started_at)
    return found._replace(
        title=worker.title,
        labels=worker.labels,
        agent=worker.agent,
        began=worker.started_at,
        wall=max(0.0, (ended or now) - began) if began else 0.0,
    )


def read(worker: Worker, journal: Iterable[Event], now: float) -> Reading:
    """The figures up to the last event."""
    found = Reading(Figures(worker.id, worker.status), None, now)
    for event in journal:
        found = _after(found, event)
    return found


def until(found: Reading, now: float) -> Figures:
    """The figures with what is open at `now` counted until then."""
    return _spent(found.figures, found.state, max(0.0, now - found.since))


def _after(before: Reading, event: Event) -> Reading:
    found, state, since = before
    at = seconds_of(event.at) or since
    seconds = max(0.0, at - since)
    found = _spent(found, state, seconds)
    if event.kind == "launched" and _is_busy(state):  # nothing tells when it ended
        found = found._replace(busy=found.busy - max(0.0, seconds - UNSEEN_SECONDS))
    asked = len(open_questions(state)) if state else 0
    try:
        after = machine.apply(state, event)
    except Refused:
        return Reading(found, state, at)
    more = max(0, len(open_questions(after)) - asked)
    begun = _is_busy(after) and (not _is_busy(state) or _turn(after) != _turn(state))
    if asked and not open_questions(after):
        found = found._replace(answers=(*found.answers, max(0.0, at - (_asked_at(state) or at))))
    found = _counted(found, event)._replace(
        asked=found.asked + more,
        starts=found.starts + (event.kind == "started"),
        turns=found.turns + (event.kind == "accepted" and begun),
    )
    return Reading(found, after, at)


def _asked_at(state: Worker | None) -> float | None:
    """When the oldest open question was asked."""
    asked = [seconds_of(one.asked_at) for one in open_questions(state)] if state else []
    return min((at for at in asked if at is not None), default=None)


def _counted(found: Figures, event: Event) -> Figures:
    """With what an event adds to what is counted by kind."""
    failed = not events.flag(event, "passed")
    what = events.fact(event, "what")
    return found._replace(
        verify_failed=found.verify_failed + (event.kind == "verified" and failed),
        ci_failed=found.ci_failed + (event.kind == "attempted" and what == "ci" and failed),
        reviews=found.reviews + events.has_review(event),
        decided=found.decided + (event.kind in ("approved", "answered")),
        size=events.size_of(event) or found.size,
    )


def _is_busy(state: Worker | None) -> bool:
    return state is not None and state.activity.state is ActivityState.BUSY


def _turn(state: Worker | None) -> str:
    return state.turn.prompt if state else ""


def _spent(found: Figures, state: Worker | None, seconds: float) -> Figures:
    if state is None:
        return found
    if _is_busy(state) and state.status in LIVE:
        found = found._replace(busy=found.busy + seconds)
    if open_questions(state):
        return found._replace(waited=found.waited + seconds)
    if state.status in WORKING:
        return found._replace(worked=found.worked + seconds)
    if state.status is Status.SHIPPING:
        return found._replace(shipped=found.shipped + seconds)
    return found


class Journals:
    """The figures of living workers, each journal read again only when it has grown."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[str, int], Reading]] = {}

    def figures(self, store: Store, workers: Iterable[Worker], now: float) -> Mapping[str, Figures]:
        """The figures of each worker by now."""
        kept, found = {}, {}
        for worker in workers:
            key = (worker.nonce, worker.journal_bytes)
            known = self._kept.get(worker.id)
            if known is None or known[0] != key:
                known = (key, read(worker, accepted(store.journal(worker.id)), now))
            kept[worker.id] = known
            found[worker.id] = until(known[1], now)
        self._kept = kept
        return found
