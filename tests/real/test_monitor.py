"""From ship to merged with the real Claude Code: CI fails, a bot comments, a user requests changes. Nobody helps.

The monitor is killed with -9 again and again while all of it happens: the end is the same, and nothing is told twice.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from support.github_double import Double
from support.person import Person
from support.polling import eventually
from support.real_claude import user_with_claude

from orchestra.agents.claude.selftest import marker
from orchestra.agents.claude.selftest.script import bash

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.timeout(800)]

Git = Callable[..., str]


def change(name: str, text: str, subject: str) -> dict[str, object]:
    return bash(f"printf '{text}\\n' > {name} && git add . && git commit -qm '{subject}' && orchestra worker ship")


# Each section ends at its `wait`: guidance that came while the section ran begins the next one at once, as a model would.
LOOP = marker(
    bash("orchestra worker status working"),
    change("code.txt", "one", "One"),
    {"wait": True},
    change("code.txt", "two", "Fix the check"),
    {"wait": True},
    change("doc.txt", "documented", "Answer the bot"),
    {"wait": True},
    change("code.txt", "three", "As the reviewer asked"),
    {"wait": True},
    {"text": "Nothing is left to do."},
)


@pytest.fixture
def person(github_repo: Path, github: Double, home: Path, claude_program: Path, git: Git) -> Iterator[Person]:
    github.add_issue(number=123, title="Loop", body=f"Go round.\n\n{LOOP}")
    with user_with_claude(github_repo, home, claude_program, git, "123") as user:
        yield user


class Killed:
    """Monitor processes, one after another, each killed with -9 after a little longer than the one before it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.over = threading.Event()
        self.count = 0
        self.thread = threading.Thread(target=self._go)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _go(self) -> None:
        life = 0.3
        while not self.over.is_set():
            running = subprocess.Popen(
                [sys.executable, "-P", "-m", "orchestra", "monitor"],
                cwd=self.person.where, env=self.person.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            self.over.wait(life)
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
            self.count += 1
            life = 0.3 if life > 3 else life + 0.07


def test_from_ship_to_merged_while_the_monitor_is_killed(
    person: Person, github: Double, github_repo: Path, git: Git
) -> None:
    tree = github_repo.parent / "widgets-issue-123"

    def pushed(name: str, text: str) -> bool:
        """Whether the branch's head has the text and is pushed; a file is written some time before its commit."""
        names = git("-C", github_repo, "ls-tree", "--name-only", "issue-123").splitlines()
        return (
            name in names
            and git("-C", github_repo, "show", f"issue-123:{name}") == text
            and _head_is_pushed(github_repo, git)
        )

    person.runs("spawn", "123")
    person.sees("123", "shipping", 90)
    with Killed(person) as monitors:
        number = github.pulls()[0].number
        github.add_run("issue-123", "test", "failure", log="collected 3 items\nFAILED test_code.py::test_one\n")
        eventually(lambda: pushed("code.txt", "two"), 180, "the check to be fixed")
        github.add_run("issue-123", "test", "success")
        github.comment(number, "Please document this.", author="lint[bot]", association="NONE")
        eventually(lambda: pushed("doc.txt", "documented"), 180, "the bot to be answered")
        github.add_run("issue-123", "test", "success")
        person.sees("123", "complete", 90)
        github.review(number, "CHANGES_REQUESTED", "Use three, please.")
        eventually(lambda: pushed("code.txt", "three"), 180, "the reviewer to be heard")
        github.add_run("issue-123", "test", "success")
        person.sees("123", "complete", 90)
        github.merge(number, "squash")
        person.sees("123", "merged", 90)
    assert monitors.count > 5
    told = [entry["data"]["about"] for entry in person.asks("log", "123")["events"] if entry["event"] == "told"]
    assert len(told) == 3, told
    assert len({item for about in told for item in about}) == sum(map(len, told)), told
    assert person.asks("prune")["removed"] == ["123"]
    assert not tree.exists()
    assert not git("-C", github_repo, "branch", "--list", "issue-123")


def _head_is_pushed(repo: Path, git: Git) -> bool:
    listed = git("-C", repo, "ls-remote", "origin", "issue-123").split()
    return bool(listed) and listed[0] == git("-C", repo, "rev-parse", "issue-123")
