"""Kill -9 at every step of every verb, then `up`: nothing lost, nothing double, nothing left (failures.md R2, R2b).

Each step is made by another worker of one workspace, so that one `up` mends them all, and one `doctor` is the judge.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import eventually
from person import Person, configure, write_issue

pytestmark = pytest.mark.journey
SHIM = str(Path(__file__).with_name("kill_at.py"))
HANG = "```script\nstatus working\nhang\n```\n"
LAYOUT = "windows:\n  - window_name: workers\n    role: workers\n  - window_name: shell\n    role: shell\n"
Git = Callable[..., str]


class Killer:
    """Kills what a person runs."""

    def __init__(self, person: Person, scratch: Path) -> None:
        self.person = person
        self.counted = scratch / "steps"

    def run(self, step: int, argv: Sequence[str]) -> int:
        """Run `orchestra argv` up to `step` (0: to the end); returns how it ended."""
        done = subprocess.run(
            [sys.executable, "-P", SHIM, str(step), str(self.counted), "--", *argv],
            cwd=self.person.where,
            env=self.person.environ,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=100,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL or b"Traceback" not in done.stderr, done
        return done.returncode

    def steps(self, argv: Sequence[str]) -> int:
        """How many steps `orchestra argv` has; it is run to its end for that."""
        assert self.run(0, argv) in (0, 1), argv
        return len(self.counted.read_text().splitlines())

    def kill_at_each(self, commands: Sequence[tuple[int, Sequence[str]]]) -> None:
        """Each command killed at its step; a step behind the last ends the command unkilled."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda each: self.run(*each), commands))


@pytest.fixture
def person(repo: Path, git: Git) -> Person:
    """A person with 80 issues that never end, in a workspace without a monitor: `up` alone mends."""
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 100}", "layout: still")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text(LAYOUT)
    for number in range(1, 81):
        write_issue(repo, number, f"Issue {number}", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


@pytest.fixture
def killer(person: Person, tmp_path: Path) -> Killer:
    return Killer(person, tmp_path)


def findings(person: Person) -> list[str]:
    """What doctor says of the state; what this machine lacks is another question."""
    found = person.asks("doctor", code=None)["findings"]
    return [f"{one['id']}: {one['what']}" for one in found if one["id"].startswith("I")]


def facts(person: Person, git: Git) -> dict[str, str]:
    """What a second `up` must leave as it is."""
    home = Path(person.environ["ORCHESTRA_HOME"])
    return {
        "panes": person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid} #{pane_dead} #{@orchestra_worker}"),
        "refs": git("-C", person.where, "for-each-ref"),
        "worktrees": git("-C", person.where, "worktree", "list", "--porcelain"),
        "files": "\n".join(sorted(str(path) for path in home.rglob("*") if "/tmux/" not in str(path))),
        "beside": "\n".join(sorted(path.name for path in person.where.parent.iterdir())),
    }


def mended(person: Person, git: Git, resting: Sequence[str] = ()) -> list[str]:
    """`up` brings everything in order; returns the workers that are there. What rests has no pane."""
    person.runs("up", "-d")
    workers = person.asks("list")["workers"]
    live = [one["id"] for one in workers if one["status"] not in ("paused", "cancelled")]

    def all_work() -> bool:
        rows = {one["id"]: one for one in person.asks("list")["workers"]}
        return all(rows[n]["status"] == "working" and rows[n]["pane"] and not rows[n]["pane"]["dead"] for n in live)

    eventually(all_work, 60, "every worker to be at work")
    tags = person.tmux("list-panes", "-a", "-F", "#{@orchestra_worker}").split()
    assert sorted(tags) == sorted(live)  # each once
    eventually(lambda: findings(person) == [], 15, f"doctor to find nothing: {findings(person)}")
    before = facts(person, git)
    person.runs("up", "-d")
    assert facts(person, git) == before
    assert not [name for name in before["files"].splitlines() if name.endswith(".tmp")]
    assert not [lock for lock in (person.where / ".git").rglob("*.lock") if lock.name != "orchestra.lock"]
    return [one["id"] for one in workers]


def sampled(count: int, most: int) -> list[int]:
    """Steps 1 to `count`, `most` of them, evenly, the first and the last among them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(place * (count - 1) / (most - 1)) for place in range(most)})


def test_spawn_killed_at_every_step(person: Person, killer: Killer, git: Git) -> None:
    count = killer.steps(["spawn", "1", "--no-wait"])
    person.runs("down")
    count = killer.steps(["spawn", "2", "--no-wait"])
    assert count >= 30
    killer.kill_at_each([(step, ["spawn", str(2 + step), "--no-wait"]) for step in range(1, min(count, 75) + 1)])
    there = mended(person, git)
    assert 20 < len(there) < count
    branches = git("-C", person.where, "branch", "--list", "issue-*").split("\n")
    assert len(branches) == len(there)
    absent = next(str(n) for n in range(3, 80) if str(n) not in there)
    assert person.asks("spawn", absent)["results"][0]["result"] == "spawned"  # and can be spawned as ever
