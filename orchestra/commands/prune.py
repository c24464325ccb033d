"""`orchestra prune`: remove worktrees and branches that provably hold nothing to lose; say why others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestra.errors import OrchestraError
from orchestra.workers import git_config_guard, removal, stop
from orchestra.workers.git_config_guard import Act
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


class KeptWorker(NamedTuple):
    """A worker that stays, and why."""

    id: str
    why: str


class Pruned(NamedTuple):
    """What `prune` removed (or would remove), and what it kept."""

    removed: tuple[str, ...]
    kept: tuple[KeptWorker, ...]


def prune(project: Project, *, dry_run: bool, only: str = "") -> Pruned:
    """Remove merged and cancelled workers whose content is proven to be elsewhere; a doubt keeps the worker.

    `only`: this one alone.
    """
    if not dry_run:
        git_config_guard.check(project, Act.WORKTREE)
    removed, kept = [], []
    for worker in project.store.listing().workers:
        if only and worker.id != only:
            continue
        try:
            if project.config.teardown and not dry_run and not removal.reason(project, worker, before_teardown=True):
                stop.close(project, worker, for_good=True)
            why = removal.reason(project, worker)
            if not why and not dry_run:
                removal.remove(project, worker)
        except OrchestraError as wrong:
            why = wrong.message  # an inspection that failed proves nothing
        if why:
            kept.append(KeptWorker(worker.id, why))
        else:
            removed.append(worker.id)
    refresh(project)
    return Pruned(tuple(removed), tuple(kept))
