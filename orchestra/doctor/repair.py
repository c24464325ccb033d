"""What a kill leaves half done is ended here: the first thing `up` does. In a healthy workspace it changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core import events
from orchestra.core.models import Pane, Status, Worker
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git import cleanup
from orchestra.git.process import execute
from orchestra.storage import temp_files
from orchestra.tmux.client import SocketGone
from orchestra.workers import removal, stop

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store
    from orchestra.tmux.session import Session

RESTING = frozenset({Status.PAUSED, Status.CANCELLED})  # the user said so: nothing of it may run


def reachable_panes(tmux: Session) -> tuple[tuple[Pane, ...], list[str]]:
    """The panes of our session; a server that lost its socket makes it again, and that is told."""
    try:
        return tmux.panes(), []
    except SocketGone:
        if not tmux.server.reach():
            raise
    return tmux.panes(), ["the tmux server has made its socket again"]


def unset_bare(common: str, environ: Mapping[str, str]) -> None:
    """Say again that a repository with files is not bare."""
    done = execute(["config", "--file", os.path.join(common, "config"), "core.bare", "false"], environ)
    if done.status:
        raise OrchestraError(
            f"core.bare is true, and git cannot change it: {done.reason()}", f"look at {common}/config"
        )


def repair(project: Project, panes: tuple[Pane, ...]) -> tuple[str, ...]:
    """End what began, worker by worker; a sentence for each. One that cannot be repaired never hides the others."""
    said = []
    swept = temp_files.sweep(project.home)
    if swept:
        said.append(f"{swept} temporary file{'' if swept == 1 else 's'} of a killed write removed")
    if cleanup.sweep(project.repository):
        said.append("what a killed git left in the repository was removed")

    @cache
    def marks() -> set[str]:  # to look at every process takes 30 ms, and only a worker that rests needs it
        return {process.nonce for process in processes.marked_processes()}

    for worker in project.store.listing().workers:
        try:
            said += _repaired(project, worker, panes, marks)
        except OrchestraError as wrong:
            said.append(f"#{worker.id}: {clean(wrong.message)}" + (f" ({clean(wrong.hint)})" if wrong.hint else ""))
    return tuple(said)


def fix(project: Project) -> tuple[str, ...]:
    """What `up` repairs, and what only the user asks for: locks that git left, locks of worktrees that are gone."""
    said = list(repair(project, reachable_panes(project.tmux)[0]))
    repository = project.repository
    places = (str(repository.root), str(repository.common), *(path for _, path in cleanup.our_worktrees(repository)))
    broken = cleanup.remove_stale_locks(
        repository, lambda files: processes.may_use_repository(places, {str(file) for file in files})
    )
    if broken:
        said.append(f"{broken} lock{'' if broken == 1 else 's'} of a git that has ended removed")
    said += [
        f"{worker.worktree} is locked as #{worker.id}'s again"
        for worker in project.store.listing().workers
        if cleanup.lock_again(repository, worker.worktree, worker.branch, project.lock_reason(worker.id))
    ]
    return tuple(said)


def _repaired(project: Project, worker: Worker, panes: tuple[Pane, ...], marks: Callable[[], set[str]]) -> list[str]:
    said = []
    if project.store.behind(worker):
        project.store.settle(worker.id)
        worker = project.store.read(worker.id) or worker
        said.append(f"#{worker.id}: its session file was brought up to its journal")
    if worker.status in (Status.MERGED, Status.CANCELLED) and removal.begun(project.store, worker):
        why = removal.finish(project, worker)
        return [*said, f"#{worker.id}: its removal was " + (f"called off: {clean(why)}" if why else "ended")]
    for pane in panes:
        if pane.worker == worker.id and is_superseded(project.store, worker, pane):
            project.panes.close(pane)
            said.append(f"#{worker.id}: a pane of an earlier start of it was closed")
    mine = any((pane.worker, pane.nonce) == (worker.id, worker.nonce) for pane in panes)
    if worker.status in RESTING and (mine or worker.nonce in marks()):
        stop.close(project, worker)
        said.append(f"#{worker.id} is {worker.status.value}: what still ran of it was ended")
    return said


def is_superseded(store: Store, worker: Worker, pane: Pane) -> bool:
    """Whether a pane is of an earlier claim of this number, by the journal; of an unknown one we know nothing."""
    if pane.nonce == worker.nonce:
        return False
    earlier = {events.fact(event, "nonce") for event, _ in store.journal(worker.id)}
    return pane.nonce in earlier
