"""After a disk that took nothing: the ends of turns meanwhile are on no record, so the screens are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import ActivityState

if TYPE_CHECKING:
    from orchestra.core.models import Event, Worker
    from orchestra.project.context import Project


def doubt_the_busy(project: Project, workers: Iterable[Worker], say: Callable[[str], None]) -> None:
    """What a busy worker does is not known, until its screen (`unreported_dialogs`) or its next hook tells."""
    for worker in workers:
        if worker.status not in LIVE or worker.activity.state is not ActivityState.BUSY:
            continue

        def made(now: Worker | None, before: Worker = worker) -> Event | None:
            same = now is not None and now.activity == before.activity
            return events.unclear("monitor", "nothing could be recorded for a while", "") if same else None

        project.store.decide(worker.id, made)
        say(f"#{worker.id}: what it did while nothing could be recorded is not known; its screen is asked")
