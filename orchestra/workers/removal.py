"""Delete a finished worker once every commit is proven to exist elsewhere; an intent file makes it safe to kill."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Status, Worker
from orchestra.errors import OrchestraError
from orchestra.git import copy_files, pull_head, submodules, trash, unseen
from orchestra.storage.files import read_text, remove_if_present, write_atomic
from orchestra.workers import git_config_guard, slots, stop
from orchestra.workers.git_config_guard import Act

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

MERGED_TIP = "merged-tip"  # in the worker's directory: the last commit of its branch that `orchestra merge` brought in
INTENT = "pruning"  # in the worker's directory, with its nonce: a removal began, and `up` ends it


def reason(project: Project, worker: Worker, *, before_teardown: bool = False) -> str:
    """Why this worker must stay; empty when nothing would be lost.

    `before_teardown`: what the project's `teardown` may end or remove is not looked at.
    """
    if worker.status not in (Status.MERGED, Status.CANCELLED):
        return f"it is {worker.status.value}"
    if above := [one for one in project.store.listing().workers if one.parent == worker.id and one.status in LIVE]:
        return f"#{above[0].id} is built on its branch"
    repository, path = project.repository, worker.worktree
    tip = repository.branch_tip(worker.branch)
    emptied = begun(project.store, worker) and repository.hollow(path)  # its files were judged before they went
    why = _occupied(project, worker, torn_down=not before_teardown) if os.path.lexists(path) and not emptied else ""
    return why or (_unproven(project, worker, tip) if tip is not None else "")


def _occupied(project: Project, worker: Worker, *, torn_down: bool) -> str:
    """Why the worktree, which is there, must stay. Before `teardown` what it may end or remove is not looked at."""
    repository, path = project.repository, worker.worktree
    if not repository.is_ours(path):
        return f"{path} is not a worker's worktree"
    branch = repository.branch_of(path)
    if branch != worker.branch:
        return f"it is on {branch or 'a detached HEAD'}, not on {worker.branch}"
    dirty = repository.dirty(path) or unseen.marked(repository, path)
    if dirty:
        return f"{len(dirty)} files not committed: {', '.join(dirty[:3])}"
    if inside := submodules.unsaved(repository, path):
        return inside
    if not torn_down:
        return ""
    made = slots.variables(project, worker)  # `copy:` wrote these into the worktree's .env
    left = [name for name in repository.ignored(path) if not copy_files.is_as_copied(repository, path, name, made)]
    if left:
        return f"ignored files that are nowhere else: {', '.join(left[:3])}"
    if held := unseen.repositories(repository, path):
        return held
    others = processes.processes_inside(path, but=worker.nonce)
    return f"process {others[0]} works in {path}" if others else ""


def _unproven(project: Project, worker: Worker, tip: str) -> str:
    """Whether the branch's commits are elsewhere: the remote, the base, a merged pull request."""
    pull = worker.pull if worker.pull is not None and worker.pull.state == "merged" else None
    if (pull and pull.head_sha == tip) or tip == worker.base_commit or _merged_tip(project.store, worker) == tip:
        return ""
    count = project.repository.unpushed_of(worker.branch, worker.base)
    if count and pull is not None:
        git_config_guard.check(project, Act.FETCH)
        count = 0 if pull_head.is_merged_with(project.repository, tip, pull.head_sha, pull.number) else count
    return f"{count} commit{'' if count == 1 else 's'} not pushed" if count else ""


def _merged_tip(store: Store, worker: Worker) -> str:
    """The commit up to which one of our merges has brought the branch into its base, by whatever method."""
    try:
        return read_text(store.file(worker.id, MERGED_TIP)).strip() if worker.status is Status.MERGED else ""
    except OSError:
        return ""


def begun(store: Store, worker: Worker) -> bool:
    """Whether a removal of this very worker began and did not end."""
    try:
        return read_text(store.file(worker.id, INTENT)) == worker.nonce
    except OSError:
        return False


def forget(store: Store, number: str) -> None:
    """Take away the mark of a removal that has ended."""
    remove_if_present(store.file(number, INTENT))


def finish(project: Project, worker: Worker) -> str:
    """End a removal that began; or why it is called off, where what was proven holds no more."""
    why = reason(project, worker)
    if why:
        forget(project.store, worker.id)
    else:
        remove(project, worker)
    return why


def remove(project: Project, worker: Worker) -> None:
    """End what runs, remove worktree and branch, put the session file away. Repeatable after a kill at any step."""
    git_config_guard.check(project, Act.WORKTREE)
    repository = project.repository
    write_atomic(project.store.file(worker.id, INTENT), worker.nonce)
    try:
        stop.close(project, worker, for_good=True)
        repository.remove(worker.worktree, worker.branch, id=worker.id)
        tip = repository.branch_tip(worker.branch)
        if tip is not None:
            repository.delete_branch(worker.branch, tip)
    except OrchestraError:
        forget(project.store, worker.id)  # refused: `up` would be, too; what is missing then, the next `prune` does
        raise
    project.store.put_away(worker.id)
    forget(project.store, worker.id)


def undo(project: Project, number: str, branch: str, path: str) -> str | None:
    """Make branch and worktree again where they are missing; the ref of the files that were written there, or None."""
    repository = project.repository
    tip = trash.restore_branch(repository, branch)
    if not repository.ready(path):
        repository.add(path, branch, tip, project.lock_reason(number), adopt=True)
        repository.checkout(path)
    return trash.restore_files(repository, path, number)


def kept(project: Project, owner: str = "") -> tuple[str, ...]:
    """The refs that removals kept, of one worker's files or of everything, newest first."""
    return tuple(one.ref for one in trash.list_trash(project.repository, owner))
