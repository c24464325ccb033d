"""Why an agent does not come up: its pane died, or its screen shows a dialog, a login, nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.agents.records import StartupProblem
from orchestra.core import events
from orchestra.core.models import Escalation, Gate, Pane, Worker
from orchestra.core.text import seconds_of
from orchestra.workers import hook_silence, start_slots
from orchestra.workers.start_slots import START_SECONDS
from orchestra.workers.worktree_setup import is_prepared

if TYPE_CHECKING:
    from orchestra.project.context import Project


def record_lost_pane(project: Project, worker: Worker, pane: Pane | None) -> str:
    """The pane of a starting worker died: the worker waits for the user, with the reason and its pane's last words."""
    screen = project.panes.capture(pane) if pane else ""
    seen = agents.agent(worker.agent).startup_problem(screen)
    status = f" with status {pane.exit_status}" if pane and pane.exit_status is not None else ""
    reason = f"the agent ended{status} before accepting its prompt" + (f". {seen.sentence} {seen.fix}" if seen else "")
    context = "\n".join(screen.strip().splitlines()[-5:])
    project.store.record(worker.id, events.failed("spawn", reason, context))
    return reason


def record_startup_problem(project: Project, worker: Worker, pane: Pane) -> str | None:
    """A dialog or a login screen in the way of the first prompt, recorded as what the agent does; None: none seen."""
    seen = agents.agent(worker.agent).startup_problem(project.panes.drawn(pane))
    launched = max(worker.activity.since, worker.launched_at)  # after its wait for a place
    waited = project.now() - (seconds_of(launched) or project.now())
    if (
        seen is None
        and is_prepared(project.store, worker)
        and waited > START_SECONDS
        and not start_slots.in_line(project, worker.id)
    ):
        seen = StartupProblem("silent", f"The agent took no prompt in {START_SECONDS:.0f} s.", "Attach to it and look.")
    if seen is None:
        return None
    if seen.kind == "silent" and (unheard := hook_silence.unheard_start(project, worker, pane)):
        return unheard  # the monitor records it, and that it is over
    said = f"{seen.sentence} {seen.fix}"
    if seen.kind in agents.LIMITS:
        project.store.record(worker.id, events.limited("spawn", seen.kind, seen.sentence, seen.fix))
    else:
        project.store.record(worker.id, events.blocked("spawn", Escalation(Gate.PERMISSION, said)))
    return said
