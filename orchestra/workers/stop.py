"""End what runs for a worker: its pane, and the processes of its agent that outlive a pane. Nothing on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core.models import ActivityState, Event, Pane, Status, Worker
from orchestra.errors import OrchestraError
from orchestra.workers import pane_log, teardown
from orchestra.workers.overview import pane_of, worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


FOLDED = frozenset({Status.MERGED, Status.CANCELLED})  # nothing of such a worker needs a pane


def stop(project: Project, number: str, said: Event, *, for_good: bool = False) -> Worker:
    """Record that the user paused or cancelled a worker, then end what runs of it; see `close`."""
    worker_of(project.store, number)  # raises, with what to do, where there is none
    recorded = project.store.record(number, said)
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be {said.kind}: {recorded.refused}")
    try:
        close(project, recorded.worker, for_good=for_good)
    finally:
        refresh(project)
    return recorded.worker


def close(project: Project, worker: Worker, *, for_good: bool = False) -> None:
    """Close the worker's pane and wait for the end of its processes; raises when one of them would not end.

    `for_good`: the project's `teardown` runs between the two, while what `setup` has started still answers.
    """
    pane = pane_of(project, worker)
    if pane is not None:
        pane_log.save(project, pane)  # the user's word goes on, on a full disk too
        project.panes.close(pane)
    try:
        if for_good:
            teardown.run(project, worker)
    finally:
        end_processes([worker])


def close_finished_pane(project: Project, worker: Worker, pane: Pane) -> bool:
    """Put a finished worker's pane away: not under the eyes of the user, not while its agent works, nothing lost."""
    if (
        worker.activity.state in (ActivityState.STARTING, ActivityState.BUSY)
        and not pane.dead
        and worker.status is Status.MERGED
    ):
        return False
    if project.panes.watched(pane) or not pane_log.save(project, pane):
        return False
    close(project, worker)
    return True


def end_processes(workers: Iterable[Worker]) -> None:
    """End whatever these workers' agents have left running; raises when one would not end even by KILL."""
    left = processes.end_marked({worker.nonce for worker in workers})
    if left:
        pids = " ".join(map(str, left))
        raise OrchestraError(f"processes of a worker do not end: {pids}", f"look: ps -o pid,stat,wchan,args -p {pids}")


def stop_orphans(project: Project, worker: Worker) -> None:
    """End an agent that outlived its pane, before the next one starts: one conversation has one agent."""
    if processes.MARK not in project.environ:  # from the agent's own shell it would be its own end
        end_processes([worker])
