"""Taking a finished worker away: only what is proven to be elsewhere, with the intent written first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import ending, processes, trash, tripwire
from orchestra.files import discard, read_text, write_atomic
from orchestra.model import Status, Worker

if TYPE_CHECKING:
    from orchestra.app import Orchestra

INTENT = "pruning"  # in the worker's directory, with its nonce: a removal began, and `up` ends it


def reason(orchestra: Orchestra, worker: Worker) -> str:
    """Why this worker must stay; empty when nothing would be lost."""
    if worker.status not in (Status.MERGED, Status.CANCELLED):
        return f"it is {worker.status.value}"
    if begun(orchestra, worker):
        return ""  # it was proven before the removal began; what is left of it proves nothing now
    repository, path = orchestra.repository, worker.worktree
    tip = repository.branch_tip(worker.branch)
    if os.path.lexists(path):
        if not repository.is_ours(path):
            return f"{path} is not a worktree of ours"
        dirty = repository.dirty(path)
        if dirty:
            return f"{len(dirty)} files not committed: {', '.join(dirty[:3])}"
        ignored = repository.ignored(path)
        if ignored:
            return f"ignored files that are nowhere else: {', '.join(ignored[:3])}"
        others = processes.inside(path, but=worker.nonce)
        if others:
            return f"process {others[0]} works in {path}"
    return _unproven(orchestra, worker, tip) if tip is not None else ""


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


def remove(orchestra: Orchestra, worker: Worker) -> None:
    """End what runs, remove worktree and branch, put the session file away. Repeatable after a kill at any step."""
    tripwire.check(orchestra)
    repository, intent = orchestra.repository, orchestra.store.file(worker.id, INTENT)
    write_atomic(intent, worker.nonce)
    ending.end(orchestra, worker)
    repository.remove(worker.worktree, worker.branch, id=worker.id)
    tip = repository.branch_tip(worker.branch)
    if tip is not None:
        repository.delete_branch(worker.branch, tip)
    orchestra.store.put_away(worker.id)
    discard(intent)


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
