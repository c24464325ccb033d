"""Taking a finished worker away: only what is proven to be elsewhere, with the intent written first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core.models import Status, Worker
from orchestra.errors import OrchestraError
from orchestra.git import trash
from orchestra.storage.files import discard, read_text, write_atomic
from orchestra.workers import git_config_guard as tripwire
from orchestra.workers import stop as ending

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra

INTENT = "pruning"  # in the worker's directory, with its nonce: a removal began, and `up` ends it


def reason(orchestra: Orchestra, worker: Worker) -> str:
    """Why this worker must stay; empty when nothing would be lost."""
    if worker.status not in (Status.MERGED, Status.CANCELLED):
        return f"it is {worker.status.value}"
    repository, path = orchestra.repository, worker.worktree
    tip = repository.branch_tip(worker.branch)
    emptied = begun(orchestra, worker) and repository.hollow(path)  # its files were judged before they went
    why = _occupied(orchestra, worker) if os.path.lexists(path) and not emptied else ""
    return why or (_unproven(orchestra, worker, tip) if tip is not None else "")


def _occupied(orchestra: Orchestra, worker: Worker) -> str:
    """Why the worktree, which is there, must stay."""
    repository, path = orchestra.repository, worker.worktree
    if not repository.is_ours(path):
        return f"{path} is not a worktree of ours"
    branch = repository.branch_of(path)
    if branch != worker.branch:
        return f"it is on {branch or 'a detached HEAD'}, not on {worker.branch}"
    dirty = repository.dirty(path)
    if dirty:
        return f"{len(dirty)} files not committed: {', '.join(dirty[:3])}"
    ignored = repository.ignored(path)
    if ignored:
        return f"ignored files that are nowhere else: {', '.join(ignored[:3])}"
    others = processes.inside(path, but=worker.nonce)
    return f"process {others[0]} works in {path}" if others else ""


def _unproven(orchestra: Orchestra, worker: Worker, tip: str) -> str:
    """Whether the branch's commits are elsewhere: the remote, the base, a merged pull request (W3)."""
    merged = worker.pull is not None and worker.pull.state == "merged" and worker.pull.head_sha == tip
    if merged or tip == worker.base_commit:
        return ""
    count = orchestra.repository.unpushed_of(worker.branch, worker.base)
    return f"{count} commit{'' if count == 1 else 's'} not pushed" if count else ""


def begun(orchestra: Orchestra, worker: Worker) -> bool:
    """Whether a removal of this very worker began and did not end."""
    try:
        return read_text(orchestra.store.file(worker.id, INTENT)) == worker.nonce
    except OSError:
        return False


def forget(orchestra: Orchestra, number: str) -> None:
    """Take away the mark of a removal that has ended."""
    discard(orchestra.store.file(number, INTENT))


def finish(orchestra: Orchestra, worker: Worker) -> str:
    """End a removal that began; or why it is called off, where what was proven holds no more."""
    why = reason(orchestra, worker)
    if why:
        forget(orchestra, worker.id)
    else:
        remove(orchestra, worker)
    return why


def remove(orchestra: Orchestra, worker: Worker) -> None:
    """End what runs, remove worktree and branch, put the session file away. Repeatable after a kill at any step."""
    tripwire.check(orchestra)
    repository = orchestra.repository
    write_atomic(orchestra.store.file(worker.id, INTENT), worker.nonce)
    try:
        ending.end(orchestra, worker)
        repository.remove(worker.worktree, worker.branch, id=worker.id)
        tip = repository.branch_tip(worker.branch)
        if tip is not None:
            repository.delete_branch(worker.branch, tip)
    except OrchestraError:
        forget(orchestra, worker.id)  # refused: `up` would be, too; what is missing then, the next `prune` does
        raise
    orchestra.store.put_away(worker.id)
    forget(orchestra, worker.id)


def undo(orchestra: Orchestra, number: str, branch: str, path: str) -> str | None:
    """Make branch and worktree again where they are missing; the ref of the files that were written there, or None."""
    repository = orchestra.repository
    tip = trash.bring_branch(repository, branch)
    if not repository.ready(path):
        repository.add(path, branch, tip, f"orchestra #{number}", adopt=True)
        repository.checkout(path)
    return trash.bring_files(repository, path, number)


def kept(orchestra: Orchestra, owner: str = "") -> tuple[str, ...]:
    """The refs that removals kept, of one worker's files or of everything, newest first."""
    return tuple(one.ref for one in trash.listed(orchestra.repository, owner))
