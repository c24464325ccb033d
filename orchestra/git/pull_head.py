"""A worker's branch beside the head of its pull request: the same, ahead, updated by GitHub, or somebody else's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.core.pull_request import Head
from orchestra.errors import Unreachable
from orchestra.git.process import GitResult
from orchestra.git.remote import FETCH_SECONDS

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

MOST_MERGES = 50  # merges of the base that are looked at


def compare(repository: RepositoryFacts, branch: str, sha: str, base: str, pushed: Sequence[str]) -> Head:
    """How the local `branch` is to the commit `sha` that GitHub shows. `pushed`: what this worker pushed before.

    A commit that is not here is not known: `fetch_head` brings it.
    """
    tip = repository.branch_tip(branch)
    if tip is None:
        return Head.UNKNOWN
    if tip == sha:
        return Head.SAME
    if repository.commit(sha) is None:
        return Head.UNKNOWN
    if _is_ancestor(repository, sha, tip) or sha in pushed:
        return Head.REWOUND if tip in pushed else Head.AHEAD
    if _is_ancestor(repository, tip, sha) and _only_merges(repository, tip, sha, base):
        return Head.UPDATED
    return Head.FOREIGN


def is_own(repository: RepositoryFacts, branch: str, sha: str, start: str, pushed: Sequence[str]) -> bool:
    """Whether a head commit is this worker's: among the commits it made on `branch` since `start`, or built on a push.

    A colleague's branch of the same name holds commits that are in neither.
    """
    if sha in pushed or any(_is_ancestor(repository, one, sha) for one in pushed):
        return True
    tip = repository.branch_tip(branch)
    return (
        tip is not None and _is_ancestor(repository, sha, tip) and not (start and _is_ancestor(repository, sha, start))
    )


def fetch_head(
    repository: RepositoryFacts, remote: str, branch: str, place: str = "", timeout: float = FETCH_SECONDS
) -> str:
    """Bring the remote's `branch` here, as its remote-tracking branch; why that failed. `place`: asked instead."""
    refspec = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
    quiet = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--upload-pack=git-upload-pack")
    try:
        done = repository.git("fetch", "--quiet", *quiet, "--", place or remote, refspec, timeout=timeout)
    except Unreachable as late:
        return late.message
    return done.reason() if done.status else ""


def is_merged_with(repository: RepositoryFacts, tip: str, sha: str, number: int) -> bool:
    """Whether the merged head `sha` of pull request `number` holds `tip`: GitHub may have merged the base into it.

    A head that is not here is fetched by the pull request's own ref, which outlives its branch.
    """
    if repository.commit(sha) is None:
        quiet = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--upload-pack=git-upload-pack")
        for remote in repository.git("remote").out.split():
            try:
                repository.git(
                    "fetch", "--quiet", *quiet, "--", remote, f"refs/pull/{number}/head", timeout=FETCH_SECONDS
                )
            except Unreachable:
                continue
            if repository.commit(sha) is not None:
                break
    return repository.commit(sha) is not None and _is_ancestor(repository, tip, sha)


def fast_forward(repository: RepositoryFacts, worktree: str | os.PathLike[str], sha: str) -> GitResult:
    """Move the branch of a clean worktree forward to `sha`, and its files."""
    return repository.git("merge", "--quiet", "--ff-only", "--no-verify", sha, at=worktree)


def _is_ancestor(repository: RepositoryFacts, commit: str, of: str) -> bool:
    return repository.git("merge-base", "--is-ancestor", commit, of).status == 0


def _only_merges(repository: RepositoryFacts, tip: str, sha: str, base: str) -> bool:
    """Whether everything that `sha` has beyond `tip`, along its first parents, merges the base branch."""
    listed = repository.git(
        "rev-list", "--first-parent", "--parents", f"--max-count={MOST_MERGES + 1}", "--end-of-options", f"{tip}..{sha}"
    )
    rows = [row.split() for row in listed.out.splitlines()]
    if listed.status or not rows or len(rows) > MOST_MERGES:
        return False
    remotes = repository.git("for-each-ref", "--format=%(refname)", f"refs/remotes/*/{base}", f"refs/heads/{base}").out
    return all(
        len(row) == 3 and any(_is_ancestor(repository, row[2], ref) for ref in remotes.splitlines()) for row in rows
    )
