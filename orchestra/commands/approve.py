"""`orchestra approve ID`: let what a worker asks for pass, from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import guide
from orchestra.errors import OrchestraError
from orchestra.model import Escalation, Worker
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def approve(orchestra: Orchestra, number: str) -> Escalation:
    """Approve the open escalation and tell the worker; returns what was approved."""
    worker = worker_of(orchestra, number)
    asked = worker.escalation
    if asked is None:
        raise OrchestraError(f"#{number} asks for nothing", f"see it: orchestra show {number}")
    store = orchestra.store
    recorded = store.record(number, store.event("approved", "human", request=asked.request))
    if recorded.refused:
        raise OrchestraError(f"#{number}: {recorded.refused}", f"see it: orchestra show {number}")
    said = store.record(number, store.event("told", "human", text=f"Approved: {asked.summary}", **{"from": "human"}))
    _bring(orchestra, said.worker)
    refresh(orchestra)
    return asked


def _bring(orchestra: Orchestra, worker: Worker | None) -> None:
    if worker is not None and worker.guidance:
        guide.bring(orchestra, worker.id, worker.guidance[-1].id, 15.0)
