"""`orchestra worker escalate SUMMARY`: the worker opens a gate and waits for the user."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Escalation, Worker
from orchestra.errors import OrchestraError
from orchestra.workers.alerts import announce
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


def worker_escalate(project: Project, number: str, asked: Escalation) -> Worker:
    """Record the escalation under a fresh request id; raises OrchestraError when it may not be opened now."""
    event = events.escalated("worker", asked._replace(request=os.urandom(4).hex()))
    recorded = project.store.record(number, event)
    if recorded.worker is None or recorded.refused:
        raise OrchestraError(recorded.refused)
    announce(project)
    refresh(project)
    return recorded.worker
