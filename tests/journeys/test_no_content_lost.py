"""The ledger of what was ever written: after any command, killed or not, each content is somewhere.

Agents are played by the test: it commits, stages, changes and adds files in the workers' worktrees, and gets between
the commands of a user. What is counted: content that is in a commit, an index or a file when one of our commands
begins, and in every commit that was ever made. What the user's own hand destroys is struck off.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from support.killing import Git, findings, settle
from support.person import configure
from support.polling import eventually
from support.warm import Command, Warm, warm

pytestmark = [pytest.mark.journey, pytest.mark.timeout(7200)]


class Crew:
    """The worktrees of some workers, what is done in them, and what is in them and in the repository."""

    def __init__(self, person: Warm, git: Git, chance: Random, workers: int) -> None:
        self.person = person
        self.git = git
        self.chance = chance
        self.numbers = [str(number) for number in range(1, workers + 1)]
        self.written = 0
        self.said: list[str] = []
        self.named: dict[str, str] = {}

    # --- what a worker or a user's hand does ---

    def place(self, number: str) -> Path:
        return self.person.where.parent / f"widgets-issue-{number}"

    def write(self, number: str, name: str) -> None:
        self.written += 1
        file = self.place(number) / name
        file.write_text(f"content {self.written} of {number}\n" * self.chance.randint(1, 4))

    def untracked(self, number: str) -> None:
        self.write(number, f"new-{self.written}.txt")

    def ignored(self, number: str) -> None:
        self.write(number, f"run-{self.chance.randint(1, 3)}.log")

    def changed(self, number: str) -> None:
        self.write(number, "README.md")

    def staged(self, number: str) -> None:
        self.write(number, "staged.txt")
        self.git("-C", self.place(number), "add", "staged.txt")
        if self.chance.random() < 0.5:
            self.write(number, "staged.txt")  # and changed since

    def committed(self, number: str) -> None:
        self.untracked(number)
        self.git("-C", self.place(number), "add", "--all")
        self.git("-C", self.place(number), "commit", "-qm", f"Commit {self.written}")

    def retired(self, number: str) -> None:
        """Committed, pushed and cancelled, so that it can be pruned; or could, but for what was not committed."""
        self.committed(number)
        for file in self.place(number).glob("*.log"):
            file.unlink()
        self.pushed(number)
        self.person.ends(Command(["cancel", number]))
        if self.chance.random() < 0.4:
            self.chance.choice([self.untracked, self.changed, self.staged])(number)

    def pushed(self, number: str) -> None:
        tip = self.git("-C", self.place(number), "rev-parse", "HEAD")
        self.git("-C", self.person.where, "update-ref", f"refs/remotes/origin/issue-{number}", tip)

    def removed(self, number: str) -> None:
        shutil.rmtree(self.place(number))

    def unregistered(self, number: str) -> None:
        self.git("-C", self.person.where, "worktree", "remove", "--force", "--force", self.place(number))

    def detached(self, number: str) -> None:
        self.git("-C", self.place(number), "switch", "-q", "--detach")

    def moved(self, number: str) -> None:
        """To a branch of the user's own, or back to the worker's."""
        where = self.place(number)
        if self.git("-C", where, "branch", "--show-current") in ("", f"issue-{number}"):
            self.git("-C", where, "switch", "-q", "-c", f"elsewhere-{self.written}-{number}")
        elif not self.git("-C", where, "status", "--porcelain", "-uno"):
            self.git("-C", where, "switch", "-q", f"issue-{number}")

    def forced(self, number: str) -> None:
        """The branch is set to where the work began, with a ref of the user's on what it was."""
        where, tip = self.place(number), self.git("-C", self.person.where, "rev-parse", f"issue-{number}")
        self.git("-C", self.person.where, "branch", f"old-{tip[:12]}", tip, "--force")
        self.git("-C", where, "reset", "-q", "--soft", "main")

    def acts(self) -> None:
        """Some of it, in worktrees that are there."""
        work = [
            self.untracked,
            self.changed,
            self.staged,
            self.committed,
            self.ignored,
            self.pushed,
            *[self.retired] * 4,
        ]
        hand = [self.removed, self.unregistered, self.detached, self.moved, self.forced]
        for number in self.chance.sample(self.numbers, k=self.chance.randint(1, len(self.numbers) // 2)):
            if self.whole(number):
                act = self.chance.choice(work if self.chance.random() < 0.85 else hand)
                act(number)
                self.said.append(f"{act.__name__} {number}")

    def whole(self, number: str) -> bool:
        """Whether an agent could work there: nobody else is about to make the worktree."""
        admin = self.person.where / ".git" / "worktrees" / self.place(number).name
        return (self.place(number) / ".git").exists() and (admin / "orchestra-ready").exists()

    # --- what the person runs ---

    def command(self) -> Command:
        """A command at random, killed at random."""
        one = self.chance.choice(self.numbers)
        several = self.chance.sample(self.numbers, k=3)
        often = [
            ["cancel", one],
            ["prune"],
            ["prune"],
            ["restore", one],
            ["up", "-d"],
            ["spawn", *several, "--no-wait"],
        ]
        rarely = [["restart", one], ["pause", one], ["resume", one], ["doctor", "--fix"], ["down"]]
        words = self.chance.choice(often * 2 + rarely)
        return Command(words, self.chance.randint(1, 90) if self.chance.random() < 0.4 else 0)

    def runs(self, command: Command) -> None:
        """Run it, and wait for what it started in panes."""
        ended = self.person.ends(command)
        self.said.append(f"{' '.join(command.argv)} at {command.step}: {ended.code} {ended.out} {ended.err}")
        eventually(self.quiet, 60, "the panes to become quiet")

    def quiet(self) -> bool:
        """Whether every worker's pane has become its agent, or has ended."""
        rows = self.person.tmux("list-panes", "-a", "-F", "#{pane_dead} #{pane_current_command} #{@orchestra_worker}")
        panes = [line.split() for line in rows.splitlines()]
        return all(words[0] == "1" or words[1] == "sleep" for words in panes if len(words) == 3)

    # --- the ledger ---

    def held(self) -> set[str]:
        """Every object that a ref, a HEAD, an index or a file holds. Reflogs, which end, count for nothing."""
        how = ("--objects", "--no-object-names", "--all", "--indexed-objects")
        return {*self.git("-C", self.person.where, "rev-list", *how).split(), *self.on_disk()}

    def on_disk(self) -> Iterator[str]:
        for top in self.person.where.parent.glob("*widgets-issue-*"):
            for directory, below, files in os.walk(top):
                below[:] = [name for name in below if name != ".git"]
                for name in files:
                    if name != ".git":
                        content = Path(directory, name).read_bytes()
                        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                        self.named[blob] = f"{directory}/{name}"
                        yield blob


@pytest.mark.parametrize(
    ("workers", "commands", "seed"),
    [
        (6, 40, 5),
        pytest.param(20, 300, 300, marks=pytest.mark.nightly),
        pytest.param(20, 1000, 1000, marks=pytest.mark.nightly),
    ],
)
def test_nothing_ever_written_is_lost(
    repo: Path, git: Git, tmp_path: Path, workers: int, commands: int, seed: int
) -> None:
    still = tmp_path / "still"  # an agent that does nothing: the test is at work in its place
    still.write_text("#!/bin/sh\nexec sleep 99999\n")
    still.chmod(0o755)
    (repo / ".gitignore").write_text("*.log\n")
    settled = settle(repo, git, workers)
    agent = f"agents: {{scripted: {{command: {still}}}}}"
    configure(repo, "agent: scripted", agent, "tracker: local", "workers: {max: 100}", "layout: still")
    with warm(settled) as person:
        crew = Crew(person, git, Random(seed), workers)
        crew.runs(Command(["spawn", *crew.numbers, "--no-wait"]))
        for _ in range(commands):
            crew.acts()
            before = {blob: crew.named.get(blob, "?") for blob in crew.held()}
            crew.runs(crew.command())
            lost = set(before) - crew.held()
            assert not lost, ([before[blob] for blob in lost], crew.said[-12:])
        crew.runs(Command(["up", "-d"]))
        assert not [one for one in findings(person) if one.startswith(("I5", "I9", "I10"))]
    assert git("-C", repo, "fsck", "--connectivity-only", "--no-dangling") == ""
    removals = sum("#" in one.partition("removed")[2] for one in crew.said if one.startswith("prune"))
    assert removals >= commands // 40, [
        one for one in crew.said if one.startswith("prune")
    ]  # otherwise nothing was tried
