"""Merge a worker's branch into its base without a forge.

The result is made in the object store first; only then is the main checkout moved to it, by a fast-forward. So a merge
that fails has changed no file, no branch and no index, and nothing ever has to be aborted or stashed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core.enums import StrEnum
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from orchestra.git.process import AnyPath
    from orchestra.git.repository import RepositoryFacts
    from orchestra.git.worktrees import Repository

_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
    "sequencer/todo": "cherry-pick",  # of many, or a revert, between two of them
}
_MOST_LISTED = 5


class Method(StrEnum):
    """How a branch gets into its base."""

    MERGE = "merge"
    SQUASH = "squash"
    REBASE = "rebase"


class LocalPlan(Record):
    """A merge that may be done: its sentence, and the commits that it was decided on."""

    sentence: str
    branch: str
    base: str
    method: Method
    fast_forward: bool
    tip: str
    base_tip: str


def under_way(repository: Repository, path: AnyPath) -> str:
    """What git has begun in a worktree and not ended: `merge`, `rebase` ...; empty when nothing."""
    admin = repository.admin(path)
    return next((word for name, word in _UNDER_WAY.items() if os.path.lexists(admin / name)), "")


def changed_files(repository: Repository, path: AnyPath, but: str = "", *, submodules: bool = True) -> tuple[str, ...]:
    """The tracked files of a worktree with changes that are not committed, but for those below the directory `but`."""
    words = ("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames")
    without = () if submodules else ("--ignore-submodules=all",)
    listed = repository.ask(*words, *without, at=path).split("\0")
    names = (row[3:] for row in listed if row)
    return tuple(name for name in names if not (but and name.startswith(but.rstrip("/") + "/")))


def plan(repository: Repository, branch: str, base: str, method: Method | None) -> LocalPlan:
    """Whether the branch can be merged now, and how; raises OrchestraError with what is in the way.

    Without a `method` it is a fast-forward where that is possible, else a merge commit.
    """
    tip, base_tip = repository.branch_tip(branch), repository.branch_tip(base)
    if tip is None:
        raise OrchestraError(f"there is no branch {branch}", "see: git branch")
    if base_tip is None:
        raise OrchestraError(f"there is no branch {base} here", f"make it: git branch {base} REMOTE/{base}")
    if repository.holds(base, tip):
        raise OrchestraError(f"{base} already has all of {branch}", "clean up: orchestra prune")
    if found := _overwritten(repository, base_tip, tip):
        raise OrchestraError(f"untracked files are in the way: {_listed(found)}", "move them away, or commit them")
    count = int(repository.ask("rev-list", "--count", f"{base_tip}..{tip}"))
    commits = f"{count} commit{'' if count == 1 else 's'}"
    forward = repository.holds(branch, base_tip) and method in (None, Method.REBASE)
    if not forward and (files := repository.conflicts(branch, base)):
        raise OrchestraError(f"{branch} conflicts with {base} in {_listed(files)}", "tell the worker to merge the base")
    sentence = {
        None: f"a merge commit of {branch} ({commits}) on {base}",
        Method.MERGE: f"a merge commit of {branch} ({commits}) on {base}",
        Method.SQUASH: f"one commit on {base} with all of {branch} ({commits})",
        Method.REBASE: f"the {commits} of {branch} on top of {base}",
    }[method]
    if forward:
        sentence = f"a fast-forward of {base} to {branch} ({commits})"
    return LocalPlan(sentence, branch, base, method or Method.MERGE, forward, tip, base_tip)


def _overwritten(repository: Repository, base_tip: str, tip: str) -> list[str]:
    """The files that the branch adds and that are there already, untracked."""
    added = repository.ask(
        "diff", "--no-ext-diff", "--name-only", "-z", "--diff-filter=A", "--no-renames", base_tip, tip
    )
    return [name for name in added.split("\0") if name and os.path.lexists(repository.root / name)]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(clean(name, 80) for name in names[:_MOST_LISTED]) + more


def perform(repository: Repository, wanted: LocalPlan, message: str, *, sign: bool = False) -> str:
    """Do what was planned in the main checkout, which is on the base; returns the base's new commit.

    `sign`: the commits that it makes are signed, as a typed `git merge` signs them by `commit.gpgSign`.

    Raises OrchestraError, and has then changed nothing, when branch or base have moved since.
    """
    with repository.locked():
        if (repository.branch_tip(wanted.branch), repository.branch_tip(wanted.base)) != (wanted.tip, wanted.base_tip):
            raise OrchestraError(f"{wanted.branch} or {wanted.base} has moved meanwhile", "run the same again")
        made = _made(repository, wanted, message, sign=sign)
        # Only a fast-forward touches files: git checks first that nothing would be overwritten.
        repository.ask("merge", "--ff-only", "--no-autostash", "--quiet", made, at=repository.root)
    return made


def _made(repository: Repository, wanted: LocalPlan, message: str, *, sign: bool) -> str:
    if wanted.fast_forward:
        return wanted.tip
    if wanted.method is Method.REBASE:
        return replayed(repository, wanted.branch, wanted.base_tip, wanted.base_tip, wanted.tip, sign=sign)
    parents = [wanted.base_tip, wanted.tip] if wanted.method is Method.MERGE else [wanted.base_tip]
    return commit_tree(repository, merged_tree(repository, wanted.base_tip, wanted.tip), parents, message, sign=sign)


def replayed(repository: Repository, branch: str, on: str, since: str, tip: str, *, sign: bool = False) -> str:
    """The commits of a branch from `since` to its `tip`, one after the other on top of `on`; the last of them.

    Each keeps its author and message. No branch is moved. Raises Conflicted, and OrchestraError for a merge commit.
    """
    listed = repository.ask("rev-list", "--reverse", "--topo-order", "--parents", f"{since}..{tip}")
    for row in listed.splitlines():
        commit, *parents = row.split()
        if len(parents) != 1:
            raise OrchestraError(f"{branch} holds a merge commit, which a rebase would lose", "--method merge")
        # The base's state as a child of the commit's parent: so the two have that parent as their merge base.
        beside = commit_tree(repository, f"{on}^{{tree}}", parents, "orchestra")
        tree = merged_tree(repository, beside, commit)
        if tree != repository.ask("rev-parse", f"{on}^{{tree}}"):
            on = _commit_like(repository, tree, on, commit, sign=sign)
    return on


class Conflicted(OrchestraError):
    """Two commits do not merge by themselves; `files` are where."""

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__(f"it conflicts in {_listed(files)}", "tell the worker to merge the base")
        self.files = tuple(files)


def merged_tree(repository: RepositoryFacts, ours: str, theirs: str) -> str:
    """The tree of a merge, made without a checkout; raises Conflicted."""
    words = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z")
    done = repository.git("-c", "merge.renormalize=false", *words, ours, theirs)
    if done.status == 0:
        return done.out.split("\0")[0]
    if done.status == 1:
        names = [name for name in done.out.split("\0")[1:] if name]
        raise Conflicted(names)
    raise OrchestraError(f"git cannot merge without a checkout: {done.reason()}", "install git 2.38 or newer")


def holds_changes(repository: RepositoryFacts, base: str, tip: str, *, since: str = "", in_doubt: bool) -> bool:
    """Whether `base` holds all that `tip` has changed `since`, by whatever method it came there.

    A merge of the two then changes nothing. `in_doubt`: the answer where they conflict, or `tip` is not here.
    """
    if not tip or (commit := repository.commit(tip)) is None:
        return in_doubt
    if since and repository.ask("rev-parse", f"{since}^{{tree}}") == repository.ask("rev-parse", f"{commit}^{{tree}}"):
        return False  # nothing was changed
    if repository.git("merge-base", "--is-ancestor", commit, base).status == 0:
        return True
    try:
        return merged_tree(repository, base, commit) == repository.ask("rev-parse", f"{base}^{{tree}}")
    except Conflicted:
        return in_doubt


def commit_tree(repository: Repository, tree: str, parents: Sequence[str], message: str, *, sign: bool = False) -> str:
    """A new commit of a tree; no branch is moved."""
    named = [*(["-S"] if sign else []), *(word for parent in parents for word in ("-p", parent))]
    return repository.ask("commit-tree", tree, *named, "-m", message)


def _commit_like(repository: Repository, tree: str, parent: str, commit: str, *, sign: bool) -> str:
    """A commit with the author and message of another one."""
    shown = repository.ask("log", "-1", "--no-show-signature", "--format=%an%x00%ae%x00%aI%x00%B", commit)
    name, mail, date, message = shown.split("\0", 3)
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail, "GIT_AUTHOR_DATE": date}
    signed = ("-S",) if sign else ()
    return repository.ask("commit-tree", tree, *signed, "-p", parent, "-m", message.rstrip("\n"), environ=author)
