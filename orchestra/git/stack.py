"""Carry a branch that was built on another one over to where that one has come, or to what it was merged into.

git's own merge base is not asked: after a squash it lies before all of the lower branch, and both sides then add the
same files. The commit at which the branch left the lower one is known, and it decides: `bridge` makes a commit with the
files of the new base that descends from both the new base and that fork. Merged with it, the branch brings in its own
changes and nothing else. The branch only ever moves forward: nothing has to be pushed by force, no commit is lost.
Who prefers a straight history has it rebased instead; what was before stays in the branch's reflog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError
from orchestra.git import local_merge

if TYPE_CHECKING:
    from orchestra.git.process import AnyPath
    from orchestra.git.worktrees import Repository


def bridge(repository: Repository, fork: str, onto: str, *, sign: bool = False) -> str:
    """The commit to merge into the branch: `onto`, and a child of the fork; `sign` as for `carry`."""
    if repository.git("merge-base", "--is-ancestor", fork, onto).status == 0:
        return onto
    message = f"Take {onto[:10]} for what became of {fork[:10]}"
    return local_merge.commit_tree(repository, f"{onto}^{{tree}}", [onto, fork], message, sign=sign)


def carry(repository: Repository, path: AnyPath, branch: str, step: str, message: str, *, sign: bool = False) -> str:
    """Bring the bridge `step` into the branch, which is checked out at `path`; the branch's new commit.

    `sign`: what is made is signed, as the user's own commits are by `commit.gpgSign`.

    Raises Conflicted, and OrchestraError where files would be overwritten, and has then changed nothing.
    """
    tip = repository.ask("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}")
    if repository.git("merge-base", "--is-ancestor", tip, step).status == 0:
        made = step
    else:
        tree = local_merge.merged_tree(repository, step, tip)
        made = local_merge.commit_tree(repository, tree, [tip, step], message, sign=sign)
    repository.ask("merge", "--ff-only", "--no-autostash", "--quiet", made, at=path)
    return made


def rebase(repository: Repository, path: AnyPath, branch: str, fork: str, onto: str, *, sign: bool = False) -> str:
    """Put the branch's own commits since `fork` on top of `onto`, as `git rebase --onto` does; its new commit.

    The branch is checked out at `path`. Raises Conflicted, and OrchestraError where it holds a merge commit or files
    would be overwritten, and has then changed nothing.
    """
    tip = repository.ask("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}")
    made = local_merge.replayed(repository, branch, onto, fork, tip, sign=sign)
    if repository.branch_tip(branch) != tip:  # a reset, unlike a fast-forward, would take a new commit off the branch
        raise OrchestraError(f"{branch} has moved meanwhile", "the monitor tries again")
    repository.ask("reset", "--keep", "--quiet", made, at=path)
    return made


def conflicts(repository: Repository, branch: str, fork: str, onto: str, *, rebases: bool) -> bool:
    """Whether to bring them together would conflict; no branch is moved, and nothing is signed."""
    tip = repository.ask("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}")
    try:
        if rebases:
            local_merge.replayed(repository, branch, onto, fork, tip)
        else:
            local_merge.merged_tree(repository, bridge(repository, fork, onto), tip)
    except local_merge.Conflicted:
        return True
    return False


def has_merges(repository: Repository, fork: str, branch: str) -> bool:
    """Whether a branch's own commits since `fork` hold a merge, which a rebase would lose."""
    return repository.ask("rev-list", "--merges", "--max-count=1", f"{fork}..refs/heads/{branch}") != ""
