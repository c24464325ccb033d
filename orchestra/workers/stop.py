"""End what runs for a worker: its pane, and the processes of its agent that outlive a pane. Nothing on disk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core.models import Doing, Pane, Status, Worker
from orchestra.errors import OrchestraError
from orchestra.workers import pane_log as scrollback
from orchestra.workers.overview import pane_of, refresh, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


FOLDED = frozenset({Status.MERGED, Status.CANCELLED})  # nothing of such a worker needs a pane


def rest(orchestra: Orchestra, number: str, kind: str) -> Worker:
    """Record that a person laid a worker to rest (`paused`, `cancelled`), then end what runs of it."""
    worker = worker_of(orchestra, number)
    recorded = orchestra.store.record(number, orchestra.store.event(kind, orchestra.who))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be {kind}: {recorded.refused}")
    end(orchestra, worker)
    refresh(orchestra)
    return recorded.worker


def end(orchestra: Orchestra, worker: Worker) -> None:
    """Close the worker's pane and wait for the end of its processes; raises when one of them would not end."""
    pane = pane_of(orchestra, worker)
    if pane is not None:
        scrollback.keep(orchestra, pane)  # the person's word goes on, on a full disk too
        orchestra.tmux.close(pane)
    end_processes([worker])


def fold(orchestra: Orchestra, worker: Worker, pane: Pane) -> bool:
    """Put a finished worker's pane away: not under the eyes of a person, not while its agent works, nothing lost."""
    if worker.activity.state in (Doing.STARTING, Doing.BUSY) and not pane.dead and worker.status is Status.MERGED:
        return False
    if orchestra.tmux.watched(pane) or not scrollback.keep(orchestra, pane):
        return False
    end(orchestra, worker)
    return True


def end_processes(workers: Iterable[Worker]) -> None:
    """End whatever these workers' agents have left running; raises when one would not end even by KILL."""
    left = processes.end({worker.nonce for worker in workers})
    if left:
        pids = " ".join(map(str, left))
        raise OrchestraError(f"processes of a worker do not end: {pids}", f"look: ps -o pid,stat,wchan,args -p {pids}")


def end_outlived(orchestra: Orchestra, worker: Worker) -> None:
    """End an agent that outlived its pane, before the next one starts: one conversation has one agent."""
    if processes.MARK not in orchestra.environ:  # from the agent's own shell it would be its own end
        end_processes([worker])
