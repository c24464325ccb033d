"""docs/doctor.md: set-ups that are broken in a usual way, what `doctor` says of each, and that its fix fixes it.

The page is made of what was printed here. `DOCTOR_PAGE=1 pytest --nightly tests/journeys/test_doctor_page.py` writes it
anew.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]
PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"
HEAD = """# What `orchestra doctor` says

Set-ups that are broken in a usual way, each with the whole output of `orchestra doctor` and what it says once the fix
that it names was made. Made by a test, which fails when one of them says something else.
"""
WELL = "all is well"
WRITE = bool(os.environ.get("DOCTOR_PAGE"))  # before the fixtures take the environment away
USUAL = (
    "orchestra.yaml cannot be read",
    "Git's own configuration cannot be read",
    "A test made the repository bare",
    "A hook cannot run",
)


class World:
    """A repository, its user, and a directory of programs in front of PATH."""

    def __init__(self, repo: Path, home: Path, git: Git, tmp_path: Path) -> None:
        self.repo, self.home, self.git = repo, home, git
        self.bin = tmp_path / "bin"
        self.bin.mkdir()
        shutil.rmtree(home / ".orchestration", ignore_errors=True)
        configure(repo, "agent: scripted", "tracker: local")
        write_issue(repo, 1, "Ask", HANG)
        git("-C", repo, "add", ".")
        git("-C", repo, "commit", "-qm", "issues")
        self.environ = {"PATH": f"{self.bin}:/usr/bin:/bin"}

    def person(self) -> Person:
        return Person(self.repo, self.environ)

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def config(self, *argv: str) -> None:
        self.git("-C", self.repo, "config", *argv)

    def worker(self) -> Path:
        self.person().runs("up", "-d")
        self.person().runs("spawn", "1")
        self.person().sees("1", "working")
        return self.repo.parent / "widgets-issue-1"

    def stale_lock(self) -> None:
        path = self.repo / ".git" / "index.lock"
        path.touch()
        os.utime(path, (1_600_000_000, 1_600_000_000))

    def hook(self) -> None:
        path = self.repo / ".git" / "hooks" / "pre-commit"
        path.write_text("#!/no/such/interpreter\n")
        path.chmod(0o755)

    def open_file(self) -> None:
        self.person().runs("list")
        path = self.home / ".orchestration" / "notes"
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        path.chmod(0o644)


class Setup(NamedTuple):
    """How it is broken, and what the user does who follows the advice."""

    broken: Callable[[World], object]
    fixed: Callable[[World], object]
    does: str  # the fix as the user types it; with a # in front, what they do otherwise


def agent_missing(world: World) -> None:
    configure(world.repo, "tracker: local")


def agent_installed(world: World) -> None:
    world.program("claude", "echo '2.1.332 (Claude Code)'")
    world.environ["ANTHROPIC_API_KEY"] = "dummy"


def agent_logged_out(world: World) -> None:
    configure(world.repo, "tracker: local")
    world.program("claude", "echo '2.1.332 (Claude Code)'")


def logged_in(world: World) -> None:
    world.environ["ANTHROPIC_API_KEY"] = "dummy"
    world.person().runs("up", "-d", "--environment")


def no_tracker(world: World) -> None:
    configure(world.repo, "agent: scripted")
    shutil.rmtree(world.repo / ".orchestra")


def identified(world: World) -> None:
    world.config("user.name", "Ann")
    world.config("user.email", "ann@example.invalid")


def signing(world: World) -> None:
    world.config("commit.gpgsign", "true")
    world.config("gpg.format", "ssh")
    world.config("user.signingkey", "/no/such/key.pub")


def made_again(world: World) -> None:
    world.person().runs("restart", "1")
    place = world.repo.parent / "widgets-issue-1" / "README.md"
    eventually(place.exists, 60, "the worktree to be made again")


SETUPS: Mapping[str, Setup] = {
    "The agent is not installed": Setup(agent_missing, agent_installed, "npm install -g @anthropic-ai/claude-code"),
    "The agent is not logged in": Setup(
        agent_logged_out, logged_in, "export ANTHROPIC_API_KEY=...; orchestra up --environment"
    ),
    "Neither GitHub nor local issues": Setup(
        no_tracker, lambda world: write_issue(world.repo, 1, "Ask", HANG), "orchestra init"
    ),
    "orchestra.yaml cannot be read": Setup(
        lambda world: (world.repo / "orchestra.yaml").write_text("agent: [\n"),
        lambda world: configure(world.repo, "agent: scripted", "tracker: local"),
        "# orchestra.yaml is corrected",
    ),
    "A test made the repository bare": Setup(
        lambda world: world.config("core.bare", "true"),
        lambda world: world.person().runs("doctor", "--fix", code=None),
        "orchestra doctor --fix",
    ),
    "Git's own configuration cannot be read": Setup(
        lambda world: (world.home / ".gitconfig").write_text("[user\n"),
        lambda world: (world.home / ".gitconfig").write_text("[user]\nname = Ann\nemail = ann@example.invalid\n"),
        "# ~/.gitconfig is corrected",
    ),
    "Git does not know who commits": Setup(
        lambda world: (world.home / ".gitconfig").write_text("[user]\nuseConfigOnly = true\n"),
        identified,
        "git config user.name Ann; git config user.email ann@example.invalid",
    ),
    "Commits are signed with a key that is not there": Setup(
        signing,
        lambda world: world.config("commit.gpgsign", "false"),
        "git config commit.gpgsign false",
    ),
    "A hook cannot run": Setup(
        World.hook, lambda world: (world.repo / ".git" / "hooks" / "pre-commit").unlink(), "rm .git/hooks/pre-commit"
    ),
    "There is no branch of the name of the base": Setup(
        lambda world: world.git("-C", world.repo, "branch", "-m", "trunk"),
        lambda world: configure(world.repo, "agent: scripted", "tracker: local", "base: trunk"),
        "# `base: trunk` is set in orchestra.yaml",
    ),
    "The locale is not UTF-8": Setup(
        lambda world: world.environ.update(LC_ALL="C"),
        lambda world: world.environ.update(LC_ALL="C.UTF-8"),
        "export LC_ALL=C.UTF-8",
    ),
    "Another program is called orchestra": Setup(
        lambda world: world.program("orchestra", "echo another"),
        lambda world: (world.bin / "orchestra").unlink(),
        "# the other one is renamed",
    ),
    "Others can read the session files": Setup(
        World.open_file, lambda world: world.person().runs("doctor", "--fix", code=None), "orchestra doctor --fix"
    ),
    "A killed git left its lock": Setup(
        World.stale_lock, lambda world: world.person().runs("doctor", "--fix", code=None), "orchestra doctor --fix"
    ),
    "A worker's worktree was deleted": Setup(
        lambda world: shutil.rmtree(world.worker()),
        made_again,
        "orchestra restart 1",
    ),
    "A worker's branch was renamed": Setup(
        lambda world: world.git("-C", world.worker(), "branch", "-m", "mine"),
        lambda world: world.git("-C", world.repo, "branch", "-m", "mine", "issue-1"),
        "git -C /home/ann/src/widgets-issue-1 branch -m mine issue-1",
    ),
    "The tmux server was killed": Setup(
        lambda world: [world.worker(), world.person().tmux("kill-server")],
        lambda world: world.person().runs("up", "-d"),
        "orchestra up",
    ),
}


def test_the_page_has_every_set_up_and_no_other() -> None:
    assert re.findall(r"(?m)^## (.*)$", PAGE.read_text(encoding="utf-8")) == list(SETUPS)


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in USUAL else pytest.mark.nightly) for one in SETUPS]
)
def test_what_doctor_says_is_in_the_docs_and_its_fix_fixes_it(
    name: str, repo: Path, home: Path, git: Git, tmp_path: Path
) -> None:
    world, setup = World(repo, home, git, tmp_path), SETUPS[name]
    setup.broken(world)
    before = said(world)
    assert WELL not in before
    setup.fixed(world)
    after = said(world)
    assert after == WELL + "\n"
    does = setup.does if setup.does.startswith("#") else f"$ {setup.does}"
    text = f"## {name}\n\n```\n$ orchestra doctor\n{before}{does}\n$ orchestra doctor\n{after}```\n"
    if WRITE:
        write(PAGE, name, text)
    assert text in PAGE.read_text(encoding="utf-8")


def said(world: World) -> str:
    """What `doctor` prints, with the places of this run under the names of usual ones."""
    text = world.person().runs("doctor", code=None)
    shown = (text.out + text.err).replace(str(world.repo.parent), "/home/ann/src").replace(str(world.home), "/home/ann")
    return shown.replace(sys.executable, "python")


def write(page: Path, name: str, text: str) -> None:
    """Put the section into the page, in the order of the table."""
    old = page.read_text(encoding="utf-8") if page.exists() else HEAD
    sections = {part.partition("\n")[0]: f"## {part}" for part in old.split("\n## ")[1:]}
    sections[name] = text
    parts = [sections[one].strip("\n") for one in SETUPS if one in sections]
    page.write_text(HEAD + "\n" + "\n\n".join(parts) + "\n", encoding="utf-8")
