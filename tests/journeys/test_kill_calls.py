"""By night: kill -9 at every system call that changes something, ours and those of the git that we run (R2b).

`strace -f` kills a process before its n-th call of one kind, for each kind and each n: the program itself, and every
program it started that comes as far. A git that dies in the middle leaves what no step of Python's shows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest
from support.killing import Git, Matrix, settle
from support.warm import Command, warm

from orchestra.git import cleanup
from orchestra.git.worktrees import Repository

pytestmark = [
    pytest.mark.journey,
    pytest.mark.nightly,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed"),
]
CALLS = (
    *("write", "pwrite64", "writev", "sendmsg", "sendto", "connect", "fsync", "fdatasync", "ftruncate", "flock"),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir"),
    *("mkdir", "mkdirat", "chmod", "fchmod", "fchmodat", "utimensat", "wait4", "pidfd_send_signal"),
    *("fork", "vfork", "clone", "clone3", "execve"),
)
EVERY = int(os.environ.get("KILL_EVERY", "1"))  # a part of them: each so-and-so-many-th


class Point(NamedTuple):
    """The n-th call of a kind, of every process that comes as far."""

    call: str
    nth: int


class Tracer:
    """Runs one of our Python programs under strace."""

    def __init__(self, where: Path, environ: Mapping[str, str], scratch: Path) -> None:
        self.where = where
        self.environ = {**environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self.scratch = scratch

    def run(self, words: Sequence[str], how: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        argv = ["strace", "-f", "--seccomp-bpf", "-qq", *how, sys.executable, "-P", *words]
        return subprocess.run(argv, cwd=self.where, env=self.environ, capture_output=True, timeout=300, check=False)

    def points(self, words: Sequence[str]) -> list[Point]:
        """Every point of a command, which is run to its end for that."""
        out = self.scratch / "calls"
        known = [f"?{call}" for call in CALLS]  # not every machine has each of them
        done = self.run(words, ["-o", str(out), "-e", f"trace={','.join(known)}", "-e", "signal=none"])
        assert done.returncode == 0, done
        rows = (line.split(maxsplit=1) for line in out.read_text(errors="replace").splitlines())
        seen = Counter((pid, text.partition("(")[0]) for pid, text in rows if "resumed>" not in text)
        most: dict[str, int] = {}
        for (_, call), count in seen.items():
            most[call] = max(count, most.get(call, 0))
        return [Point(call, nth) for call in sorted(most) for nth in range(1, most[call] + 1)][::EVERY]

    def kill(self, words: Sequence[str], point: Point) -> None:
        how = ["-o", os.devnull, "-e", f"trace={point.call}", "-e", f"inject={point.call}:signal=KILL:when={point.nth}"]
        done = self.run(words, how)
        assert b"Traceback" not in done.stderr, (point, done.stderr)


@pytest.fixture
def matrix(repo: Path, git: Git) -> Iterator[Matrix]:
    with warm(settle(repo, git, issues=8)) as person:
        yield Matrix(person, git, 8)


@pytest.mark.parametrize("verb", ["spawn", "restart", "pause", "resume", "cancel", "prune", "restore"])
def test_killed_at_every_call(matrix: Matrix, tmp_path: Path, verb: str) -> None:
    person, tracer = matrix.person, Tracer(matrix.person.where, matrix.person.environ, tmp_path)
    ready = READY[verb]
    size = 1 if verb == "prune" else len(matrix.crew)  # it takes all that it may
    ready(matrix, matrix.crew[:size])
    words = ["-m", "orchestra", verb, *([] if verb == "prune" else ["8"]), *(["--no-wait"] if verb == "spawn" else [])]
    points = tracer.points(words)
    assert len(points) * EVERY >= 30
    for at in range(0, len(points), size):
        some = list(zip(matrix.crew, points[at : at + size], strict=False))
        ready(matrix, [number for number, _ in some])
        orders = [([*words[:3], number, *words[4:]] if size > 1 else words, point) for number, point in some]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda order: tracer.kill(*order), orders))
        matrix.repaired()
    print(f"{verb}: {len(points)} points")
    assert person.ends(Command(["doctor"])).code == 0


ADD = """
import os, sys
from orchestra.errors import OrchestraError
from orchestra.git.worktrees import Repository
root, path, branch, base = sys.argv[1:]
repository = Repository(root, os.environ)
try:
    repository.add(path, branch, base, "orchestra #" + branch.rpartition("-")[2], adopt=True)
    repository.checkout(path)
except OrchestraError as refused:  # its git was killed
    sys.exit(str(refused))
"""


def test_a_worktree_killed_at_every_call(repo: Path, git: Git, tmp_path: Path) -> None:
    """What is made in the pane: by our add, and by the git that it runs."""
    tracer, base = Tracer(repo, os.environ, tmp_path), git("-C", repo, "rev-parse", "main")
    repository = Repository(repo, os.environ)

    def words(number: int) -> list[str]:
        return ["-c", ADD, str(repo), str(tmp_path / f"w-{number}"), f"issue-{number}", base]

    points = tracer.points(words(1))
    for number, point in enumerate(points, 2):
        tracer.kill(words(number), point)
        path = tmp_path / f"w-{number}"
        repository.add(path, f"issue-{number}", base, f"orchestra #{number}", adopt=True)
        repository.checkout(path)
        assert (repository.ready(path), repository.dirty(path)) == (True, ()), point
    print(f"worktree: {len(points)} points")
    assert len(points) * EVERY >= 40
    assert cleanup.sweep(repository) <= len(points)
    assert not [lock for lock in (repo / ".git").rglob("*.lock") if lock.name != "orchestra.lock"]
    assert git("-C", repo, "fsck", "--strict", "--no-dangling") == ""


def _gone(matrix: Matrix, numbers: Sequence[str]) -> None:
    """Pruned: what was killed is brought back first."""
    _cancelled(matrix, numbers)
    matrix.person.runs("prune")


def _cancelled(matrix: Matrix, numbers: Sequence[str]) -> None:
    there = {one["id"]: one["status"] for one in matrix.person.asks("list")["workers"]}
    for number in numbers:
        matrix.person.runs("restore", number)
        if there.get(number, "cancelled") != "cancelled":
            matrix.person.runs("cancel", number)


READY: dict[str, Callable[[Matrix, Sequence[str]], object]] = {
    "spawn": _gone,
    "restart": lambda _matrix, _numbers: None,
    "pause": lambda matrix, numbers: matrix.those("resume", resting=True)(numbers),
    "resume": lambda matrix, numbers: matrix.those("pause", resting=False)(numbers),
    "cancel": lambda matrix, numbers: matrix.those("spawn", resting=True)(numbers),
    "prune": _cancelled,
    "restore": _gone,
}
