"""What counts as a worker's change, whatever it and its base went through: real git, one row a story."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestra.git.change import Change
from orchestra.git.worktrees import Repository

Git = Callable[..., str]


class Story:
    """A repository with a remote, in which a colleague works on main and a worker on its branch."""

    def __init__(self, repo: Path, git: Git, tmp_path: Path) -> None:
        self.git = git
        self.repo = repo
        self.theirs = tmp_path / "theirs"
        git("clone", "-q", tmp_path / "widgets.git", self.theirs)
        self.tree = tmp_path / "tree"
        self.base = git("-C", repo, "rev-parse", "origin/main")
        git("-C", repo, "worktree", "add", "-q", "--no-track", "-b", "issue-1", self.tree, "origin/main")

    def writes(self, name: str, text: str = "one\n", at: Path | None = None, subject: str = "") -> None:
        """A commit: the worker's, unless `at` says otherwise."""
        place = at or self.tree
        (place / name).write_text(text)
        self.git("-C", place, "add", "--all")
        self.git("-C", place, "commit", "-qm", subject or f"Add {name}")

    def colleague(self, name: str) -> None:
        """A colleague's commit is on the remote's main."""
        self.git("-C", self.theirs, "pull", "-q", "--rebase", "origin", "main")
        self.writes(name, at=self.theirs, subject=f"Theirs: {name}")
        self.git("-C", self.theirs, "push", "-q", "origin", "HEAD:main")

    def fetch(self) -> None:
        self.git("-C", self.repo, "fetch", "-q", "origin")

    def worker(self, *argv: str) -> None:
        self.git("-C", self.tree, *argv)

    def lands(self, how: str) -> None:
        """The branch is merged on the remote."""
        self.worker("push", "-q", "origin", "issue-1")
        self.git("-C", self.theirs, "fetch", "-q", "origin")
        self.git("-C", self.theirs, "switch", "-q", "main")
        self.git("-C", self.theirs, "reset", "-q", "--hard", "origin/main")
        self.git("-C", self.theirs, "merge", "-q", *how.split(), "origin/issue-1")
        if "--squash" in how:
            self.git("-C", self.theirs, "commit", "-qm", "squashed")
        self.git("-C", self.theirs, "push", "-q", "origin", "main")
        self.fetch()


def merged_the_base(story: Story) -> None:
    story.colleague("b.txt")
    story.writes("a.txt")
    story.fetch()
    story.worker("merge", "-q", "--no-edit", "origin/main")


def merged_the_base_twice(story: Story) -> None:
    merged_the_base(story)
    story.colleague("c.txt")
    story.fetch()
    story.worker("merge", "-q", "--no-edit", "origin/main")


def merged_the_base_before_any_commit(story: Story) -> None:
    story.colleague("b.txt")
    story.fetch()
    story.worker("merge", "-q", "--ff-only", "origin/main")
    story.writes("a.txt")


def merged_with_a_conflict(story: Story) -> None:
    story.colleague("b.txt")
    story.colleague("a.txt")
    story.writes("a.txt", "mine\n")
    story.fetch()
    story.git("-C", story.tree, "merge", "-q", "-X", "ours", "--no-edit", "origin/main")


def rebased(story: Story) -> None:
    story.writes("a.txt")
    story.colleague("b.txt")
    story.fetch()
    story.worker("rebase", "-q", "origin/main")


def pulled(story: Story) -> None:
    story.writes("a.txt")
    story.colleague("b.txt")
    story.worker("pull", "-q", "--no-rebase", "--no-edit", "origin", "main")


def the_base_went_on(story: Story) -> None:
    story.writes("a.txt")
    story.colleague("b.txt")
    story.fetch()


def the_base_was_not_fetched(story: Story) -> None:
    story.writes("a.txt")
    story.colleague("b.txt")


def the_local_base_is_old(story: Story) -> None:
    story.git("-C", story.repo, "branch", "-f", "old", "HEAD")
    merged_the_base(story)


def the_user_merged_it_into_the_local_base_to_try_it(story: Story) -> None:
    story.writes("a.txt")
    story.git("-C", story.repo, "merge", "-q", "--no-ff", "--no-edit", "issue-1")


def a_merge_of_its_own_branch(story: Story) -> None:
    story.worker("switch", "-qc", "part")
    story.writes("a.txt")
    story.worker("switch", "-q", "issue-1")
    story.worker("merge", "-q", "--no-ff", "--no-edit", "part")


