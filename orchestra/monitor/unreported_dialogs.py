"""A dialog of which no hook told, as the screen shows it; and a screen that is not understood, said to be unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra import agents, processes
from orchestra.core import events
from orchestra.core.attention import ObservedWorker, last_sign
from orchestra.core.models import ActivityState
from orchestra.core.text import clean_lines
from orchestra.core.waiting import pause
from orchestra.workers.screen_dialogs import AGAIN_SECONDS, as_question

if TYPE_CHECKING:
    from orchestra.core.models import Event, Pane, Worker
    from orchestra.project.context import Project
    from orchestra.tmux.pane_io import PaneIO

QUIET_SECONDS = 10.0  # without a word from the agent: a dialog's own hook has come by then
_LOOKED_AT = (ActivityState.BUSY, ActivityState.WAITING, ActivityState.BLOCKED, ActivityState.UNKNOWN)
MOST_SCREEN = 4000


def record_unreported(project: Project, worker: Worker, pane: Pane, say: Callable[[str], None]) -> None:
    """Record what the screen asks when no hook has told of it, or that it is not understood.

    Two looks must show the same. A pane that the user is in is theirs: what they open there is not reported. A program
    that Ctrl-Z has suspended is continued: a pane has no shell from which the user could do that.
    """
    if worker.activity.state not in _LOOKED_AT or worker.dialogs or not is_quiet(project, worker):
        return
    if agents.agent(worker.agent).suspended(project.panes.drawn(pane)):
        processes.continue_process(pane.pid)
        say(f"#{worker.id} was suspended by Ctrl-Z and is continued")
        return
    if worker.activity.state is not ActivityState.BLOCKED and project.panes.watched(pane):
        return
    seen = _seen(project.panes, worker, pane)
    if seen is None:
        return
    pause(AGAIN_SECONDS)
    if _seen(project.panes, worker, pane) != seen:
        return

    def made(now: Worker | None) -> Event | None:
        same = now is not None and (now.dialogs, now.activity) == (worker.dialogs, worker.activity)
        return seen if same else None

    if not project.store.decide(worker.id, made).refused:
        say(f"#{worker.id} {events.fact(seen, 'summary') or events.fact(seen, 'reason')}")


def is_quiet(project: Project, worker: Worker) -> bool:
    """Whether the agent has told nothing for so long that its screen is asked."""
    if worker.activity.state is ActivityState.BLOCKED:
        return True  # the agent has told that something is open, but not what
    told = ObservedWorker(worker, heartbeat=project.store.heartbeat(worker.id))
    return project.now() - last_sign(told) > QUIET_SECONDS


def _seen(panes: PaneIO, worker: Worker, pane: Pane) -> Event | None:
    """What to record about the screen; None while its prompt box is there, or nothing new is."""
    agent, screen = agents.agent(worker.agent), panes.drawn(pane)
    if agent.composer_text(screen) is not None:
        if worker.activity.state is not ActivityState.UNKNOWN or not worker.activity.detail:
            return None
        return events.unblocked("monitor", "") if agent.at_work(screen) else events.idle("monitor")
    found = agent.read_dialog(screen)
    if found is not None:
        return events.blocked("monitor", as_question(found))
    if worker.activity.state in (ActivityState.BLOCKED, ActivityState.UNKNOWN) or agent.understood(screen):
        return None
    reason = f"its pane shows no prompt and nothing else that is known: look, orchestra attach {worker.id}"
    return events.unclear("monitor", reason, clean_lines(panes.capture(pane), MOST_SCREEN).strip())
