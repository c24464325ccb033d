"""`$ORCHESTRA_HOME` came back from a backup that is older than what git and GitHub hold: they are believed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
Git = Callable[..., str]

WORK = '```script\nstatus working\nwait\nwrite a.txt "one"\ncommit One\nship\nwait\n```\n'


def rests(person: Person) -> bool:
    return bool(person.asks("show", "7")["activity"]["state"] == "waiting")


class Backup:
    """A user whose worker 7 has begun, the backup of that moment, and then has shipped."""

    def __init__(self, person: Person, place: Path) -> None:
        self.person, self.home, self.kept = person, Path(person.environ["ORCHESTRA_HOME"]), place / "backup"
        person.runs("up", "-d")
        person.runs("spawn", "7")
        eventually(lambda: rests(person), why="#7 to wait")
        self.session = person.asks("show", "7")["agentSession"]
        shutil.copytree(self.home, self.kept, ignore=shutil.ignore_patterns("tmux", "*.tmp"))
        person.runs("tell", "7", "go on")

    def restore(self) -> None:
        self.person.runs("down")
        shutil.rmtree(self.home)
        shutil.copytree(self.kept, self.home)
        assert self.person.status("7") == "working"


def test_older_than_a_pull_request(github_repo: Path, github: Double, git: Git, tmp_path: Path) -> None:
    configure(github_repo, "agent: scripted", "github: {poll: 1s}", "checks: {settle: 5s}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=7, title="Seven", body=WORK)
    backup = Backup(Person(github_repo), tmp_path)
    person = backup.person
    person.sees("7", "shipping")
    tip = git("-C", github_repo, "rev-parse", "issue-7")
    backup.restore()
    person.runs("up", "-d")
    eventually(lambda: person.status("7") in ("shipping", "complete"), 60, "its pull request to be seen")
    found = person.asks("show", "7")
    assert found["pullRequestUrl"].endswith(f"/pull/{github.pulls()[0].number}")
    assert found["agentSession"] == backup.session
    assert len(github.pulls()) == 1
    assert git("-C", github_repo, "rev-parse", "issue-7") == tip


def test_older_than_a_prune(repo: Path, git: Git, tmp_path: Path) -> None:
    configure(repo, "agent: scripted", "tracker: local", "verify: 'true'")
    write_issue(repo, 7, "Seven", WORK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    backup = Backup(Person(repo), tmp_path)
    person = backup.person
    person.sees("7", "complete")
    tip = git("-C", repo, "rev-parse", "issue-7")
    git("-C", repo, "update-ref", "refs/remotes/origin/issue-7", tip)  # it was pushed: nothing would be lost
    person.runs("cancel", "7")
    assert person.asks("prune")["removed"] == ["7"]
    backup.restore()
    found = [one["what"] for one in person.asks("doctor", code=None)["findings"] if one["id"] == "I3"]
    assert any("the worktree of #7 is gone" in what for what in found), found
    person.runs("up", "-d")
    worktree = repo.parent / "widgets-issue-7"
    eventually(lambda: (worktree / "a.txt").exists(), why="the worktree to be back, where the work had come")
    assert git("-C", repo, "rev-parse", "issue-7") == tip
    eventually(lambda: rests(person), why="#7 to be back")
    assert person.asks("show", "7")["agentSession"] == backup.session
