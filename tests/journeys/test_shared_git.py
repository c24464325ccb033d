"""What a worker leaves in the `.git` that it shares with everybody, while each of our commands runs."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import boards, traps
from support.boards import settled
from support.github_double import Double
from support.person import Person, configure
from support.polling import eventually

from orchestra.git.change import Change
from orchestra.git.worktrees import Repository
from orchestra.ui.console import Console

Git = Callable[..., str]
fast = pytest.mark.fast
WARNING = "the shared git configuration changed while #1 and #2 ran: "


@pytest.fixture
def tree(github_repo: Path, tmp_path: Path, git: Git) -> Path:
    """A worker's worktree, with a file that is changed and one that is staged."""
    repository = Repository.find(github_repo, os.environ)
    path = tmp_path / "w7"
    repository.add(path, "issue-7", repository.resolve("main"), "orchestra #7")
    repository.checkout(path)
    (path / "README.md").write_text("changed\n")
    (path / "n.txt").write_text("new\n")
    git("-C", path, "add", "n.txt")
    return path


@fast
def test_the_traps_work(github_repo: Path, tree: Path, tmp_path: Path) -> None:
    laid = traps.lay(github_repo, tmp_path / "traps")
    plain: tuple[tuple[tuple[str | Path, ...], set[str]], ...] = (
        (("-C", tree, "status"), {"core.fsmonitor", "post-index-change"}),
        (("-C", tree, "diff"), {"diff.x.command"}),
        (("-C", tree, "diff", "--cached"), {"diff.external"}),
        (("-C", tree, "--no-pager", "diff", "--no-ext-diff"), {"filter.x.process", "diff.x.textconv"}),
        (("-C", github_repo, "worktree", "add", "-f", tmp_path / "w8"), {"post-checkout", "reference-transaction"}),
        (("-C", github_repo, "fetch", "origin"), {"remote.origin.uploadpack"}),
        (("-C", github_repo, "push", "origin", "main:x"), {"remote.origin.receivepack"}),
        (("-C", github_repo, "orchestra"), {"alias.orchestra"}),
    )
    for argv, wanted in plain:
        laid.sprung()
        traps.git(*argv)
        sprung = laid.names()
        assert wanted <= sprung, (argv, sprung)
    traps.lead(github_repo, "ssh://git@127.0.0.1:1/x")
    traps.git("-C", github_repo, "fetch", "origin")
    assert "core.sshCommand" in laid.names()
    traps.lead(github_repo, f"ext::{tmp_path / 'traps' / 'alias.fetch'} %S")
    traps.git("-C", github_repo, "fetch", "origin")
    assert "alias.fetch" in laid.names()


