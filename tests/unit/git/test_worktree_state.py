"""What is said of a worktree that the user has moved, deleted or switched, and the command that brings it back."""

from __future__ import annotations

import pytest

from orchestra.git.worktree_state import Found, judged

pytestmark = pytest.mark.fast

HERE = "git -C '/w/a b'"
TABLE = {
    "at its place, on its branch": (Found(True, on="issue-1"), None, None),
    "moved by git": (
        Found(False, joined=False, elsewhere="/w/c"),
        "the worktree of issue-1 is at /w/c, not at /w/a b",
        "git worktree move /w/c '/w/a b'",
    ),
    "moved, and something else is at its place": (
        Found(True, joined=False, elsewhere="/w/c"),
        "the worktree of issue-1 is at /w/c, not at /w/a b",
        "git worktree move /w/c '/w/a b'",
    ),
    "its .git file is gone": (Found(True, joined=False), "git does not know the worktree any more: /w/a b", ""),
    "deleted": (Found(False, joined=False), "its worktree is gone: /w/a b", ""),
    "its branch was renamed": (
        Found(True, on="mine", branch_exists=False),
        "the worktree is on mine, not on issue-1, which does not exist",
        f"{HERE} branch -m mine issue-1",
    ),
    "on a branch that goes on from it": (
        Found(True, on="mine", ahead=True),
        "the worktree is on mine, not on issue-1",
        f"bring your commits to the branch: {HERE} switch -C issue-1",
    ),
    "on another branch": (
        Found(True, on="main"),
        "the worktree is on main, not on issue-1",
        f"bring your commits to the branch: {HERE} switch issue-1",
    ),
    "detached": (
        Found(True, ahead=True),
        "the worktree is on a detached HEAD, not on issue-1",
        f"bring your commits to the branch: {HERE} switch -C issue-1",
    ),
    "in a rebase": (
        Found(True, under_way="rebase"),
        "a rebase is under way, so the worktree is not on issue-1",
        f"end it: {HERE} rebase --continue",
    ),
    "in a bisect": (
        Found(True, under_way="bisect", ahead=True),
        "a bisect is under way, so the worktree is not on issue-1",
        f"end it: {HERE} bisect reset",
    ),
    "in a rebase, on its branch all the same": (Found(True, on="issue-1", under_way="rebase"), None, None),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_problem_and_the_way_back(name: str) -> None:
    found, what, hint = TABLE[name]
    problem = judged(found, "/w/a b", "issue-1")
    assert ((problem.what, problem.hint) if problem else (None, None)) == (what, hint)
    assert problem is None or problem.misplaced == (not found.joined)
