"""Each invariant of the state, broken on purpose: `doctor` says so, and the fix that it names fixes it.

One workspace for all: whatever a fix leaves behind is found by the next one.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.events import happened
from support.killing import Git, findings, settle, spawned, waiting
from support.person import Person
from support.polling import eventually
from support.warm import Command, Warm, warm

from orchestra.git.cleanup import stale_locks
from orchestra.git.worktrees import Repository
from orchestra.processes import is_supported
from orchestra.storage.session_store import Store

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
shown = pytest.mark.skipif(not is_supported(), reason="this system does not show what processes do")
LONG_AGO = 1_600_000_000.0


class Broken:
    """A workspace with workers 1 and 2, and the ways to break it."""

    def __init__(self, person: Warm, git: Git) -> None:
        self.person = person
        self.git = git
        self.held = 0  # the process id of a monitor that is stopped
        person.runs("up", "-d")
        spawned(person, ["1", "2"])
        self.home = Path(person.environ["ORCHESTRA_HOME"])
        self.project = next(self.home.glob("sessions/*")).name

    def store(self) -> Store:
        return Store(str(self.home), self.project, lambda: LONG_AGO)

    def file(self, name: str) -> Path:
        return Path(self.store().root, name)

    def place(self, number: str) -> Path:
        return self.person.where.parent / f"widgets-issue-{number}"

    def nonce(self, number: str) -> str:
        return str(self.person.asks("show", number)["nonce"])

    def pane(self, number: str) -> str:
        return str(self.person.asks("show", number)["pane"]["id"])

    def open_pane(self, number: str, nonce: str) -> None:
        """A pane that is tagged as a worker's."""
        new = ("new-window", "-d", "-P", "-F", "#{pane_id}", "sleep", "1000")
        pane = self.person.tmux(*new)
        self.person.tmux("set-option", "-p", "-t", pane, "@orchestra_nonce", nonce)
        self.person.tmux("set-option", "-p", "-t", pane, "@orchestra_worker", number)

    def paused_by_half(self) -> None:
        """Killed between the record and the end of what runs. Without the monitor, which would repair it at once."""
        self.held = self.monitor()
        os.kill(self.held, signal.SIGSTOP)
        store = self.store()
        assert not store.record("1", happened("paused", "human")).refused

    def monitor(self) -> int:
        """Not the shell in its pane: tmux continues a process of its own at once when that is stopped."""
        panes = self.person.tmux("list-panes", "-a", "-F", "#{pane_pid} #{window_name}").splitlines()
        shell = next(pane.split()[0] for pane in panes if pane.endswith(" monitor"))
        running = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        return next(int(line.split()[0]) for line in running.splitlines() if line.split()[1] == shell)

    def go_on(self) -> None:
        """Let the monitor work again, where it was held."""
        if self.held:
            os.kill(self.held, signal.SIGCONT)
            self.held = 0

    def stale(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        os.utime(path, (LONG_AGO, LONG_AGO))

    def behind(self) -> None:
        """Killed between journal and snapshot. Of a paused worker and without the monitor: both would repair it."""
        self.person.runs("pause", "2")
        for line in self.person.tmux("list-windows", "-a", "-F", "#{window_id} #{window_name}").splitlines():
            if line.endswith(" monitor"):
                self.person.tmux("kill-window", "-t", line.split()[0])
        old = self.file("2.json").read_bytes()
        store = self.store()
        store.record("2", happened("noted", "test", text="seen"))
        self.file("2.json").write_bytes(old)

    def removal_begun(self) -> None:
        """Killed in `prune`; and the worktree got a file since, so that the removal is to be called off."""
        self.person.runs("cancel", "1")
        intent = self.file("1") / "pruning"
        intent.write_text(self.nonce("1"))
        intent.chmod(0o600)
        (self.place("1") / "new.txt").write_text("new")

    def claimed_once(self) -> None:
        """A branch of the name that a worker had, of which nothing is on record any more."""
        self.file("3").mkdir(0o700)
        self.git("-C", self.person.where, "branch", "issue-3")

    def unknown_worktree(self) -> None:
        path, reason = self.place("9"), "orchestra #9"
        self.git("-C", self.person.where, "worktree", "add", "-q", "--lock", "--reason", reason, path, "-b", "other")

    def stray(self) -> subprocess.Popen[bytes]:
        """A child that outlived its worker's pane by ignoring the hang-up."""
        marks = {"ORCHESTRA_NONCE": "of-nobody", "ORCHESTRA_HOME": str(self.home), "ORCHESTRA_PROJECT": self.project}
        return subprocess.Popen(["sleep", "987"], env={**self.person.environ, **marks}, start_new_session=True)

    def server_killed(self) -> None:
        os.kill(int(self.person.tmux("display-message", "-p", "#{pid}")), signal.SIGKILL)
        eventually(lambda: "not open" in self.person.runs("list").out, why="the server to be gone")


@pytest.fixture
def broken(repo: Path, git: Git) -> Iterator[Broken]:
    with warm(settle(repo, git, 9)) as person:
        yield Broken(person, git)


Act = Callable[[Broken], object]
UP, FIX = ["orchestra up -d"], ["orchestra doctor --fix"]
# How it is broken, what doctor says, the commands that fix it (None: those that doctor names).
TABLE: list[tuple[Act, str, list[str] | None]] = [
    (lambda b: b.person.tmux("kill-pane", "-t", b.pane("1")), "I1: #1 has no pane", UP),
    (Broken.paused_by_half, "I1: #1 is paused and has a pane", [*UP, "orchestra resume 1"]),
    (lambda b: b.open_pane("1", b.nonce("1")), "I1: #1 has more than one pane", None),
    (lambda b: b.open_pane("7", "unknown"), "I2: pane % belongs to no worker on record (#7)", None),
    (lambda b: b.git("-C", b.person.where, "worktree", "unlock", b.place("1")), "is not locked as #1's", FIX),
    (lambda b: b.git("-C", b.place("1"), "switch", "-qc", "mine"), "I3: #1: the worktree is on mine, not on issue-1", ["git -C {1} switch -q issue-1"]),
    (Broken.unknown_worktree, "is of #9, which is not on record", None),
    (Broken.claimed_once, "I4: issue-3 is of #3, which is not on record", ["git -C {} branch -m issue-3 NEW"]),
    (lambda b: b.stale(b.file("1.json.4194399-0123abcd.tmp")), "was left by a killed write", UP),
    (lambda b: (b.person.where / ".git" / "orchestra-abcdefgh").mkdir(), "was left by a killed orchestra", UP),
    (lambda b: b.stale(b.person.where / ".git" / "index.lock"), "index.lock is a lock that git left", FIX),
    (lambda b: b.stale(b.person.where / ".git" / "refs" / "orchestra" / "trash" / "x.lock"), "is a lock that git left", FIX),
    (lambda b: b.stale(b.person.where / ".git" / "worktrees" / "widgets-issue-1" / "HEAD.lock"), "HEAD.lock is a lock", FIX),
    (lambda b: b.file("1.json").chmod(0o644), "1.json can be read by others", FIX),
    (lambda b: b.person.tmux("rename-window", "-t", b.pane("1"), "##(touch x)"), "holds a #", None),
    (Broken.behind, "I10: the session file of #2 is behind its journal", [*UP, "orchestra resume 2"]),
    (lambda b: b.file("1.json").write_text("["), "set aside: it could not be read", ["sh -c 'rm {sessions}/*.bad-*'"]),
    (Broken.removal_begun, "I5: the removal of #1 did not end", [*UP, "orchestra spawn 1 --no-wait"]),
    (Broken.server_killed, "I8: the workspace is not open; 2 workers are stopped", UP),
]  # fmt: skip


def test_each_invariant_is_seen_and_repaired(broken: Broken) -> None:
    assert findings(broken.person) == []
    for act, said, fixes in TABLE:
        eventually(lambda: not waiting(broken.person), 60, "the agents to be back")
        act(broken)
        found = broken.person.asks("doctor", code=None)["findings"]
        broken.go_on()
        pattern = re.compile(re.escape(said).replace("%", "%\\d+"))
        named = [one["mend"].rpartition("then: ")[2] for one in found if pattern.search(f"{one['id']}: {one['what']}")]
        assert named, (said, found)
        for fix in named if fixes is None else fixes:
            run(broken, fix)
        eventually(lambda: findings(broken.person) == [], 15, f"{said} to be fixed: {findings(broken.person)}")
    assert (broken.place("1") / "new.txt").read_text() == "new"


def run(broken: Broken, fix: str) -> None:
    """What a user copies from doctor."""
    sessions, first = broken.file("x").parent, broken.place("1")
    words = shlex.split(
        fix.replace("{}", str(broken.person.where)).replace("{1}", str(first)).replace("{sessions}", str(sessions))
    )
    if words[0] == "orchestra":
        broken.person.runs(*words[1:], code=None)
    elif words[0] == "tmux":
        broken.person.tmux(*words[1:])
    else:
        subprocess.run(words, cwd=broken.person.where, check=True)


@shown
def test_a_stray_process_is_seen(broken: Broken) -> None:
    stray = broken.stray()
    found = eventually(lambda: [one for one in findings(broken.person) if one.startswith("I9")], why="I9")
    assert int(found[0].split()[2]) == stray.pid
    stray.kill()
    stray.wait()
    eventually(lambda: findings(broken.person) == [], why="the end of it")


@shown
def test_a_lock_with_a_living_owner_stays(repo: Path, git: Git, tmp_path: Path) -> None:
    """An editor of `git commit` may be open for hours, and git has no descriptor on its lock meanwhile."""
    (repo / "orchestra.yaml").write_text("agent: scripted\ntracker: local\n")
    (repo / "a.txt").write_text("a")
    git("-C", repo, "add", ".")
    waits = tmp_path / "editor"
    waits.write_text(f"#!/bin/sh\ntouch {tmp_path}/open\nexec sleep 1000\n")
    waits.chmod(0o755)
    lock = repo / ".git" / "index.lock"
    with warm(Person(repo)) as person:
        writing = subprocess.Popen(
            ["git", "-C", str(repo), "commit", "-a"], env={**os.environ, "GIT_EDITOR": str(waits)}
        )
        eventually((tmp_path / "open").exists, why="the editor to open")
        os.utime(lock, (LONG_AGO, LONG_AGO))
        assert stale_locks(Repository(repo, os.environ)) == (lock,)
        person.ends(Command(["doctor", "--fix"]))
        assert lock.exists()
        writing.kill()
        writing.wait()
        holder = lock.open()  # another program, that is not git
        os.utime(lock, (LONG_AGO, LONG_AGO))
        person.ends(Command(["doctor", "--fix"]))
        assert lock.exists()
        holder.close()
        os.utime(lock)  # by one that has begun just now
        person.ends(Command(["doctor", "--fix"]))
        assert lock.exists()
        os.utime(lock, (LONG_AGO, LONG_AGO))
        person.ends(Command(["doctor", "--fix"]))
        assert not lock.exists()
