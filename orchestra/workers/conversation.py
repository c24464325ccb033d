"""What an agent is started with: its files, and the first words of a new or a resumed conversation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.guidance import as_one_message
from orchestra.core.models import ActivityState, Delivery, Gate, Guidance, Launch, Status, Worker
from orchestra.storage.files import text_or_empty, write_atomic
from orchestra.workers.environment import agent_environment

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

FIRST = "first-prompt.md"  # prompt.md holds what the present launch says, this what the first one said


def write_launch(project: Project, worker: Worker) -> Launch:
    """Write the agent's files and say what to run: the old conversation where there is one, else the prompt."""
    agent = agents.agent(worker.agent)
    environment = agent_environment(project, worker)
    resume = agent.conversation_exists(worker.agent_session, environment)
    if not resume:
        worker = _begun(project.store, worker, agent.session_to_begin(worker.agent_session, environment))
    words = resume_words(worker, _missed(worker)) if resume else text_or_empty(project.store.file(worker.id, FIRST))
    options = project.options(worker.agent)
    options = options._replace(model=worker.model or options.model, plan=worker.plan_mode or options.plan)
    if options.plan == "review" and any(one.get("gate") == Gate.PLAN for one in worker.approvals):
        options = options._replace(plan="reviewed")
    context = project.context(worker)._replace(status_line=agent.users_status_line(environment))
    launch = agent.launch(context, options, resume=resume, say=words)
    for name, text in launch.files.items():
        write_atomic(project.store.file(worker.id, name), text, mode=0o700 if name.endswith(".sh") else 0o600)
    heartbeat = project.store.file(worker.id, "heartbeat")
    if not os.path.exists(heartbeat):  # the agent's `sh` touches it: it would make it readable for all
        write_atomic(heartbeat, "")
        os.utime(heartbeat, (0, 0))
    return launch


def _missed(worker: Worker) -> list[Guidance]:
    """Guidance that the conversation does not hold: never delivered, or lost with a killed agent's last moments."""
    open_ones = [g for g in worker.guidance if g.state is not Delivery.READ]
    path = worker.transcript
    had = agents.agent(worker.agent).accepted_in(path, 0, [g.id for g in open_ones]) if path else set()
    return [g for g in open_ones if g.id not in had]


def _begun(store: Store, worker: Worker, session: str) -> Worker:
    """The worker with the conversation it begins: the agent may not take an id twice, even of one that never began."""
    if session == worker.agent_session:
        return worker
    return store.record(worker.id, events.launched("worker run", session)).worker or worker


def resume_words(worker: Worker, missed: Sequence[Guidance]) -> str:
    """What a resumed agent is told: the guidance it has not had, or to go on when it was cut off in its work."""
    if missed:
        return as_one_message(missed)
    if worker.status in (Status.STUCK, Status.COMPLETE, Status.PAUSED):
        return ""
    if (
        worker.activity.detail in (ActivityState.WAITING, ActivityState.LIMITED)
        and worker.status is not Status.REGISTERED
    ):
        return ""
    return "Guidance g0 from orchestra:\nYou were interrupted by a restart. Look at where you were, and go on."
