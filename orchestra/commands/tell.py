"""`orchestra tell ID TEXT`: guidance to a worker; it answers the worker's open question."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestra import answering, guide
from orchestra.errors import OrchestraError
from orchestra.guidance import sayable
from orchestra.model import Delivery, Gate, Worker
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


class Told(NamedTuple):
    """Guidance `id` for a worker, how far it has come, and whether it answered an open escalation."""

    worker: str
    id: str
    state: Delivery
    answered: bool


def tell(orchestra: Orchestra, number: str, words: str, patience: float = guide.PATIENCE) -> Told:
    """Record `words` as guidance, then bring them to the agent; raises OrchestraError when nothing can be told."""
    words = sayable(words).strip()
    if not words:
        raise OrchestraError("there is nothing to tell", f'give the words: orchestra tell {number} "..."')
    worker = worker_of(orchestra, number)
    dialog = next((one for one in worker.dialogs if one.gate is Gate.QUESTION), None)
    if dialog is not None:
        answering.answer(orchestra, number, dialog, "allow", answers=answering.answers(number, dialog, words))
        return Told(number, "", Delivery.DELIVERED, answered=True)
    return _guided(orchestra, worker, words, patience)


def _guided(orchestra: Orchestra, worker: Worker, words: str, patience: float) -> Told:
    number, asked = worker.id, worker.escalation
    answers = asked.request if asked is not None and asked.gate is not Gate.PERMISSION else None
    said = answering.chosen(asked.options, words) if asked is not None and answers is not None else words
    event = orchestra.store.event("told", "human", text=said, answers=answers, how="command", **{"from": "human"})
    recorded = orchestra.store.record(number, event)
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be told anything: {recorded.refused}")
    given = recorded.worker.guidance[-1]
    try:
        state = guide.bring(orchestra, number, given.id, patience)
    except OrchestraError:  # they stand on record: to end with an error now would have them told again
        state = Delivery.QUEUED
    refresh(orchestra)
    return Told(number, given.id, state, answers is not None)
