"""What `git status` does not tell of a worktree, and what would be lost with it; real git."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestra.git import unseen
from orchestra.git.worktrees import Repository

Git = Callable[..., str]


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_change_to_a_file_that_is_marked_unchanged_is_seen(flag: str, repo: Path, git: Git) -> None:
    (repo / "a b.txt").write_text("a")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "two")
    repository = Repository(repo, os.environ)
    git("-C", repo, "update-index", flag, "README.md", "a b.txt")
    assert unseen.marked(repository, repo) == ()
    (repo / "a b.txt").write_text("b")
    assert git("-C", repo, "status", "--porcelain") == ""
    assert unseen.marked(repository, repo) == ("a b.txt",)
    before = git("-C", repo, "ls-files", "-v")
    (repo / "a b.txt").unlink()
    assert unseen.marked(repository, repo) == ()
    assert git("-C", repo, "ls-files", "-v") == before


def test_what_a_sparse_checkout_leaves_out_is_no_change(repo: Path, git: Git) -> None:
    (repo / "out").mkdir()
    (repo / "out" / "x").write_text("x")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "two")
    git("-C", repo, "sparse-checkout", "set", "--cone", "in")
    assert unseen.marked(Repository(repo, os.environ), repo) == ()


@pytest.mark.parametrize("place", ["made", "made/src/x"])
def test_a_repository_in_an_ignored_directory(place: str, repo: Path, git: Git, tmp_path: Path) -> None:
    (repo / ".gitignore").write_text("made/\n")
    (repo / "made").mkdir()
    (repo / "made" / "out.o").write_text("made, not written")
    repository = Repository(repo, os.environ)
    assert unseen.repositories(repository, repo) == ""
    (repo / "made" / "out.o").unlink()
    git("clone", "-q", repo, repo / place)
    assert unseen.repositories(repository, repo) == ""
    (repo / place / "new.txt").write_text("new")
    assert unseen.repositories(repository, repo) == f"{place} is a repository that has files not committed"
    git("-C", repo / place, "add", ".")
    git("-C", repo / place, "commit", "-qm", "mine")
    assert unseen.repositories(repository, repo) == f"{place} is a repository that has 1 commit not pushed"


def test_no_program_of_an_ignored_repository_is_run(repo: Path, git: Git, tmp_path: Path) -> None:
    (repo / ".gitignore").write_text("made/\n")
    inner = repo / "made"
    git("clone", "-q", repo, inner)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "diff.external", "core.sshCommand"):
        git("-C", inner, "config", key, f"touch {tmp_path / 'ran'}")
    (inner / ".gitattributes").write_text("* filter=x\n")
    (inner / "README.md").write_text("changed")
    assert unseen.repositories(Repository(repo, os.environ), repo)
    assert not (tmp_path / "ran").exists()
