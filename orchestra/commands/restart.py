"""`orchestra restart ID`: end the agent and start it again, in the same worktree and conversation."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import AnswerChannel, Status, Worker
from orchestra.errors import OrchestraError
from orchestra.workers import launch, stop, trust
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


def restart(project: Project, number: str, *, fresh: bool) -> Worker:
    """Start the agent again; `fresh` begins a new conversation with the first prompt. Nothing on disk is removed."""
    worker = worker_of(project.store, number)
    if worker.status not in LIVE:
        other = "resume" if worker.status is Status.PAUSED else "spawn"
        raise OrchestraError(f"#{number} is {worker.status.value}", f"orchestra {other} {number}")
    project.check_place()
    if fresh:
        trust.check_again(project, worker)
    stop.close(project, worker)
    if worker.escalation is not None and worker.escalation.request.startswith("failed-"):
        asked = worker.escalation
        answer = events.approved(project.who, asked.request, AnswerChannel.COMMAND, asked.summary)
        project.store.record(number, answer)
    started = launch.start_again(project, number, project.who, session=str(uuid.uuid4()) if fresh else "")
    refresh(project)
    return started
