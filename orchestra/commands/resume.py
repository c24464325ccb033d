"""`orchestra resume ID`: go on with a paused worker, in its conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Worker
from orchestra.errors import OrchestraError
from orchestra.workers import launch
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


def resume(project: Project, number: str) -> Worker:
    """Record the resume, then open the pane; raises OrchestraError when it is not paused."""
    worker_of(project, number)
    project.check_place()
    recorded = project.store.record(number, events.resumed(project.who))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be resumed: {recorded.refused}", f"see it: orchestra show {number}")
    worker = launch.start_again(project, number, project.who)
    refresh(project)
    return worker
