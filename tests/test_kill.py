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

    def idle() -> list[tuple[object, ...]]:
        rows = [one for one in person.asks("list")["workers"] if one["id"] in live]
        told = [(one["id"], one["status"], one["pane"], one["stuckReason"]) for one in rows]
        return [each for each in told if each[1] != "working" or not each[2] or each[2]["dead"]]

    try:
        eventually(lambda: not idle(), 60)
    except pytest.fail.Exception:
        pytest.fail(f"not at work after up: {idle()}")
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


@pytest.fixture
def hanging(person: Person) -> Person:
    """Eight workers at work."""
    person.runs("up", "-d")
    person.runs("spawn", *map(str, range(1, 9)), "--no-wait")
    for number in range(1, 9):
        person.sees(str(number), "working")
    return person


def each(killer: Killer, argv: Sequence[str], place: int, most: int = 7) -> None:
    """Kill `argv` for worker 1, 2 ... at one of its steps each; worker 8 shows how many there are."""
    count = killer.steps([*argv[:place], "8", *argv[place:]])
    steps = enumerate(sampled(count, most), 1)
    killer.kill_at_each([(step, [*argv[:place], str(number), *argv[place:]]) for number, step in steps])


@pytest.mark.timeout(240)
def test_verbs_on_workers_killed(hanging: Person, killer: Killer, git: Git) -> None:
    def statuses() -> set[str]:
        return {one["status"] for one in hanging.asks("list")["workers"]}

    everybody = [str(number) for number in range(1, 9)]
    each(killer, ["tell", "Noted.\n```script\nsay heard\n```\n"], 1)
    assert mended(hanging, git) == everybody
    said = [one["guidance"] for one in hanging.asks("list")["workers"]]
    assert all(len(guidance) <= 1 for guidance in said)
    each(killer, ["restart"], 1)
    assert mended(hanging, git) == everybody
    each(killer, ["pause"], 1)
    assert mended(hanging, git) == everybody
    assert statuses() == {"working", "paused"}
    for number in everybody:
        hanging.runs("pause", number, code=None)
    each(killer, ["resume"], 1)
    assert mended(hanging, git) == everybody
    each(killer, ["cancel"], 1)
    assert mended(hanging, git) == everybody
    assert "cancelled" in statuses() <= {"working", "paused", "cancelled"}


@pytest.mark.timeout(240)
def test_prune_down_and_up_killed(hanging: Person, killer: Killer, git: Git) -> None:
    numbers = [str(number) for number in range(1, 9)]
    for argv in (["down"], ["up", "-d"]):
        count = killer.steps(argv)
        for step in sampled(count, 5):
            hanging.runs("up", "-d") if argv == ["down"] else hanging.runs("down")
            killer.run(step, argv)
        assert mended(hanging, git) == numbers
    for number in numbers:
        hanging.runs("cancel", number)
    left = numbers
    for step in (20, 45, 60, 75, 90, 105, 130, 180):
        killer.run(step, ["prune"])
        left = mended(hanging, git)
    gone = set(numbers) - set(left)
    assert len(gone) >= 2
    worktrees = git("-C", hanging.where, "worktree", "list")
    for number in gone:
        assert f"[issue-{number}]" not in worktrees
        assert not git("-C", hanging.where, "branch", "--list", f"issue-{number}")
        assert git("-C", hanging.where, "for-each-ref", f"refs/orchestra/trash/branches/issue-{number}/")
    assert git("-C", hanging.where, "fsck", "--connectivity-only") == ""


@pytest.mark.timeout(240)
def test_preparing_a_worktree_killed(person: Person, killer: Killer, git: Git) -> None:
    """What runs in the pane: `worker run`, up to the moment it becomes the agent."""
    for number in ("78", "79"):  # the first makes what all share
        killer.steps(["spawn", number, "--no-wait"])
    steps = killer.counted.read_text().splitlines()
    opening = next(at for at, what in enumerate(steps, 1) if "/tmux-" in what)  # just before the pane
    killer.kill_at_each([(opening, ["spawn", str(number), "--no-wait"]) for number in range(1, 17)])
    claimed = [one["id"] for one in person.asks("list")["workers"] if not one["pane"]]
    assert len(claimed) >= 12
    killer.kill_at_each([(step, ["worker", "run", claimed[step % len(claimed)]]) for step in sampled(60, 24)])
    assert set(claimed) <= set(mended(person, git))
    assert git("-C", person.where, "fsck", "--connectivity-only") == ""


@pytest.mark.timeout(240)
def test_a_second_kill_during_the_repair(person: Person, killer: Killer, git: Git) -> None:
    person.runs("up", "-d")
    count = killer.steps(["spawn", "1", "--no-wait"])
    for step in sampled(50, 10):
        numbers = [str(2 + step), str(79 - step // 2)]
        killer.kill_at_each([(count - 30 + place, ["spawn", n, "--no-wait"]) for place, n in enumerate(numbers)])
        killer.run(step, ["up", "-d"])
    assert "1" in mended(person, git)
