"""Whether the issue of a live worker is still open: closed, moved, deleted or locked, it is said and never acted on.

The poll lists the open issues that changed last. One that is not among them is asked for by itself: at once where it
has just left the list, else now and then, so that a look costs one conditional request more at most.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Worker
from orchestra.github.responses import Deleted, Missing
from orchestra.trackers.combined import is_local

if TYPE_CHECKING:
    from orchestra.github.poll_parsing import Poll
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

AGAIN_SECONDS = 300.0  # until an issue that is not listed is asked for again
MOST_AT_ONCE = 5  # issues that have just left the list, asked for in one look


class IssueWatch:
    """The issues of live workers. What it remembers only saves requests."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}

    def look(self, project: Project, workers: Iterable[Worker], poll: Poll, say: Callable[[str], None]) -> None:
        """Record what became of each issue. Raises Unreachable where GitHub gives no sensible answer."""
        wanted = {worker.id: worker for worker in workers if worker.status in LIVE and not is_local(worker.id)}
        listed = {issue.number: issue for issue in poll.issues}
        for number in wanted.keys() & listed.keys():
            self._asked.pop(number, None)
            locked = listed[number].locked
            _record(project.store, wanted[number], f"issue #{number} is locked: {locked}" if locked else "", say)
        here = next((pull.base_repo for pull in poll.pulls if pull.base_repo), "")
        for number in self._due([worker for worker in wanted.values() if worker.id not in listed]):
            self._asked[number] = time.monotonic()
            _record(project.store, wanted[number], _fate(project, number, here), say)

    def _due(self, workers: Iterable[Worker]) -> list[str]:
        """The issues to ask for now: those that were not asked yet, else the one whose answer is oldest."""
        in_order = sorted(workers, key=lambda one: (bool(one.issue_note), int(one.id)))
        new = [one.id for one in in_order if one.id not in self._asked]
        if new:
            return new[:MOST_AT_ONCE]
        oldest = min((one.id for one in in_order), key=lambda number: self._asked[number], default=None)
        late = oldest is not None and time.monotonic() - self._asked[oldest] >= AGAIN_SECONDS
        return [oldest] if oldest is not None and late else []


def _fate(project: Project, number: str, here: str) -> str:
    """What became of an issue, in a sentence; empty while it is open."""
    try:
        found = project.watch.issue_fate(number, here)
    except Deleted as gone:
        disabled = "disabled" in gone.message
        found = gone.message if disabled else f"issue #{number} was deleted, or made a discussion"
    except Missing:
        found = f"GitHub does not show issue #{number} any more: it was deleted, or this token may not see it"
    return f"{found}; the worker goes on, unless you end it: orchestra cancel {number}" if found else ""


def _record(store: Store, worker: Worker, note: str, say: Callable[[str], None]) -> None:
    if note != worker.issue_note:
        store.record(worker.id, events.issue_seen("monitor", note))
        say(note or f"issue #{worker.id} is open again")