@fast
@pytest.mark.parametrize("way", ["uploadpack and receivepack", "ext", "vcs"])
def test_no_way_to_the_remote_runs_what_the_config_names(
    way: str, github_repo: Path, tree: Path, tmp_path: Path, git: Git
) -> None:
    """Without a tripwire in front. Hooks, ssh and credentials are the user's: these run, and it watches them."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n")
    program.chmod(0o755)
    if way == "ext":
        git("-C", github_repo, "config", "protocol.ext.allow", "always")
        traps.lead(github_repo, f"ext::{program} %S")
    elif way == "vcs":
        git("-C", github_repo, "config", "protocol.ext.allow", "always")
        git("-C", github_repo, "config", "remote.origin.vcs", "ext")
        traps.lead(github_repo, f"{program} %S")
    else:
        for name in ("uploadpack", "receivepack"):
            git("-C", github_repo, "config", f"remote.origin.{name}", str(program))
    repository = Repository.find(github_repo, os.environ)
    assert bool(repository.fetch("main")) is (way == "uploadpack and receivepack")
    if way == "uploadpack and receivepack":
        assert repository.push(tree, "issue-7") == repository.commit("HEAD", at=tree)
    assert not (tmp_path / "canary").exists()


@fast
def test_git_is_not_led_to_another_config_by_its_commondir(
    github_repo: Path, tree: Path, tmp_path: Path, git: Git
) -> None:
    evil = tmp_path / "evil"
    shutil.copytree(github_repo / ".git", evil)
    repository = Repository.find(github_repo, os.environ)
    laid = traps.lay(github_repo, tmp_path / "traps")
    shutil.move(github_repo / ".git" / "config", evil / "config")
    git("config", "--file", github_repo / ".git" / "config", "core.bare", "false")
    (repository.admin(tree) / "commondir").write_text(f"{evil}\n")
    traps.git("-C", tree, "status")
    assert laid.sprung(), "the trap works"
    base = repository.resolve("main")
    assert repository.dirty(tree) == ("README.md", "n.txt")
    assert Change(repository, "main", base, at=tree).counts().files == 2
    assert repository.snapshot(tree, "7")
    assert laid.sprung() == ""


# --- every one of our commands, with a pull request open, a worker that waits, one in the queue, one to remove ---

SHIPS = "```script\nstatus working\nwrite a.txt a\ncommit A\nship\nwait\n```\n"
WAITS = "```script\nstatus working\nwrite b.txt b\ncommit B\nwait\nship\nwait\n```\n"
HANGS = "```script\nstatus working\nhang\n```\n"
READS: tuple[tuple[str, ...], ...] = (
    ("list", "--json"), ("log", "2"), ("issues",), ("diff", "2"), ("status",), ("gates",), ("pr", "1"), ("keys",),
    ("wait", "1", "--timeout", "0"), ("prune", "--dry-run"), ("restore",), ("doctor",), ("monitor", "--once"),
)  # fmt: skip
STOPPED: tuple[tuple[str, ...], ...] = (("spawn", "6"), ("prune",), ("restore", "4"))
ACTS: tuple[tuple[str, ...], ...] = (
    ("deny", "2", "No."), ("pause", "1"), ("resume", "1"), ("restart", "1"), ("restart", "2", "--fresh"),
)  # fmt: skip
ACCEPTED: tuple[tuple[str, ...], ...] = (
    ("restart", "1"), ("cancel", "1"), ("diff", "1"), ("prune",), ("down",), ("up", "-d"), ("list",),
)  # fmt: skip


@pytest.fixture
def person(github_repo: Path, github: Double, git: Git) -> Person:
    configure(github_repo, "agent: scripted", "workers: {max: 2}", "notify: {desktop: false}")
    for number, body in enumerate((SHIPS, WAITS, HANGS, HANGS, HANGS, HANGS), 1):
        github.add_issue(number=number, title=f"Issue {number}", body=body)
    found = Person(github_repo)
    for ended in ("4", "5"):
        found.runs("spawn", ended)
        found.runs("cancel", ended)
        if ended == "4":
            found.runs("prune")
    found.runs("spawn", "1", "2", "3")
    found.sees("1", "shipping")
    for idle in "12":
        eventually(lambda idle=idle: found.asks("show", idle)["activity"]["state"] == "waiting", 30)  # type: ignore[misc]
    return found


@pytest.mark.journey
@pytest.mark.timeout(240)
def test_no_command_runs_what_a_worker_left_in_the_shared_git(
    person: Person, github_repo: Path, tmp_path: Path
) -> None:
    laid = traps.lay(github_repo, tmp_path / "traps")
    traps.lead(github_repo, "ssh://git@127.0.0.1:1/x")

    def silent(*argv: str, code: int | None = None) -> str:
        said = person.runs(*argv, code=code)
        assert (sprung := laid.sprung()) == "", (argv, sprung)
        return said.out + said.err

    assert WARNING in silent("list")
    assert WARNING in silent("show", "2")
    for argv in READS:
        silent(*argv)
    assert "I11 error" in silent("doctor", code=1)
    board(github_repo)
    assert laid.sprung() == ""
    for argv in STOPPED:
        assert "doctor --accept-git" in silent(*argv, code=1), argv
    silent("tell", "2", "go on")
    assert "shared git configuration" in person.sees("2", "stuck")["escalation"]["summary"]
    assert laid.sprung() == ""
    for argv in ACTS:
        silent(*argv)
    silent("cancel", "2")
    assert "shared git configuration" in silent("monitor", "--once"), "the queue stops as well"
    assert person.status("3") == "queued"

    # Known to the user: nothing but what is theirs is run, which is ssh at a fetch, and filters where files are read.
    silent("cancel", "3")
    assert "workers may not run this command" in person_of(person, "1").runs("doctor", "--accept-git", code=1).err
    person.runs("doctor", "--accept-git", code=None)  # which then asks the remote as the user's git would
    laid.sprung()
    assert WARNING not in silent("list")
    for argv in ACCEPTED:
        person.runs(*argv, code=None)
        assert all(name.startswith("filter.") for name in laid.names()), argv


def person_of(person: Person, worker: str) -> Person:
    return Person(person.where, {"ORCHESTRA_WORKER": worker})


def board(repo: Path) -> None:
    """Its lists, the changes it counts, and all about the selected worker."""

    async def story() -> None:
        app = boards.board(Console(str(repo), dict(os.environ), time.time))
        async with app.run_test(size=(140, 70)) as pilot:
            await settled(pilot, ".txt | 1 +")
            await pilot.press("ctrl+c")

    asyncio.run(story())
