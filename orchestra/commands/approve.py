"""`orchestra approve ID`: let what a worker asks for pass, from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import answering, guide
from orchestra.errors import OrchestraError
from orchestra.model import Escalation, Gate
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def approve(orchestra: Orchestra, number: str) -> Escalation:
    """Record the approval of just what is asked, and tell the worker; returns what was approved."""
    asked = answering.first_question(orchestra, number)
    if asked in worker_of(orchestra, number).dialogs:
        if asked.gate is Gate.QUESTION:
            raise OrchestraError(f"#{number} asks to choose: {asked.summary}", f"answer it: orchestra tell {number} 1")
        answering.answer(orchestra, number, asked, "allow")
        return asked
    store = orchestra.store
    recorded = store.record(
        number, store.event("approved", "human", request=asked.request, how="command", summary=asked.summary)
    )
    if recorded.refused:
        raise answering.too_late(orchestra, number, asked.request)
    told = store.record(number, store.event("told", "human", text=f"Approved: {asked.summary}", **{"from": "human"}))
    if told.worker is not None and not told.refused:
        guide.bring(orchestra, number, told.worker.guidance[-1].id, guide.PATIENCE)
    refresh(orchestra)
    return asked
