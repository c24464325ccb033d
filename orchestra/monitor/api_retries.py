"""Whether a worker's program asks its API again and again, as its screen alone tells: it is not silent then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.models import ActivityState
from orchestra.monitor.unreported_dialogs import is_quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestra.core.models import Event, Pane, Worker
    from orchestra.project.context import Project

OVER_SECONDS = 20.0  # without the words on the screen: between two tries they are not there


def record_retries(
    project: Project, worker: Worker, pane: Pane, shown_at: dict[str, float], say: Callable[[str], None]
) -> None:
    """Record that the program of a busy worker retries, and why; and that it does so no longer.

    `shown_at`: by worker, when its screen last said so.
    """
    doing = worker.activity
    if doing.state is not ActivityState.BUSY or not (doing.retrying or is_quiet(project, worker)):
        return
    now, why = project.now(), agents.agent(worker.agent).retrying(project.panes.drawn(pane))
    if why:
        shown_at[worker.id] = now
    elif not doing.retrying or now - shown_at.setdefault(worker.id, now) < OVER_SECONDS:
        return
    if why == doing.retrying:
        return

    def made(found: Worker | None) -> Event | None:
        same = found is not None and found.activity == doing
        return events.retrying("monitor", why) if same else None

    if not project.store.decide(worker.id, made).refused:
        say(f"#{worker.id} {why or 'goes on: its API has answered'}")