def landed_by_a_merge(story: Story) -> None:
    merged_the_base(story)
    story.lands("--no-ff --no-edit")


def landed_by_a_fast_forward(story: Story) -> None:
    story.writes("a.txt")
    story.lands("--ff-only")


def landed_by_a_squash(story: Story) -> None:
    story.writes("a.txt")
    story.lands("--squash")


STORIES: dict[Callable[[Story], None], tuple[tuple[str, ...], tuple[str, ...]]] = {
    merged_the_base: (("a.txt",), ("Add a.txt",)),
    merged_the_base_twice: (("a.txt",), ("Add a.txt",)),
    merged_the_base_before_any_commit: (("a.txt",), ("Add a.txt",)),
    merged_with_a_conflict: (("a.txt",), ("Add a.txt",)),
    rebased: (("a.txt",), ("Add a.txt",)),
    pulled: (("a.txt",), ("Add a.txt",)),
    the_base_went_on: (("a.txt",), ("Add a.txt",)),
    the_base_was_not_fetched: (("a.txt",), ("Add a.txt",)),
    the_local_base_is_old: (("a.txt",), ("Add a.txt",)),
    the_user_merged_it_into_the_local_base_to_try_it: (("a.txt",), ("Add a.txt",)),
    a_merge_of_its_own_branch: (("a.txt",), ()),
    landed_by_a_merge: (("a.txt",), ("Add a.txt",)),
    landed_by_a_fast_forward: (("a.txt",), ("Add a.txt",)),
    landed_by_a_squash: (("a.txt",), ("Add a.txt",)),
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_only_the_workers_own_files_and_commits_count(
    story: Callable[[Story], None], github_repo: Path, git: Git, tmp_path: Path
) -> None:
    told = Story(github_repo, git, tmp_path)
    story(told)
    repository = Repository.find(told.tree, os.environ)
    change = Change(repository, "main", told.base, at=told.tree)
    paths, subjects = STORIES[story]
    assert (change.paths(), change.subjects()) == (paths, subjects)
    assert change.counts().files == len(paths)
    assert change.commits() >= 1
    assert all(f"+++ b/{name}" in change.text() for name in paths)
    assert change.stat().endswith("1 file changed, 1 insertion(+)") or story is merged_with_a_conflict
    (told.tree / "new.txt").write_text("not committed")
    assert Change(repository, "main", told.base, at=told.tree).paths() == (*paths, "new.txt")
    told.worker("switch", "-q", "--detach")
    branch = Change(repository, "main", told.base, head="refs/heads/issue-1")
    assert (branch.paths(), branch.subjects()) == (paths, subjects)


def test_work_on_another_workers_branch(github_repo: Path, git: Git, tmp_path: Path) -> None:
    """The first branch is its base; when that one is squashed into main and gone, where the work began still counts."""
    told = Story(github_repo, git, tmp_path)
    told.writes("a.txt")
    second, began = tmp_path / "second", git("-C", told.tree, "rev-parse", "HEAD")
    git("-C", github_repo, "worktree", "add", "-q", "--no-track", "-b", "issue-2", second, "issue-1")
    told.writes("b.txt", at=second)
    repository = Repository.find(github_repo, os.environ)
    assert Change(repository, "issue-1", began, at=second).paths() == ("b.txt",)
    told.writes("c.txt")
    told.git("-C", second, "merge", "-q", "--no-edit", "issue-1")
    assert Change(repository, "issue-1", began, at=second).paths() == ("b.txt",)
    told.lands("--squash")
    git("-C", github_repo, "worktree", "remove", "-f", told.tree)
    git("-C", github_repo, "branch", "-qD", "issue-1")
    git("-C", github_repo, "update-ref", "-d", "refs/remotes/origin/issue-1")
    assert Change(repository, "issue-1", began, at=second).paths() == ("b.txt", "c.txt")


def test_a_base_that_is_a_commit(repo: Path, git: Git, tmp_path: Path) -> None:
    first = git("-C", repo, "rev-parse", "HEAD")
    git("-C", repo, "worktree", "add", "-q", "-b", "issue-1", tmp_path / "tree", first)
    (tmp_path / "tree" / "a.txt").write_text("a\n")
    repository = Repository.find(repo, os.environ)
    assert Change(repository, first, first, at=tmp_path / "tree").paths() == ("a.txt",)
    assert Change(repository, "gone", "0" * 40, at=tmp_path / "tree").base_commit
