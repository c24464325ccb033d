"""`orchestra log ID`: everything that happened to a worker, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestra.model import Event
from orchestra.view import worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


class Entry(NamedTuple):
    """One event of a journal, and why it was refused (empty: it was not)."""

    event: Event
    refused: str


def log(orchestra: Orchestra, number: str) -> tuple[Entry, ...]:
    """The worker's journal; raises OrchestraError when there is no such worker."""
    worker_of(orchestra, number)
    return tuple(Entry(event, refused) for event, refused in orchestra.store.journal(number))
