"""Git LFS for real: files in the worktree, objects on the remote, a program that is missing. Skipped without git-lfs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person, configure

Git = Callable[..., str]
pytestmark = [
    pytest.mark.journey,
    pytest.mark.timeout(240),
    pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed"),
]
SHIPS = """```script
status working
run printf 'second large file' > new.bin
commit "Add new.bin"
run git lfs ls-files --name-only | grep -x new.bin
run touch big.bin
ship
```
"""


@pytest.fixture(params=["--local", "--skip-repo"])  # in the repository with its hooks, in ~/.gitconfig without
def person(request: pytest.FixtureRequest, github_repo: Path, github: Double, git: Git) -> Person:
    root = github_repo
    configure(root, "agent: scripted", "verify: grep -q whole big.bin", "github: {poll: 1s}", "checks: {settle: 2s}")
    (root / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (root / "big.bin").write_text("whole file\n")
    git("-C", root, "lfs", "install", request.param)
    if request.param == "--skip-repo":
        git("-C", root, "lfs", "update")
    git("-C", root, "add", ".")
    git("-C", root, "commit", "-qm", "large files")
    git("-C", root, "push", "-q", "origin", "main")
    return Person(root)


def objects(bare: Path) -> set[str]:
    return {path.read_text() for path in (bare / "lfs" / "objects").rglob("*") if path.is_file()}


def test_large_files_are_whole_are_pushed_and_are_kept(person: Person, github: Double, git: Git) -> None:
    github.add_issue(number=1, title="Add a file", body=SHIPS)
    bare = person.where.parent / "widgets.git"
    assert objects(bare) == {"whole file\n"}
    person.runs("up", "-d")
    person.runs("spawn", "1")
    worker = person.sees("1", "complete")
    worktree = Path(worker["worktreePath"])
    assert (worktree / "big.bin").read_text() == "whole file\n"
    assert git("-C", worktree, "status", "--porcelain") == ""
    assert objects(bare) == {"whole file\n", "second large file"}
    assert worker["changes"]["files"] == 1
    person.runs("merge", "1")
    person.sees("1", "merged")
    assert person.asks("prune")["removed"] == ["1"]
    git("-C", person.where, "pull", "-q", "origin", "main")
    assert (person.where / "new.bin").read_text() == "second large file"


def test_without_its_program_nothing_is_begun_and_it_is_named(
    person: Person, github: Double, git: Git, tmp_path: Path
) -> None:
    github.add_issue(number=1, title="Add a file", body=SHIPS)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "tmux", "sh", "env", "grep", "cat"):
        (programs / name).symlink_to(str(shutil.which(name)))
    bereft = Person(person.where, {"PATH": str(programs)})
    said = bereft.runs("spawn", "1", code=1)
    assert "big.bin needs the filter lfs, and its program git-lfs is not found" in said.out + said.err
    assert bereft.asks("list")["workers"] == []
    found = [one["what"] for one in bereft.asks("doctor", code=None)["findings"]]
    assert any("git-lfs is not found" in one for one in found), found
