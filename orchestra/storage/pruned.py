"""Read the files of workers that were removed: `sessions/<project>/pruned/124-<time>.json` and `.jsonl`."""

from __future__ import annotations

import os

from orchestra.core import serialization
from orchestra.core.lifecycle import machine
from orchestra.core.records import Record
from orchestra.core.text import is_id
from orchestra.storage.files import names_in, read_text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from orchestra.core.models import Event, Worker

MOST_JOURNAL = 64 * 1024 * 1024
PRUNED = "pruned"


class PrunedWorker(Record):
    """A removed worker as it was last, and its journal: each event, and why it was refused (empty: it was not)."""

    worker: Worker
    journal: tuple[tuple[Event, str], ...]


def numbers(root: str) -> list[str]:
    """The numbers of which removed workers are kept below `root`, in order."""
    found = {name.partition("-")[0] for name in names_in(os.path.join(root, PRUNED)) if name.endswith(".jsonl")}
    return sorted((number for number in found if is_id(number)), key=int)


def read(root: str, number: str) -> PrunedWorker | None:
    """The worker of that number that was removed last; None when there is none that can be read."""
    place = os.path.join(root, PRUNED)
    marks = sorted(name for name in names_in(place) if name.startswith(f"{number}-") and name.endswith(".jsonl"))
    if not is_id(number) or not marks:
        return None
    journal = _journal(os.path.join(place, marks[-1]))
    worker = machine.fold([event for event, refused in journal if not refused])
    return PrunedWorker(worker, journal) if worker is not None else None


def _journal(path: str) -> tuple[tuple[Event, str], ...]:
    try:
        lines = read_text(path, MOST_JOURNAL).split("\n")[:-1]
    except OSError:
        return ()
    found = []
    for line in lines:
        try:
            found.append(serialization.event_from_line(line))
        except serialization.BadSnapshot:
            continue
    return tuple(found)
