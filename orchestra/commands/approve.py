"""`orchestra approve ID`: let what a worker asks for pass, from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Escalation, Gate, How
from orchestra.errors import OrchestraError
from orchestra.workers import answers as answering
from orchestra.workers import delivery as guide
from orchestra.workers.answers import Decision
from orchestra.workers.overview import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra

_PASSES = (Gate.PERMISSION, Gate.PLAN, Gate.DOMAIN)  # what a yes alone answers, of several


def approve(orchestra: Orchestra, number: str, decision: Decision) -> tuple[Escalation, ...]:
    """Record the approval of just what is asked, and tell the worker; returns what was approved."""
    found = answering.questions(orchestra, number, decision)
    found = tuple(one for one in found if one.gate in _PASSES) or found[:1]
    for asked in found:
        if asked not in worker_of(orchestra, number).dialogs:
            _approve(orchestra, number, asked, decision.how)
        elif asked.gate is Gate.QUESTION:
            raise OrchestraError(f"#{number} asks to choose: {asked.summary}", f"answer it: orchestra tell {number} 1")
        else:
            answering.answer(orchestra, number, asked, "allow", decision.how)
    return found


def _approve(orchestra: Orchestra, number: str, asked: Escalation, how: How) -> None:
    """What the worker asked itself: its approval is on record, and the worker is told."""
    store = orchestra.store
    facts = {"request": asked.request, "how": how.value, "summary": asked.summary}
    if store.record(number, store.event("approved", orchestra.who, **facts)).refused:
        raise answering.too_late(orchestra, number, asked.request)
    words = {"text": f"Approved: {asked.summary}", "from": "human"}
    told = store.record(number, store.event("told", orchestra.who, **words))
    if told.worker is not None and not told.refused:
        guide.bring(orchestra, number, told.worker.guidance[-1].id, guide.PATIENCE)
    refresh(orchestra)
