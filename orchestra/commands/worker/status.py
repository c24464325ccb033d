"""`orchestra worker status STATUS`: the worker's own report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Worker
from orchestra.errors import OrchestraError
from orchestra.storage.files import write_atomic
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


def worker_status(project: Project, number: str, status: str, plan: str | None) -> Worker:
    """Record what the worker says it does, and keep its plan's text; raises OrchestraError when it may not say so."""
    kept = project.store.file(number, "plan.md")
    if plan is not None:
        write_atomic(kept, plan)
    event = events.reported("worker", status, kept if plan is not None else "")
    recorded = project.store.record(number, event)
    if recorded.worker is None or recorded.refused:
        raise OrchestraError(recorded.refused, f"see its state: orchestra worker show {number}")
    refresh(project)
    return recorded.worker
