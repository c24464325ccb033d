"""`orchestra approve ID`: let what a worker asks for pass, from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import guide
from orchestra.errors import OrchestraError
from orchestra.model import Escalation
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def approve(orchestra: Orchestra, number: str) -> Escalation:
    """Record the approval of just what is asked, and tell the worker; returns what was approved."""
    asked = worker_of(orchestra, number).escalation
    if asked is None:
        raise OrchestraError(f"#{number} asks for nothing", f"see it: orchestra show {number}")
    store = orchestra.store
    recorded = store.record(number, store.event("approved", "human", request=asked.request))
    if recorded.refused:
        raise OrchestraError(f"#{number}: {recorded.refused}", f"see it: orchestra show {number}")
    told = store.record(number, store.event("told", "human", text=f"Approved: {asked.summary}", **{"from": "human"}))
    if told.worker is not None and not told.refused:
        guide.bring(orchestra, number, told.worker.guidance[-1].id, guide.PATIENCE)
    refresh(orchestra)
    return asked
