"""`orchestra log ID`: everything that happened to a worker, in order; or everything its panes have shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Event
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.storage import pruned
from orchestra.workers import pane_log
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Entry(Record):
    """One event of a journal, and why it was refused (empty: it was not)."""

    event: Event
    refused: str


def log(project: Project, number: str) -> tuple[Entry, ...]:
    """The worker's journal, of a removed one too; raises OrchestraError when there is no such worker."""
    removed = pruned.read(project.store.root, number) if project.store.read(number) is None else None
    if removed is None:
        worker_of(project.store, number)
    found = removed.journal if removed is not None else project.store.journal(number)
    return tuple(Entry(event, refused) for event, refused in found)


def shown(project: Project, number: str) -> str:
    """What the worker's panes have shown, closed ones and the present one, as clean lines."""
    text = pane_log.read(project, worker_of(project.store, number))
    if not text:
        raise OrchestraError(f"no pane of #{number} has shown anything", f"what happened to it: orchestra log {number}")
    return text
