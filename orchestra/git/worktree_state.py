"""Whether a worker's worktree is at its place and on its branch, after the user has moved, deleted or switched it."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.git import local_merge
from orchestra.git.process import canonical_path, gitdir_target, worktree_of_admin

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository

_ENDS = {
    "rebase": "rebase --continue",
    "bisect": "bisect reset",
    "merge": "merge --continue",
    "cherry-pick": "cherry-pick --continue",
    "revert": "revert --continue",
}


class Problem(Record):
    """What is wrong, as a sentence, and the next command; none where only the user knows what has become of it."""

    what: str
    hint: str
    misplaced: bool = False  # it is not where it was made


class Found(Record):
    """What was seen of a worktree."""

    exists: bool
    joined: bool = True  # git and the directory know of each other
    elsewhere: str = ""  # where else its branch is checked out, or git keeps the worktree now
    on: str | None = None  # the branch; None: a detached HEAD
    under_way: str = ""  # `rebase`, `bisect` ...
    branch_exists: bool = True
    ahead: bool = False  # HEAD has everything that the branch has


def problem(repository: Repository, path: str, branch: str) -> Problem | None:
    """What keeps the work at `path` from being on `branch`; None when nothing does."""
    return judged(_look(repository, path, branch), path, branch)


def gone(repository: Repository, path: str, branch: str) -> Problem | None:
    """The same for the place alone, which costs no process: whether the worktree is where it was made."""
    found = _place(repository, path, branch)
    return None if found.joined else judged(found, path, branch)


def judged(found: Found, path: str, branch: str) -> Problem | None:
    """The problem of what was found. Pure."""
    place = clean(path)
    git = f"git -C {shlex.quote(place)}"
    if found.elsewhere:
        there = clean(found.elsewhere)
        back = f"git worktree move {shlex.quote(there)} {shlex.quote(place)}"
        return Problem(f"the worktree of {branch} is at {there}, not at {place}", back, misplaced=True)
    if not found.exists:
        return Problem(f"its worktree is gone: {place}", "", misplaced=True)
    if not found.joined:
        return Problem(f"git does not know the worktree any more: {place}", "", misplaced=True)
    if found.on == branch:
        return None
    if found.under_way:
        word = found.under_way
        return Problem(f"a {word} is under way, so the worktree is not on {branch}", f"end it: {git} {_ENDS[word]}")
    where = clean(found.on) if found.on else "a detached HEAD"
    what = f"the worktree is on {where}, not on {branch}"
    if found.on and not found.branch_exists:
        return Problem(f"{what}, which does not exist", f"{git} branch -m {where} {branch}")
    if found.ahead:
        return Problem(what, f"bring your commits to the branch: {git} switch -C {branch}")
    return Problem(what, f"bring your commits to the branch: {git} switch {branch}")


def _look(repository: Repository, path: str, branch: str) -> Found:
    found = _place(repository, path, branch)
    if not found.joined:
        return found
    on = repository.branch_of(path)
    if on == branch:
        return Found(exists=True, on=on)
    tip, head = repository.branch_tip(branch), repository.commit("HEAD", at=path)
    ahead = bool(tip and head) and repository.git("merge-base", "--is-ancestor", str(tip), str(head)).status == 0
    return Found(True, True, "", on, local_merge.under_way(repository, path), tip is not None, ahead)


def _place(repository: Repository, path: str, branch: str) -> Found:
    """Whether it is at its place; else where git has the worktree of the branch."""
    exists, admin = os.path.isdir(path), repository.admin_of(path)
    if exists and admin is not None and gitdir_target(canonical_path(path) / ".git") == admin:
        return Found(exists=True)
    places = map(worktree_of_admin, repository.admins_on(branch)) if admin is None else ()
    elsewhere = next((str(place) for place in places if place is not None and place.is_dir()), "")
    return Found(exists, joined=False, elsewhere=elsewhere)
