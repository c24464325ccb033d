"""`orchestra tell ID TEXT`: guidance to a worker; it answers the worker's open question."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.guidance import sayable
from orchestra.core.models import Delivery
from orchestra.errors import OrchestraError
from orchestra.workers import answers as answering
from orchestra.workers import delivery as guide
from orchestra.workers.answers import Decision
from orchestra.workers.overview import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


class Told(NamedTuple):
    """Guidance `id` for a worker, how far it has come, and whether it answered an open escalation."""

    worker: str
    id: str
    state: Delivery
    answered: bool


def tell(orchestra: Orchestra, number: str, words: str, decision: Decision, patience: float = guide.PATIENCE) -> Told:
    """Record `words` as guidance, then bring them to the agent; raises OrchestraError when nothing can be told."""
    words = sayable(words).strip()
    if not words:
        raise OrchestraError("there is nothing to tell", f'give the words: orchestra tell {number} "..."')
    worker = worker_of(orchestra, number)
    asked = answering.choosing(worker) if decision.shown != () else None
    if decision.shown and (asked is None or asked.request not in decision.shown):
        raise answering.too_late(orchestra, number, decision.shown[0])
    if asked is not None and asked in worker.dialogs:
        given = answering.answers(number, asked, words)
        answering.answer(orchestra, number, asked, "allow", decision.how, answers=given)
        return Told(number, "", Delivery.DELIVERED, answered=True)
    text = answering.chosen(asked.options, words) if asked is not None else words
    said = answering.reply(orchestra, number, asked, text, decision.how)
    try:
        state = guide.bring(orchestra, number, said.id, patience)
    except OrchestraError:  # they stand on record: to end with an error now would have them told again
        state = Delivery.QUEUED
    refresh(orchestra)
    return Told(number, said.id, state, asked is not None)
