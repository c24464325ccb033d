"""Which workers change the same files, and in which order their branches are best merged. Pure."""

from __future__ import annotations

from orchestra.core.models import Status
from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from orchestra.core.models import Worker

MOST_FILES = 20  # kept of one meeting


class Meeting(Record):
    """Two sides that change the same files. `second` is a worker's number, or the name of the first one's base.

    `conflict`: git cannot merge what both have committed, and `files` are where; else they only change the same files.
    """

    first: str
    second: str
    files: tuple[str, ...]
    conflict: bool = False


class MergeStep(Record):
    """A worker in the order of merges, and what it will have to resolve with those before it."""

    number: str
    resolves: tuple[Meeting, ...] = ()


def overlaps(paths: Mapping[str, Collection[str]], apart: Collection[tuple[str, str]] = ()) -> list[Meeting]:
    """The pairs that change the same files, but for those in `apart`, which build on each other."""
    users: dict[str, list[str]] = {}
    for number in sorted(paths, key=int):
        for path in paths[number]:
            users.setdefault(path, []).append(number)
    shared: dict[tuple[str, str], list[str]] = {}
    for path in sorted(path for path, found in users.items() if len(found) > 1):
        for at, first in enumerate(users[path]):
            for second in users[path][at + 1 :]:
                shared.setdefault((first, second), []).append(path)
    return [
        Meeting(first, second, tuple(files[:MOST_FILES]))
        for (first, second), files in sorted(shared.items())
        if (first, second) not in apart and (second, first) not in apart
    ]


def related(workers: Iterable[Worker]) -> set[tuple[str, str]]:
    """The pairs of which one builds on the other, over however many in between."""
    parents = {worker.id: worker.parent for worker in workers}
    found: set[tuple[str, str]] = set()
    for number, parent in parents.items():
        lower = parent
        while lower and (number, lower) not in found:
            found.add((number, lower))
            lower = parents.get(lower, "")
    return found


def merge_order(workers: Iterable[Worker], meetings: Iterable[Meeting]) -> list[MergeStep]:
    """The order in which the fewest workers have a conflict to resolve: those that conflict least go first.

    A worker that builds on another one comes after it; else what is ready for a review comes first, and the oldest.
    """
    left = {worker.id: worker for worker in workers}
    conflicts = [one for one in meetings if one.conflict and one.first in left and one.second in left]
    done: list[MergeStep] = []
    merged: set[str] = set()

    def key(worker: Worker) -> tuple[int, int, bool, int]:
        mine = [one for one in conflicts if worker.id in (one.first, one.second)]
        behind = sum(not merged.isdisjoint((one.first, one.second)) for one in mine)
        return behind, len(mine), worker.status is not Status.COMPLETE, int(worker.id)

    while left:
        free = [worker for worker in left.values() if worker.parent not in left] or list(left.values())
        number = min(free, key=key).id
        mine = [one for one in conflicts if number in (one.first, one.second)]
        done.append(MergeStep(number, tuple(one for one in mine if not merged.isdisjoint((one.first, one.second)))))
        merged.add(number)
        del left[number]
    return done


def side(name: str) -> str:
    """`#124`, or the base's name."""
    return f"#{name}" if name.isdecimal() else name


def sentence(meeting: Meeting) -> str:
    """`#124 and #131 conflict in src/price.py`."""
    more = f" and {len(meeting.files) - 3} more" if len(meeting.files) > 3 else ""
    verb = "conflict in" if meeting.conflict else "both change"
    return f"{side(meeting.first)} and {side(meeting.second)} {verb} {', '.join(meeting.files[:3])}{more}"
