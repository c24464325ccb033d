"""Kills what a user runs at a chosen step, and judges what `up` makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.person import Person, configure, write_issue
from support.polling import eventually
from support.warm import Command, Warm

LAYOUT = "windows:\n  - window_name: workers\n    role: workers\n  - window_name: shell\n    role: shell\n"
IDLE = "```script\nsay hello\n```\n"  # it takes its prompt and waits: the least that can be at work
AT_WORK = ("planning", "working", "shipping", "complete")
RESTING = ("paused", "cancelled")
Git = Callable[..., str]


class Matrix:
    """A crew of which each member is killed at another step of the same verb, and then repaired."""

    def __init__(self, person: Warm, git: Git, crew: int) -> None:
        self.person = person
        self.git = git
        self.crew = [str(number) for number in range(1, crew + 1)]
        self.repairs = 0
        person.runs("up", "-d")
        spawned(person, self.crew)

    def repaired(self) -> dict[str, str]:
        """After `up`; every second time one that was killed comes before it, each at another step."""
        self.repairs += 1
        if self.repairs % 2 == 0:
            self.person.ends(Command(["up", "-d"], 1 + self.repairs * 7 % 60))
        left = repaired(self.person, self.git)
        assert set(left) <= set(self.crew)
        return left

    def kill(self, make: Callable[[str], Command], ready: Callable[[Sequence[str]], object], most: int) -> int:
        """Kill `make(worker)` at `most` of its steps; `ready` brings workers where they can do it. How many points."""
        ready(self.crew)
        steps = sampled(len(self.person.steps(make(self.crew[-1]))), most)
        for at in range(0, len(steps), len(self.crew)):
            some = list(zip(self.crew, steps[at : at + len(self.crew)], strict=False))
            ready([number for number, _ in some])
            kill_each(self.person, [make(number)._replace(step=step) for number, step in some])
            self.repaired()
        return len(steps)

    def those(self, verb: str, *, resting: bool) -> Callable[[Sequence[str]], None]:
        """What brings those to the other side that rest, or are at work, for the next kill."""

        def ready(numbers: Sequence[str]) -> None:
            for one in self.person.asks("list")["workers"]:
                if one["id"] in numbers and (one["status"] in RESTING) == resting:
                    self.person.runs(verb, one["id"], *(["--no-wait"] if verb == "spawn" else []))

        return ready


def kill_each(person: Warm, commands: Sequence[Command]) -> None:
    """Each killed at its step, two at once; a step behind the last ends the command unkilled."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(person.ends, commands))


def settle(repo: Path, git: Git, issues: int = 80) -> Person:
    """A user with issues of which nobody does anything, in a workspace without a monitor: `up` alone repairs."""
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 100}", "layout: still")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text(LAYOUT)
    for number in range(1, issues + 1):
        write_issue(repo, number, f"Issue {number}", IDLE)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


def spawned(person: Person, numbers: Sequence[str]) -> None:
    """These workers, all at work."""
    person.runs("spawn", *numbers, "--no-wait")
    eventually(lambda: not waiting(person), 60, "the workers to work")


def waiting(person: Person) -> list[tuple[object, ...]]:
    """The workers that should have come to rest at their prompt and have not yet."""
    rows = [one for one in person.asks("list")["workers"] if one["status"] not in RESTING]
    told = [(one["id"], one["status"], one["activity"]["state"], one["pane"], one["stuckReason"]) for one in rows]
    return [each for each in told if each[1] not in AT_WORK or each[2] != "waiting" or not each[3] or each[3]["dead"]]


def findings(person: Person) -> list[str]:
    """What doctor says of the state; what this machine lacks is another question."""
    found = person.asks("doctor", code=None)["findings"]
    return [f"{one['id']}: {one['what']}" for one in found if one["id"].startswith("I")]


def facts(person: Person, git: Git) -> dict[str, str]:
    """What a second `up` must leave as it is."""
    home = Path(person.environ["ORCHESTRA_HOME"])
    # Sockets of workers; what GitHub answered last; words of a killed `tell`, which the monitor brings by itself.
    passing = ("/tmux/", "/etags/", "/mailbox", "/deliver.lock")
    return {
        "panes": person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid} #{pane_dead} #{@orchestra_worker}"),
        "refs": git("-C", person.where, "for-each-ref"),
        "worktrees": git("-C", person.where, "worktree", "list", "--porcelain"),
        "files": "\n".join(
            sorted(str(path) for path in home.rglob("*") if not any(word in str(path) for word in passing))
        ),
        "beside": "\n".join(sorted(path.name for path in person.where.parent.iterdir())),
    }


def repaired(person: Person, git: Git) -> dict[str, str]:
    """`up` brings everything in order; returns the workers that are there with their status."""
    person.runs("up", "-d")
    try:
        eventually(lambda: not waiting(person), 60)
    except pytest.fail.Exception:
        pytest.fail(f"not at work after up: {waiting(person)}")
    eventually(lambda: findings(person) == [], 15, f"doctor to find nothing: {findings(person)}")
    workers = {one["id"]: one["status"] for one in person.asks("list")["workers"]}
    before = facts(person, git)
    _nothing_is_nobodys(person, git, workers, before)
    person.runs("up", "-d")
    after = facts(person, git)
    changed = {what: sorted(set(before[what].split("\n")) ^ set(after[what].split("\n"))) for what in before}
    changed["files"] = [name for name in changed["files"] if not name.endswith(".tmp")]  # the monitor writes now
    assert not any(changed.values()), changed
    return workers


def _nothing_is_nobodys(person: Person, git: Git, workers: Mapping[str, str], seen: Mapping[str, str]) -> None:
    """Seen without doctor: each live worker has one pane, and every pane, worktree, branch and file has a worker."""
    tags = [line.split()[3] for line in seen["panes"].splitlines() if len(line.split()) > 3]
    assert sorted(tags) == sorted(number for number, status in workers.items() if status not in RESTING)
    branches = git("-C", person.where, "for-each-ref", "--format=%(refname:lstrip=3)", "refs/heads/issue-*").split()
    trees = [name for name in seen["beside"].splitlines() if "-issue-" in name]
    for made in (branches, trees):
        assert {name.rpartition("issue-")[2] for name in made} <= set(workers)
    half = [name for name in seen["files"].splitlines() if name.endswith((".tmp", "/pruning"))]
    eventually(
        lambda: not any(map(os.path.lexists, half)), 10, f"no half-written file (the monitor writes now): {half}"
    )
    assert not [lock for lock in (person.where / ".git").rglob("*.lock") if lock.name != "orchestra.lock"]
    assert git("-C", person.where, "fsck", "--connectivity-only", "--no-dangling") == ""


def sampled(count: int, most: int) -> list[int]:
    """Steps 1 to `count`, `most` of them, evenly, the first and the last among them."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + round(place * (count - 1) / (most - 1)) for place in range(most)})


def marks_of(person: Person, number: str) -> Command:
    """How worker `number` itself runs something: from its worktree, with its marks. The words are to be filled in."""
    found = person.asks("show", number)
    marks = {"ORCHESTRA_WORKER": number, "ORCHESTRA_NONCE": found["nonce"]}
    return Command((), cwd=Path(found["worktreePath"]), environ=marks)
