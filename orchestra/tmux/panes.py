"""What tmux answers: the panes of our session as rows, and what is found among them. Pure."""

from __future__ import annotations

import re

from orchestra.core.models import Pane, PanePlan, WindowPlan
from orchestra.core.records import Record
from orchestra.tmux.commands import WORKERS

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

# Numbers and our own words only; the project last.
ROW = (
    "#{session_id}|#{window_id}|#{window_panes}|#{window_zoomed_flag}"
    "|#{pane_id}|#{pane_dead}|#{pane_dead_status}|#{pane_dead_signal}|#{pane_pid}"
    # A pane with a worker's tag in which the user has started something else (respawn-pane) is not the worker's.
    "|#{?#{@orchestra_started},#{?#{==:#{@orchestra_started},#{pane_start_command}},#{@orchestra_worker},}"
    ",#{@orchestra_worker}}"
    "|#{@orchestra_nonce}|#{@orchestra_pane}|#{@orchestra_part}|#{@orchestra_window}"
    # tmux 3.7 leaves out conditions silently once a line has taken 100 ms, as on a busy machine: then also this one.
    "|#{?pane_id,.,}"
    "|#{@orchestra_project}"
)
_FIELDS = ROW.count("|") + 1


class PaneRow(Record):
    """A pane of our session as `list-panes` tells it."""

    session: str
    window: str
    crowd: int  # panes in its window
    zoomed: bool
    pane: str
    dead: bool
    exit_status: int | None
    pid: int
    worker: str
    nonce: str
    place: str  # of its plan in its window
    part: str  # what it is to a layout: a role, or a name for what a shell runs; empty: not a layout's
    key: str
    reaped: bool  # tmux knows how its program ended
    whole: bool = True  # tmux had the time to answer all of it

    @property
    def role(self) -> str:
        """The role of its window, empty for one that is not ours."""
        return self.key.partition(".")[0]


def parse_panes(text: str, project: str) -> Iterator[PaneRow]:
    """The panes of the project's session; a line that does not read is skipped, it may be anybody's."""
    for line in text.split("\n"):
        parts = line.split("|", _FIELDS - 1)
        if len(parts) == _FIELDS and parts[-1] == project and (row := _row(parts)) is not None:
            yield row


def _row(parts: Sequence[str]) -> PaneRow | None:
    session, window, crowd, zoomed, pane, dead, status, signal, pid, worker, nonce, place, part, key, last, _ = parts
    try:
        code = int(status) if status else 128 + int(signal) if signal.isdigit() else None
        gone = dead == "1"
        marks = (worker, nonce, place, part, key, bool(status or signal), last == ".")
        number = int(pid) if pid or not gone else 0  # some versions name no process that has ended
        return PaneRow(session, window, int(crowd), zoomed == "1", pane, gone, code if gone else None, number, *marks)
    except ValueError:
        return None


def windows_by_key(plans: Iterable[WindowPlan]) -> list[tuple[str, WindowPlan]]:
    """Each window with panes, and what it is recognised by when we come back: role, number of that role, name."""
    seen: dict[str, int] = {}
    keys = []
    for plan in plans:
        seen[plan.role] = seen.get(plan.role, 0) + 1
        slug = re.sub(r"[^A-Za-z0-9_-]", "_", plan.name)
        if plan.panes:
            keys.append((f"{plan.role}.{seen[plan.role]}.{slug}", plan))
    return keys


def pane_from_row(row: PaneRow) -> Pane:
    """The row as our noun."""
    return Pane(row.pane, row.worker, row.nonce, row.window, row.dead, row.exit_status, row.pid)


def matches(row: PaneRow, target: Pane | str) -> bool:
    """Whether this is the very pane (its worker and nonce too), or in a window of that role."""
    if isinstance(target, str):
        return row.role == target
    return (row.pane, row.worker, row.nonce) == (target.id, target.worker, target.nonce)


def dead_plans(
    found: Iterable[PaneRow], plans: Iterable[tuple[str, WindowPlan]], parts: Collection[str] = ()
) -> Iterator[tuple[PaneRow, PanePlan]]:
    """Dead panes of the planned windows, each with its plan, and living ones that are one of `parts`; no worker's."""
    wanted = {
        (key, str(place), pane.options.get("@orchestra_worker", "")): pane
        for key, plan in plans
        for place, pane in enumerate(plan.panes)
    }
    for row in found:
        plan = wanted.get((row.key, row.place, row.worker))
        if (row.dead or row.part in parts) and plan is not None:
            yield row, plan


def window_with_space(seen: Iterable[PaneRow], per_window: int) -> tuple[int, str]:
    """The number of the next window for workers, and the id of one that has room and is not zoomed, or nothing."""
    shared = [row for row in seen if row.role == WORKERS]
    numbers = (re.match(r"\w+\.(\d+)\.", row.key) for row in shared)
    number = 1 + max((int(found[1]) for found in numbers if found), default=0)
    return number, next((row.window for row in shared if row.crowd < per_window and not row.zoomed), "")
