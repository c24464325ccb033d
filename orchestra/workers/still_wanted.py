"""Whether a worker's work is still wanted, asked before an agent is brought back.

Its issue may have been closed, or its work merged, while the machine was off: then no agent works on. What cannot be
known holds up nobody. Of many workers that come back together the first asks GitHub, and the others read its answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import Event, Status, Worker
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.storage.files import locked, make_private
from orchestra.trackers.combined import is_local

if TYPE_CHECKING:
    from orchestra.github.poll_parsing import Poll
    from orchestra.github.poller import Poller
    from orchestra.project.context import Project

FRESH_SECONDS = 60.0  # an answer of this age is as good as a new one
ASK_SECONDS = 4.0  # for each wait: a network that hangs must not keep the agents
UNASKED = frozenset({"up", "monitor"})  # who brings agents back before the user has looked


def check_still_wanted(project: Project, worker: Worker, say: Callable[[str], None]) -> Worker:
    """The worker: paused when its issue was closed meanwhile, merged when its work was; else as it is."""
    if worker.activity.source not in UNASKED:
        return worker
    try:
        event = _local(project, worker) if project.tracker_name == "local" else _on_github(project, worker)
    except (OrchestraError, OSError) as wrong:
        say(f"could not check whether issue #{worker.id} is still open: {wrong}")
        return worker
    return (project.store.record(worker.id, event).worker or worker) if event else worker


def is_merged_locally(project: Project, worker: Worker) -> bool:
    """Without a forge the user merges by hand: the base branch then holds the worker's last commit."""
    tip = project.repository.branch_tip(worker.branch) if worker.status is Status.COMPLETE else None
    return tip is not None and tip != worker.base_commit and project.repository.holds(worker.base, tip)


def _local(project: Project, worker: Worker) -> Event | None:
    if is_merged_locally(project, worker):
        return events.landed("worker run")
    return _held(worker) if project.tracker.issue(worker.id).state == "closed" else None


def _on_github(project: Project, worker: Worker) -> Event | None:
    watch = project.watch_for(ASK_SECONDS)
    make_private(project.store.cache)
    with locked(os.path.join(project.store.cache, "standing.lock"), wait=3 * ASK_SECONDS):
        poll, old, _ = watch.last()
        if poll is None or old is None or old > FRESH_SECONDS:
            poll = watch.poll()
    return _merged(worker, poll) or (_held(worker) if _is_closed(project, watch, worker.id, poll) else None)


def _merged(worker: Worker, poll: Poll) -> Event | None:
    own = [seen for seen in poll.pulls if worker.pull is not None and seen.number == worker.pull.number]
    if worker.pull is None or not own or own[0].state != "merged":
        return None
    pull = worker.pull._replace(state="merged", head_sha=own[0].head_sha, observed_at=stamp(poll.at))
    return events.pull_seen("worker run", pull, own[0].url)


def _is_closed(project: Project, watch: Poller, number: str, poll: Poll) -> bool:
    """An issue that the poll does not show may only not have changed lately: it is asked for by itself."""
    if is_local(number):
        return project.tracker.issue(number).state == "closed"
    return all(issue.number != number for issue in poll.issues) and watch.issue_state(number) == "closed"


def _held(worker: Worker) -> Event:
    return events.paused("worker run", f"issue #{worker.id} was closed meanwhile")
