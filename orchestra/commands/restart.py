"""`orchestra restart ID`: end the agent and start it again, in the same worktree and conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Status, Worker
from orchestra.core.text import new_session
from orchestra.errors import OrchestraError
from orchestra.workers import launch, trust
from orchestra.workers import stop as ending
from orchestra.workers.overview import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def restart(orchestra: Orchestra, number: str, *, fresh: bool) -> Worker:
    """Start the agent again; `fresh` begins a new conversation with the first prompt. Nothing on disk is removed."""
    worker = worker_of(orchestra, number)
    if worker.status not in LIVE:
        other = "resume" if worker.status is Status.PAUSED else "spawn"
        raise OrchestraError(f"#{number} is {worker.status.value}", f"orchestra {other} {number}")
    if fresh:
        trust.check_again(orchestra, worker)
    ending.end(orchestra, worker)
    if worker.escalation is not None and worker.escalation.request.startswith("failed-"):
        answer = orchestra.store.event("approved", orchestra.who, request=worker.escalation.request, how="command")
        orchestra.store.record(number, answer)
    started = launch.start_again(orchestra, number, orchestra.who, session=new_session() if fresh else "")
    refresh(orchestra)
    return started
