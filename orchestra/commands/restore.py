"""`orchestra restore ID`: bring back the branch, the worktree and the record of a worker that was removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from orchestra.config import schema as configs
from orchestra.errors import OrchestraError
from orchestra.workers import git_config_guard as tripwire
from orchestra.workers import removal

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


class Restored(NamedTuple):
    """Where the work is again; `files` the snapshot that was written into the worktree, `others` what stays kept."""

    branch: str
    worktree: str
    files: str | None
    others: tuple[str, ...]


def restore(orchestra: Orchestra, number: str) -> Restored:
    """Make what is missing again; what is there is never overwritten. Raises OrchestraError when nothing is kept."""
    tripwire.check(orchestra)
    if number not in orchestra.store.ids():  # put away: its removal ended, but for the mark, if that was killed
        removal.forget(orchestra, number)
    orchestra.store.bring_back(number)
    worker = orchestra.store.read(number)
    if worker is not None and removal.begun(orchestra, worker):
        raise OrchestraError(f"the removal of #{number} did not end", "end it first: orchestra up")
    repo = os.path.basename(orchestra.root)
    place = os.path.normpath(os.path.join(orchestra.root, configs.fill(orchestra.config.worktree, repo, number)))
    branch = worker.branch if worker else configs.fill(orchestra.config.branch, repo, number)
    path = worker.worktree if worker else place
    files = removal.undo(orchestra, number, branch, path)
    others = tuple(ref for ref in removal.kept(orchestra, number) if ref != files)
    return Restored(branch, path, files, others)


def trash(orchestra: Orchestra) -> tuple[str, ...]:
    """Every ref that a removal kept, newest first."""
    return removal.kept(orchestra)
