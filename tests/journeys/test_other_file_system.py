"""Worktrees on a file system of their own: another one, a full one, one that may not be written."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import mounts
from support.accounts import other_account
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(200)]
Git = Callable[..., str]
WORK = '```script\nstatus working\nwrite {0}.txt "one"\ncommit One\nship\n```\n'


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where the worktrees are: 1 MiB."""
    with mounts.tmpfs(tmp_path / "trees", "size=1m") as mounted:
        yield mounted


def project(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "worktree: ../trees/{repo}-{id}")
    (repo / "large").write_bytes(b"x" * 100_000)
    (repo / "script.sh").write_text("#!/bin/sh\n")
    (repo / "script.sh").chmod(0o755)
    for number in (1, 2):
        write_issue(repo, number, f"Make {number}", WORK.format(number))
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


def fill(place: Path) -> Path:
    """Use up the last byte."""
    try:
        with (place / "filling").open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
    except OSError:
        pass
    return place / "filling"


def test_a_full_one_is_named_and_nothing_is_lost(repo: Path, place: Path, git: Git) -> None:
    person = project(repo, git)
    person.runs("up", "-d")
    filling = fill(place)
    said = person.runs("spawn", "1", code=1).out
    assert "no space is left on its file system" in said or "No space left on device" in said, said
    assert any(one["id"] == "E4" for one in person.asks("doctor", code=None)["findings"])
    filling.unlink()
    person.runs("restart", "1")
    worktree = Path(person.sees("1", "complete")["worktreePath"])
    assert git("-C", worktree, "status", "--porcelain") == ""
    assert (worktree / "large").stat().st_size == 100_000
    person.runs("spawn", "2")
    other = Path(person.sees("2", "complete")["worktreePath"])
    fill(place)
    person.runs("merge", "1")
    (other / "more.txt").touch()  # a file that is not committed
    person.runs("merge", "2")
    pruned = person.asks("prune")
    assert pruned["removed"] == ["1"], pruned
    assert (other / "more.txt").exists()
    assert not worktree.exists()


def test_one_that_was_made_read_only_keeps_its_workers(repo: Path, place: Path, git: Git) -> None:
    person = project(repo, git)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    worktree = Path(person.sees("1", "complete")["worktreePath"])
    person.runs("merge", "1")
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    kept = person.runs("prune", code=None)
    assert "Read-only file system" in kept.out + kept.err, kept
    assert (worktree / "1.txt").read_text() == "one\n"
    assert [one["id"] for one in person.asks("list")["workers"]] == ["1"]
    said = person.runs("spawn", "2", code=1).out
    assert "Read-only" in said or "cannot be written" in said, said
    subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
    assert person.asks("prune")["removed"] == ["1"]


def test_a_directory_of_the_worktrees_that_may_not_be_written() -> None:
    with other_account() as account:
        repo, trees = account.place / "widgets", account.place / "trees"
        for directory in (repo, trees, account.place / "s"):
            directory.mkdir()
        configure(repo, "agent: scripted", "tracker: local", "worktree: ../trees/{repo}-{id}")
        for number in (1, 2):
            write_issue(repo, number, f"Make {number}", WORK.format(number))
        (account.place / ".gitconfig").write_text("[user]\n\tname = Ann\n\temail = ann@example.invalid\n")
        owner = os.stat(account.place)
        for path in account.place.rglob("*"):
            os.chown(path, owner.st_uid, owner.st_gid)
        environ = {"HOME": str(account.place), "ORCHESTRA_HOME": "", "TMUX_TMPDIR": str(account.place / "s")}
        person = Person(repo, environ, python=account.python, before=account.before)
        begin = "git init -q -b main && git add . && git commit -qm first"
        subprocess.run([*account.before, "sh", "-c", begin], cwd=repo, env=person.environ, check=True)
        try:
            person.runs("up", "-d")
            trees.chmod(0o555)
            said = person.runs("spawn", "1", code=1).out
            assert f"the worktree of #1 cannot be made: {trees} cannot be written" in said
            assert person.asks("list")["workers"] == []
            found = [one["what"] for one in person.asks("doctor", code=None)["findings"] if one["id"] == "E4"]
            assert f"no worktree can be made in {trees}, which cannot be written" in found
            trees.chmod(0o755)
            person.runs("spawn", "1")
            worktree = Path(person.sees("1", "complete")["worktreePath"])
            person.runs("merge", "1")
            trees.chmod(0o555)
            kept = person.asks("prune")
            assert kept["removed"] == [], kept
            print(kept)
            assert (worktree / "1.txt").exists()
            assert [one["id"] for one in person.asks("list")["workers"]] == ["1"]
            trees.chmod(0o755)
            assert person.asks("prune")["removed"] == ["1"]
            eventually(lambda: not worktree.exists(), why="the worktree to be gone")
        finally:
            person.tmux("kill-server")
