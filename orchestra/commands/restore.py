"""`orchestra restore ID`: bring back the branch, the worktree and the record of a worker that was removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.config import schema
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.workers import git_config_guard, removal
from orchestra.workers.git_config_guard import Act

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Restored(Record):
    """Where the work is again; `files` the snapshot that was written into the worktree, `others` what stays kept."""

    branch: str
    worktree: str
    files: str | None
    others: tuple[str, ...]


def restore(project: Project, number: str) -> Restored:
    """Make what is missing again; what is there is never overwritten. Raises OrchestraError when nothing is kept."""
    git_config_guard.check(project, Act.WORKTREE)
    if number not in project.store.ids():  # put away: its removal ended, but for the mark, if that was killed
        removal.forget(project.store, number)
    project.store.bring_back(number)
    worker = project.store.read(number)
    if worker is not None and removal.begun(project.store, worker):
        raise OrchestraError(f"the removal of #{number} did not end", "end it first: orchestra up")
    branch = worker.branch if worker else schema.fill(project.config.branch, project.repository.name, number)
    path = worker.worktree if worker else project.worktree_of(number)
    files = removal.undo(project, number, branch, path)
    others = tuple(ref for ref in removal.kept(project, number) if ref != files)
    return Restored(branch, path, files, others)


def trash(project: Project) -> tuple[str, ...]:
    """Every ref that a removal kept, newest first."""
    return removal.kept(project)
