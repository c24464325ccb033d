"""What the monitor has last found about files that several workers change: from a cache file, without asking git."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.radar import Meeting
from orchestra.core.records import Record
from orchestra.storage import json_cache

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestra.core.models import Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store


class Seen(Record):
    """What one look has found. `paths`: by worker, what the answer was made of, and the files."""

    paths: dict[str, tuple[str, tuple[str, ...]]]
    merges: dict[str, tuple[str, ...]]  # by the two commits: the files in which they conflict
    meetings: tuple[Meeting, ...]


def known(project: Project) -> Seen:
    """What the last look has found; empty before the first one."""
    return json_cache.read(_cache(project.store), _parsed, Seen({}, {}, ()))


def meetings(project: Project, workers: Iterable[Worker]) -> tuple[Meeting, ...]:
    """What the last look has found about workers that are still alive."""
    alive = {worker.id for worker in workers if worker.status in LIVE}
    found = known(project).meetings
    return tuple(one for one in found if one.first in alive and (one.second in alive or not one.second.isdecimal()))


def keep(project: Project, seen: Seen) -> None:
    """Keep what was found; a full disk costs the views their sentences, and nothing else."""
    rows = [one._asdict() for one in seen.meetings]
    json_cache.write(_cache(project.store), {"paths": seen.paths, "merges": seen.merges, "meetings": rows})


def _cache(store: Store) -> str:
    return os.path.join(store.cache, "radar.json")


def _parsed(found: Any) -> Seen:
    return Seen(
        {str(number): (str(key), tuple(map(str, files))) for number, (key, files) in found["paths"].items()},
        {str(pair): tuple(map(str, files)) for pair, files in found["merges"].items()},
        tuple(
            Meeting(str(one["first"]), str(one["second"]), tuple(map(str, one["files"])), one["conflict"] is True)
            for one in found["meetings"]
        ),
    )
