"""`orchestra diff ID`: what a worker has changed, for the user's own pager."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.core.text import clean, clean_lines
from orchestra.errors import OrchestraError
from orchestra.git.change import Change
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project

MOST = 2_000_000  # characters; nobody reads more


class Diff(Record):
    """The changes as clean text, and the argv of the pager to show them in."""

    text: str
    pager: tuple[str, ...]


def diff(project: Project, number: str) -> Diff:
    """Against its base as it was fetched, with what is not committed yet.

    The worker can write to the config that its worktree shares with yours: nothing that is named there is run.
    """
    worker = worker_of(project.store, number)
    repository = project.repository
    if os.path.isdir(worker.worktree):
        change = project.change_of(worker)
        found = change.text()
        found += "".join(f"\n# not added to git yet: {clean(name)}" for name in change.untracked()[:200])
    elif repository.branch_tip(worker.branch) is not None:
        found = Change(repository, worker.base, worker.base_commit, head=f"refs/heads/{worker.branch}").text()
    else:
        raise OrchestraError(f"#{number} has neither a worktree nor a branch any more", f"orchestra show {number}")
    return Diff(clean_lines(found, MOST), _pager(project))


def _pager(project: Project) -> tuple[str, ...]:
    """What the person has chosen for git, in their own environment or config; else delta, else less."""
    environ = project.environ
    chosen = environ.get("GIT_PAGER") or project.repository.git("config", "--global", "core.pager").out
    try:
        words = tuple(shlex.split(chosen or (shutil.which("delta") or environ.get("PAGER") or "less")))
    except ValueError:
        words = ()
    if not words or not shutil.which(words[0]):
        return ("cat",)
    return (*words, "-R") if os.path.basename(words[0]) == "less" else words
