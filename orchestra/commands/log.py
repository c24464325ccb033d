"""`orchestra log ID`: everything that happened to a worker, in order; or everything its panes have shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.models import Event
from orchestra.errors import OrchestraError
from orchestra.workers import pane_log as scrollback
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


class Entry(NamedTuple):
    """One event of a journal, and why it was refused (empty: it was not)."""

    event: Event
    refused: str


def log(orchestra: Orchestra, number: str) -> tuple[Entry, ...]:
    """The worker's journal; raises OrchestraError when there is no such worker."""
    worker_of(orchestra, number)
    return tuple(Entry(event, refused) for event, refused in orchestra.store.journal(number))


def shown(orchestra: Orchestra, number: str) -> str:
    """What the worker's panes have shown, closed ones and the present one, as clean lines."""
    text = scrollback.read(orchestra, worker_of(orchestra, number))
    if not text:
        raise OrchestraError(f"no pane of #{number} has shown anything", f"what happened to it: orchestra log {number}")
    return text
