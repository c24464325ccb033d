"""Twenty minutes of a team's day in real time: twelve pull requests, the monitor as it runs, and every look is right.

Each pull request has its own course of events. Whenever an event is old enough to have been seen, `list` must say what
the page on GitHub says, and never says `ready` in between unless it was or will be. Nobody is told anything twice.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.github_double import Double, Fault
from support.polling import eventually
from support.pull_acts import (
    Act,
    Git,
    base_moves,
    check,
    closed,
    commented,
    deleted,
    dismissed,
    edited,
    environment,
    gap,
    green,
    merged,
    pull_of,
    pushed_by,
    reopened,
    resolved,
    reviewed,
    run,
    several,
    start,
    status,
    thread,
    unapproved,
)

pytestmark = [pytest.mark.journey, pytest.mark.nightly, pytest.mark.timeout(2400)]

SEEN_SECONDS = 100.0  # the poll of an idle monitor is 60 s; a busy machine adds to it
READY, WAITING, ASKS, PERMISSION, MERGED = "ready", "waiting", "question", "permission", "merged"
FIXES = "".join(f"wait\nwrite {{0}}.txt again{n}\ncommit Again{n}\nship\n" for n in range(4))
WORKS = "```script\nstatus working\nwrite {0}.txt one\ncommit One\nship\n" + FIXES + "wait\n```"
MERGES = (
    "```script\nstatus working\nwrite {0}.txt one\ncommit One\nship\nwait\nrun git fetch -q origin\n"
    "run git merge -q -X ours -m Merge {1}\nship\n" + "wait\n" * 6 + "```"
)


class Turn(NamedTuple):
    """What happens at a minute of the day, what `list` says when it was seen, and whether the worker was told."""

    minute: float
    act: Act
    state: str
    words: str = ""
    told: int = 0


def placeholder(github: Double, number: int, branch: str) -> None:
    github.comment(number, "Reviewing this pull request...", "coderabbitai[bot]", "NONE")


def placeholder_filled(github: Double, number: int, branch: str) -> None:
    said = github.pull(number).comments[-1].id
    github.edit_comment(number, said, "## Walkthrough\nNo issues found.")


def finished(github: Double, number: int, branch: str) -> None:
    """The jobs behind `needs` have come, and all is over."""
    made = next(one for one in reversed(github.runs) if one.branch == branch)
    github.add_job(made.id, "test", "success")
    github.set_run(made.id, "completed", "success")


def deployed(github: Double, number: int, branch: str) -> None:
    """Somebody approved the environment."""
    made = next(one for one in reversed(github.runs) if one.branch == branch)
    github.add_job(made.id, "deploy", "success")
    github.set_run(made.id, "completed", "success")


def updated(github: Double, number: int, branch: str) -> None:
    """The button "Update branch"."""
    base_moves("elsewhere.txt")(github, number, branch)
    github.update_branch(number)


CHANGES = reviewed("CHANGES_REQUESTED", "Use two, please.")
DAY: list[tuple[str, list[Turn]]] = [
    (WORKS, [Turn(1, green, READY, "checks pass"), Turn(4, commented("LGTM, thanks!"), READY),
             Turn(7, commented("## Codecov Report\nAll covered.", "codecov[bot]", "NONE"), READY),
             Turn(10, reviewed("APPROVED", "Nice."), READY, "approved"), Turn(14, merged("squash"), MERGED)]),
    (WORKS, [Turn(1, run("test", "failure", log="E   assert 1 == 2\n"), WAITING, "", 1), Turn(5, green, READY),
             Turn(9, run("test", None), WAITING, "test"), Turn(12, green, READY), Turn(15, merged("merge"), MERGED)]),
    (WORKS, [Turn(1, green, READY), Turn(4, CHANGES, WAITING, "", 1), Turn(8, green, READY),
             Turn(11, reviewed("APPROVED"), READY, "approved"),
             Turn(14, thread("coderabbitai[bot]", "Rename this.", "NONE"), WAITING, "", 1), Turn(17, green, READY)]),
    (WORKS, [Turn(1, gap, WAITING, "CI"), Turn(4, finished, READY), Turn(7, status("ci/old", "pending"), WAITING, "ci/old"),
             Turn(10, status("ci/old", "failure"), WAITING, "", 1),
             Turn(14, several(run("lint", "success"), green, status("ci/old", "success")), READY)]),
    (WORKS, [Turn(1, green, READY), Turn(4, edited(draft=True), ASKS, "draft"), Turn(7, edited(draft=False), READY),
             Turn(10, edited(in_queue=True), WAITING, "merge queue"),
             Turn(13, edited(in_queue=False), READY, "taken out of the merge queue"), Turn(16, merged("squash"), MERGED)]),
    (MERGES, [Turn(1, unapproved, PERMISSION, "approval"), Turn(4, green, READY),
              Turn(8, base_moves("6.txt"), WAITING, "", 1), Turn(12, green, READY)]),
    (MERGES, [Turn(1, green, READY), Turn(4, closed, ASKS, "closed without a merge"), Turn(7, reopened, READY),
              Turn(10, pushed_by("rob", "rob.txt"), WAITING, "", 1), Turn(14, green, READY)]),
    (WORKS, [Turn(1, green, READY), Turn(4, reviewed("CHANGES_REQUESTED", "No!", "eve", "NONE"), READY),
             Turn(7, thread("eve", "Rename it.", "NONE"), READY, "1 thread open for you"),
             Turn(10, commented("Please rename it."), WAITING, "", 1), Turn(14, green, READY)]),
    (WORKS, [Turn(1, green, READY), Turn(4, thread("rob", "Why one?"), WAITING, "", 1),
             Turn(8, green, READY, "1 thread open for you"), Turn(11, resolved, READY, "checks pass"),
             Turn(14, edited(auto_merge=True), WAITING, "auto-merge"), Turn(17, merged("squash"), MERGED)]),
    (WORKS, [Turn(1, green, READY), Turn(5, updated, WAITING), Turn(9, green, READY),
             Turn(13, several(reviewed("CHANGES_REQUESTED", "Wrong one."), dismissed), READY)]),
    (WORKS, [Turn(1, environment, PERMISSION, "deploy"), Turn(4, deployed, READY),
             Turn(7, several(run("test", "cancelled"), green), READY), Turn(10, check("e2e", "timed_out"), WAITING, "", 1),
             Turn(14, several(green, run("deploy", "success"), check("e2e", "success")), READY)]),
    (WORKS, [Turn(1, green, READY), Turn(4, placeholder, READY), Turn(7, placeholder_filled, READY),
             Turn(10, edited(title="feat: a better title"), READY),
             Turn(13, edited(mergeable_known=False), WAITING, "merge"), Turn(16, edited(mergeable_known=True), READY),
             Turn(18, deleted, ASKS, "closed without a merge")]),
]  # fmt: skip
TROUBLE = [
    (6.0, Fault.BAD_GATEWAY, "/graphql", 0.7),
    (12.5, Fault.RESET, "", 0.5),
    (15.5, Fault.SECONDARY, "/pulls", 0.3),
]
MINUTES = 20.0


class Course:
    """One pull request through the day: what it must be now, and what it may be while an event is new."""

    def __init__(self, worker: int, turns: list[Turn]) -> None:
        self.worker, self.turns, self.done, self.at = worker, turns, 0, 0.0
        self.texts: list[str] = []

    def play(self, github: Double, number: int, minute: float) -> None:
        if self.done < len(self.turns) and self.turns[self.done].minute <= minute:
            with github.lock:
                self.turns[self.done].act(github, number, f"issue-{self.worker}")
            self.done, self.at = self.done + 1, time.monotonic()

    def wrong(self, row: dict[str, Any], asked: float) -> str:
        """What is wrong in a row of `list` that was asked for at this time; empty: nothing."""
        if not self.done:
            return ""
        now, before = self.turns[self.done - 1], self.turns[self.done - 2].state if self.done > 1 else READY
        said = f"#{self.worker} {row['state']}: {row['stateReason']}"
        self.texts = [one["text"] for one in row["guidance"]]
        if len(set(self.texts)) != len(self.texts):
            return f"{said}: told twice: {self.texts}"
        if asked - self.at < SEEN_SECONDS:
            known = {READY, MERGED} - {now.state, before}
            return f"{said}, before it may" if row["state"] in known else ""
        told = sum(turn.told for turn in self.turns[: self.done])
        if row["state"].startswith(now.state) and now.words in said and len(self.texts) == told:
            return ""
        return f"{said}, after minute {now.minute}; expected {now.state} {now.words!r}, told {told}: {self.texts}"


def test_a_day_of_twelve_pull_requests(github_repo: Path, github: Double, git: Git) -> None:
    bodies = [
        body.format(worker, "origin/main" if worker == 6 else f"origin/issue-{worker}")
        for worker, (body, _) in enumerate(DAY, 1)
    ]
    person = start(github_repo, github, git, bodies, poll="15s")
    numbers = [pull_of(github, worker) for worker in range(1, len(DAY) + 1)]
    courses = [Course(worker, turns) for worker, (_, turns) in enumerate(DAY, 1)]
    person.runs("up", "-d")
    begun, before, samples, wrong = time.monotonic(), len(github.requests), 0, list[str]()
    troubles = list(TROUBLE)
    while (minute := (time.monotonic() - begun) / 60) < MINUTES:
        for course, number in zip(courses, numbers, strict=True):
            course.play(github, number, minute)
        if troubles and troubles[0][0] <= minute:
            github.fault(troubles[0][1], troubles[0][2])
        if troubles and troubles[0][0] + troubles[0][3] <= minute:
            github.clear_faults()
            troubles.pop(0)
        asked = time.monotonic()
        rows = {row["id"]: row for row in person.asks("list")["workers"]}
        for course in courses:
            row = rows.get(str(course.worker)) or person.asks("show", str(course.worker))
            if found := course.wrong(row, asked):
                wrong.append(f"{minute:.1f}: {found}")
        samples += 1
        paused = time.monotonic()
        eventually(lambda since=paused: time.monotonic() - since > 2)  # type: ignore[misc]
    sent = Counter((one.path.endswith("/graphql"), one.status == 304) for one in github.requests[before:])
    counted = f"graphql {sent[True, False]}, rest {sent[False, False]} and {sent[False, True]} answered 304"
    print(f"{samples} samples of {len(DAY)} pull requests in {MINUTES:.0f} minutes; {counted}")
    different = list({one.partition(": ")[2]: one for one in reversed(wrong)}.values())[::-1]  # each when it began
    assert not wrong, "\n".join([f"{len(wrong)} wrong of {samples * len(DAY)}; {counted}", *different[:60]])
    assert samples > 100
