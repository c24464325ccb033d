"""The order of the backlog: what an issue's text says it waits for, what waits for what, and who is next. Pure.

Standard library only: the bar's hook shows why a worker waits.
"""

from __future__ import annotations

from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Status, Worker
from orchestra.core.records import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

OCCUPYING = LIVE - {Status.COMPLETE}
DONE = frozenset({Status.COMPLETE, Status.MERGED})
HOLD = "on hold"


class Waiting(Record):
    """Another issue that a queued worker waits for, and how far that one is: `shipping`, `no worker yet`."""

    number: str
    state: str

    def __str__(self) -> str:
        return f"{label(self.number)} ({self.state})"


def label(number: str) -> str:
    """`#12`; an issue of another repository is `owner/repo#12` already."""
    return number if "#" in number else f"#{number}"


def waits_for(worker: Worker, known: Mapping[str, Worker]) -> tuple[Waiting, ...]:
    """What has to end before this worker may start.

    `after`, which the user gave, ends when the work is complete. `blocked_by`, which the tracker gave, ends when the
    issue is closed: with the merge of its worker, or, without a pull request, when its work is complete. The monitor
    takes those out of the list that were closed in another way. `parent`, on whose branch it builds, must have shipped.
    """
    wanted = {**dict.fromkeys(worker.blocked_by, _is_closed), **dict.fromkeys(worker.after, _is_complete)}
    if worker.parent and not worker.ignores_blockers:
        wanted[worker.parent] = _has_shipped
    return tuple(
        Waiting(number, _state(known.get(number)))
        for number, is_over in wanted.items()
        if number not in known or not is_over(known[number])
    )


def _is_complete(worker: Worker) -> bool:
    return worker.status in DONE


def _is_closed(worker: Worker) -> bool:
    return worker.status is Status.MERGED or (worker.status is Status.COMPLETE and worker.pull is None)


def _has_shipped(worker: Worker) -> bool:
    return worker.status in DONE or (worker.pull is not None and worker.status is not Status.CANCELLED)


def _state(worker: Worker | None) -> str:
    return "no worker yet" if worker is None or worker.status is Status.CANCELLED else worker.status.value


def reason(worker: Worker, known: Mapping[str, Worker], hold: str = "") -> str:
    """Why a queued worker waits, and what comes then: `for #124 (shipping), then a free place`.

    `hold`: what keeps every worker of its agent from starting.
    """
    if worker.on_hold:
        return f"{HOLD}: orchestra queue release {worker.id}"
    waits = waits_for(worker, known)
    if not waits:
        return f"for {hold or 'a free place'}"
    if around := cycle(worker.id, {number: waited(one) for number, one in known.items()}):
        return f"for ever: {arrows(around)} wait for each other"
    return f"for {', '.join(map(str, waits))}, then {hold or 'a free place'}"


def waited(worker: Worker) -> tuple[str, ...]:
    """All that a worker was told to wait for, over or not."""
    return (*worker.after, *worker.blocked_by, *filter(None, (worker.parent,)))


def cycle(start: str, waits: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A way from `start` along what waits for what back to `start`; empty when there is none."""
    came: dict[str, str] = {}
    ahead = [start]
    while ahead:
        number = ahead.pop()
        for other in waits.get(number, ()):
            if other == start:
                way = [number]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return (*reversed(way), start)
            if other not in came:
                came[other] = number
                ahead.append(other)
    return ()


def arrows(numbers: Iterable[str]) -> str:
    """`#1 -> #2 -> #1`."""
    return " -> ".join(label(number) for number in numbers)


def in_order(workers: Iterable[Worker], priorities: Sequence[str]) -> list[Worker]:
    """The queued workers in the order in which they would start if nothing held them up.

    What the user has moved keeps its place; then by the first label of `priorities` that an issue has, then by age.
    """

    def key(worker: Worker) -> tuple[int, int, str, int]:
        ranks = [place for place, name in enumerate(priorities) if name in worker.labels]
        return worker.queue_order, min(ranks, default=len(priorities)), worker.started_at, int(worker.id)

    return sorted((worker for worker in workers if worker.status is Status.QUEUED), key=key)


def startable(
    workers: Iterable[Worker], slots: int, priorities: Sequence[str], held: Callable[[Worker], bool] = lambda _: False
) -> list[Worker]:
    """The queued workers that may start now, in order: neither on hold nor waiting, as many as there are free slots.

    `held`: whether something keeps every worker of its agent from starting.
    """
    known = {worker.id: worker for worker in workers}
    free = free_slots(known.values(), slots)
    ready = [
        one for one in in_order(known.values(), priorities) if not (one.on_hold or held(one) or waits_for(one, known))
    ]
    return ready[:free]


def free_slots(workers: Iterable[Worker], slots: int) -> int:
    """How many more workers may run; a worker whose pull request waits for a review takes no slot."""
    return max(0, slots - sum(worker.status in OCCUPYING for worker in workers))


def moved(workers: Iterable[Worker], priorities: Sequence[str], number: str, place: int) -> dict[str, int]:
    """The queue order of each worker that must have a new one, to bring `number` to `place` (1 is the first).

    Workers that the user has placed come first; so do all those in front of the place, from now on.
    """
    queue = [worker.id for worker in in_order(workers, priorities) if worker.id != number]
    place = min(max(place, 1), len(queue) + 1)
    ahead = [*queue[: place - 1], number]
    now = {worker.id: worker.queue_order for worker in workers}
    lowest = min((now[one] for one in queue[place - 1 :]), default=0)
    wanted = {one: min(lowest, 0) - len(ahead) + at for at, one in enumerate(ahead)}
    return {one: order for one, order in wanted.items() if now[one] != order}
