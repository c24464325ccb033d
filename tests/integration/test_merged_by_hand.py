"""Whether a base holds what a branch changed, however that got there: asked of real git."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestra.git import local_merge
from orchestra.git.worktrees import Repository

Git = Callable[..., str]


@pytest.mark.parametrize(
    ("moves", "held"),
    [
        pytest.param(["merge -q --squash work", "commit -qm squashed"], True, id="squash"),
        pytest.param(["cherry-pick main..work"], True, id="picked"),
        pytest.param(["cherry-pick main..work", "commit -q --allow-empty -m more"], True, id="picked, and moved on"),
        pytest.param(["cherry-pick work~1"], False, id="only a part of it"),
        pytest.param(["merge -q --squash work", "commit -qm squashed", "revert --no-edit HEAD"], False, id="reverted"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_what_was_merged_by_hand_is_held(moves: list[str], held: bool, repo: Path, git: Git) -> None:
    start = git("-C", repo, "rev-parse", "main")
    git("-C", repo, "switch", "-qc", "work")
    for name in ("a.txt", "b.txt"):
        (repo / name).write_text(f"{name}\n")
        git("-C", repo, "add", ".")
        git("-C", repo, "commit", "-qm", name)
    git("-C", repo, "switch", "-q", "main")
    for move in moves:
        git("-C", repo, *move.split())
    repository = Repository(repo, os.environ)
    tip, base = "refs/heads/work", "refs/heads/main"
    assert local_merge.holds_changes(repository, base, tip, since=start, in_doubt=False) is held
    assert not local_merge.holds_changes(repository, base, start, since=start, in_doubt=True), "nothing was changed"


@pytest.mark.parametrize("in_doubt", [False, True])
def test_what_cannot_be_known_is_what_the_caller_believes(in_doubt: bool, repo: Path, git: Git) -> None:
    """A base that moved on in the same lines, and a commit that is not here."""
    for branch, text in (("work", "one\n"), ("main", "two\n")):
        git("-C", repo, "switch", "-q", *(["-c"] if branch == "work" else []), branch)
        (repo / "a.txt").write_text(text)
        git("-C", repo, "add", ".")
        git("-C", repo, "commit", "-qm", branch)
    repository = Repository(repo, os.environ)
    for tip in ("refs/heads/work", "f" * 40, ""):
        assert local_merge.holds_changes(repository, "refs/heads/main", tip, in_doubt=in_doubt) is in_doubt
