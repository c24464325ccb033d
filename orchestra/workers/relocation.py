"""A repository that moved takes its workers along: git repairs its worktrees, and each record names the new place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import TERMINAL
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.workers import stop

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project


def bring_along(project: Project) -> tuple[str, ...]:
    """Repair what a move broke; a sentence for each thing done. In a repository that stayed nothing happens."""
    said = []
    for worker in project.store.listing().workers:
        if worker.status in TERMINAL or not worker.worktree:
            continue
        try:
            place = _repaired(project, worker) or _planned(project, worker)
            if place and place != worker.worktree:
                stop.close(project, worker)  # its agent works on in a directory that has another name now
                project.store.record(worker.id, events.relocated("up", place))
                said.append(f"#{worker.id}: its worktree is now {clean(place)}")
            elif place:
                said.append(f"#{worker.id}: its worktree belongs to the moved repository again")
        except OrchestraError as wrong:
            said.append(f"#{worker.id}: {clean(wrong.message)}" + (f" ({clean(wrong.hint)})" if wrong.hint else ""))
    return tuple(said)


def _repaired(project: Project, worker: Worker) -> str:
    """Where a worker's worktree was found and repaired; empty when there was nothing to repair."""
    repository = project.repository
    admin = repository.admin_of(worker.worktree)
    if admin is None:
        return ""
    for place in dict.fromkeys((worker.worktree, *_places(project, worker))):
        if repository.is_cut_off(place, admin):
            repository.repair(place)
            return place
    return ""


def _planned(project: Project, worker: Worker) -> str:
    """Where a worktree is to be that was never made; empty when the repository has not moved."""
    was_made = os.path.lexists(worker.worktree) or project.repository.admin_of(worker.worktree) is not None
    return "" if was_made or not project.identity.moved_from else _places(project, worker)[0]


def _places(project: Project, worker: Worker) -> list[str]:
    """Where a worktree is when it moved together with the repository."""
    known = project.bearings
    beside = [os.path.relpath(worker.worktree, known.root)] if known else []
    return [*(os.path.normpath(os.path.join(project.root, path)) for path in beside), project.worktree_of(worker.id)]
