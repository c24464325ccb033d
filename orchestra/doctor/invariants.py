"""The invariants I1 to I13 of what is on disk, in git, in tmux and among the processes: the oracle of the tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.config import schema
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Pane, Status, Worker
from orchestra.core.records import Record
from orchestra.doctor import repair
from orchestra.doctor.findings import Finding, error, warning
from orchestra.errors import Unreachable
from orchestra.git import cleanup, worktree_state
from orchestra.project import entry_points
from orchestra.storage import temp_files
from orchestra.workers import hook_silence, monitor_presence, removal, worktree_setup

if TYPE_CHECKING:
    from orchestra.project.context import Project


class ObservedState(Record):
    """One look: the workers on record, and our panes (None: tmux does not tell)."""

    workers: tuple[Worker, ...]
    panes: tuple[Pane, ...] | None
    open: bool
    unread: frozenset[str] = frozenset()  # workers whose session file cannot be read: what is theirs is not known


def observe(project: Project) -> ObservedState:
    """Look once at records and panes."""
    listing = project.store.listing()
    workers, unread = listing.workers, frozenset(problem.id for problem in listing.problems)
    unread -= {worker.id for worker in workers}  # its file was set aside, and made again from the journal
    try:
        is_open = project.tmux.running()
        return ObservedState(workers, project.tmux.panes() if is_open else (), is_open, unread)
    except Unreachable:
        return ObservedState(workers, None, open=False, unread=unread)


def place(project: Project, _: ObservedState) -> Iterator[Finding]:
    """I12: the repository is where it was opened last, so that its worktrees find it."""
    if project.moved:
        yield error("I12", project.moved, "orchestra up")


def server(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I8: the server answers; where it does not, that is one finding and not one for each worker."""
    live = sum(worker.status in LIVE for worker in state.workers)
    if state.panes is None:
        project.tmux.running()
    elif not state.open and live:
        what = f"{live} worker{' is' if live == 1 else 's are'} stopped"
        yield warning("I8", f"the workspace is not open; {what}", "orchestra up")


