"""`orchestra prune`: remove worktrees and branches that provably hold nothing to lose; say why others stay."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from orchestra import tripwire
from orchestra.errors import OrchestraError
from orchestra.model import Status, Worker
from orchestra.view import pane_of, refresh

if TYPE_CHECKING:
    from orchestra.app import Orchestra


class Kept(NamedTuple):
    """A worker that stays, and why."""

    id: str
    why: str


class Pruned(NamedTuple):
    """What `prune` removed (or would remove), and what it kept."""

    removed: tuple[str, ...]
    kept: tuple[Kept, ...]


def prune(orchestra: Orchestra, *, dry_run: bool) -> Pruned:
    """Remove merged and cancelled workers whose content is proven to be elsewhere; a doubt keeps the worker."""
    if not dry_run:
        tripwire.check(orchestra)
    removed, kept = [], []
    for worker in orchestra.store.listing().workers:
        try:
            why = _reason(orchestra, worker)
            if not why and not dry_run:
                why = _remove(orchestra, worker)
        except OrchestraError as wrong:
            why = wrong.message  # an inspection that failed proves nothing (failures.md W7)
        if why:
            kept.append(Kept(worker.id, why))
        else:
            removed.append(worker.id)
    refresh(orchestra)
    return Pruned(tuple(removed), tuple(kept))


def _reason(orchestra: Orchestra, worker: Worker) -> str:
    """Why this worker must stay; empty when nothing would be lost."""
    if worker.status not in (Status.MERGED, Status.CANCELLED):
        return f"it is {worker.status.value}"
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
    return _unproven(orchestra, worker, tip) if tip is not None else ""


def _unproven(orchestra: Orchestra, worker: Worker, tip: str) -> str:
    """Whether the branch's commits are elsewhere: the remote, the base, a merged pull request (W3)."""
    merged = worker.pull is not None and worker.pull.state == "merged" and worker.pull.head_sha == tip
    if merged or tip == worker.base_commit:
        return ""
    count = orchestra.repository.unpushed_of(worker.branch, worker.base)
    return f"{count} commit{'' if count == 1 else 's'} not pushed" if count else ""


def _remove(orchestra: Orchestra, worker: Worker) -> str:
    """Close the pane, remove worktree and branch, put the session file away. Repeatable after a kill at any step."""
    pane = pane_of(orchestra, worker)
    if pane is not None:
        orchestra.tmux.close(pane)
    tip = orchestra.repository.branch_tip(worker.branch)
    if os.path.lexists(worker.worktree):
        orchestra.repository.remove(worker.worktree, worker.branch, id=worker.id)
    if tip is not None:
        orchestra.repository.delete_branch(worker.branch, tip)
    orchestra.store.put_away(worker.id)
    return ""