def panes(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I1, I2: a live worker has one pane with its nonce, a resting one has none, a tagged pane has a record."""
    if not state.open or state.panes is None:
        return
    records = {worker.id: worker for worker in state.workers}
    for pane in state.panes:
        worker = records.get(pane.worker)
        if pane.worker in state.unread:
            continue
        if worker is None or pane.nonce != worker.nonce:
            earlier = worker is not None and repair.is_superseded(project.store, worker, pane)
            how = "orchestra up" if earlier else f"look at it, then: tmux kill-pane -t {pane.id}"
            yield warning("I2", f"pane {pane.id} belongs to no worker on record (#{pane.worker})", how)
        elif worker.status in repair.RESTING:
            yield warning("I1", f"#{worker.id} is {worker.status.value} and has a pane", "orchestra up")
    for worker in state.workers:
        own = [pane for pane in state.panes if (pane.worker, pane.nonce) == (worker.id, worker.nonce)]
        if worker.status in LIVE and not own:
            yield warning("I1", f"#{worker.id} has no pane", "orchestra up")
        if sum(not pane.dead for pane in own) > 1:
            yield error("I1", f"#{worker.id} has more than one pane", f"tmux kill-pane -t {own[-1].id}")


def monitor(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I13: the monitor of an open workspace runs."""
    if state.open and (said := monitor_presence.missing(project)):
        yield error("I13", said, "orchestra up")


def worktrees(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I3: a worker's worktree is there, registered, locked with our reason, on its branch; and none is nobody's."""
    repository = project.repository
    for worker in state.workers:
        path = worker.worktree
        if worker.status not in LIVE or not (
            cleanup.was_created(repository, path) or worktree_setup.is_prepared(project.store, worker)
        ):
            continue
        wrong = worktree_state.problem(repository, path, worker.branch)
        if not os.path.isdir(path) and wrong is not None and not wrong.hint:
            yield error("I3", f"the worktree of #{worker.id} is gone: {path}", f"orchestra restart {worker.id}")
        elif wrong is not None and wrong.misplaced:
            yield error("I3", f"#{worker.id}: {wrong.what}", wrong.hint or f"orchestra restart {worker.id}")
        elif not repository.is_ours(path):
            yield warning("I3", f"{path} is not locked as #{worker.id}'s", _RELOCK)
        elif wrong is not None:
            yield warning("I3", f"#{worker.id}: {wrong.what}", wrong.hint)
    known = {os.path.realpath(worker.worktree) for worker in state.workers}
    for number, path in cleanup.own_worktrees(repository, project.folder):
        if os.path.realpath(path) not in known and number not in state.unread:
            yield warning("I3", f"{path} is of #{number}, which is not on record", f"git worktree unlock {path}")


def hooks(project: Project, state: ObservedState) -> Iterator[Finding]:
    """E14: what the hooks of living agents call is there, and they are heard."""
    alive = {(pane.worker, pane.nonce) for pane in state.panes or () if not pane.dead}
    living = [worker for worker in state.workers if worker.status in LIVE and (worker.id, worker.nonce) in alive]
    if not living:
        return
    for path in entry_points.broken_shims(project.home):
        what = f"{path}, which the hooks of running agents call, leads to no program: nothing is heard of them"
        yield error("E14", what, "orchestra up")
    for worker in living:
        if said := hook_silence.unheard(project, worker):
            how = f"look for disableAllHooks in its settings, then orchestra restart {worker.id}"
            yield error("E14", f"#{worker.id}: {said.partition(';')[0]}", how)


_RELOCK = "orchestra doctor --fix; one that is locked otherwise is somebody's: git worktree unlock"


def branches(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I4: a branch that we made is on record, or its commits are in the trash."""
    known = {worker.branch for worker in state.workers}
    recorded = {worker.id for worker in state.workers}  # their branches have another name where this one was taken
    for number in (one for one in project.store.claimed() if one not in state.unread | recorded):
        branch = schema.fill(project.config.branch, project.repository.name, number)
        if branch not in known and project.repository.branch_tip(branch) is not None:
            yield warning("I4", f"{branch} is of #{number}, which is not on record", f"git branch -m {branch} NEW")


def unfinished(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I5: nothing half done: no lock of a dead owner, no temporary file, no removal that did not end."""
    for path in temp_files.abandoned(project.home):
        yield warning("I5", f"{path} was left by a killed write", "orchestra up")
    for path in map(str, cleanup.leftovers(project.repository)):
        yield warning("I5", f"{path} was left by a killed orchestra", "orchestra up")
    for path in map(str, cleanup.stale_locks(project.repository)):
        yield warning(
            "I5", f"{path} is a lock that git left", f"orchestra doctor --fix, or when no git runs: rm {path}"
        )
    for worker in state.workers:
        if removal.begun(project.store, worker):
            yield warning("I5", f"the removal of #{worker.id} did not end", "orchestra up")


def names(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I7: no window is named by foreign text: tmux runs what `#(...)` in a name says."""
    for window in project.tmux.hostile_names() if state.open else ():
        yield error("I7", f"the name of window {window} holds a #", f"tmux rename-window -t {window} renamed")


def strays(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I9: a process with our mark belongs to a live worker with a living pane."""
    if state.panes is None:
        return
    living = {pane.nonce for pane in state.panes if not pane.dead}
    wanted = {worker.nonce for worker in state.workers if worker.status not in repair.RESTING} & living
    wanted |= {pane.nonce for pane in state.panes if pane.worker in state.unread}
    for process in processes.marked_processes():
        here = (process.home, process.project) == (project.home, project.key)
        if here and process.nonce not in wanted:
            yield warning("I9", f"process {process.pid} outlived its worker", f"orchestra up, or: kill {process.pid}")


def sessions(project: Project, state: ObservedState) -> Iterator[Finding]:
    """I10: every session file parses, or lies aside with its content; it holds what its journal leads to."""
    for worker in state.workers:
        if project.store.behind(worker):
            yield warning("I10", f"the session file of #{worker.id} is behind its journal", "orchestra up")
    for problem in project.store.listing().problems:
        yield warning("I10", f"{problem.path}: {problem.what}", problem.hint)


def locked_away(_: Project, state: ObservedState) -> Iterator[Finding]:
    """E6: several workers at a login screen are one trouble, not many."""
    out = [w.id for w in state.workers if w.status is not Status.PAUSED and _limit(w) in ("login", "onboarding")]
    if len(out) > 1:
        yield error("E6", f"{len(out)} workers are logged out", "log in with `claude`, then orchestra restart each")


def _limit(worker: Worker) -> str | None:
    return worker.limit.kind if worker.limit else None


CHECKS: tuple[Callable[[Project, ObservedState], Iterator[Finding]], ...] = (
    *(place, server, monitor, panes, worktrees, branches, unfinished, names, strays, sessions, locked_away, hooks),
)
