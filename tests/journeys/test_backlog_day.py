"""A day's backlog by one person: twelve issues with an order, a stack and a conflict, to twelve merged pull requests.

With ORCHESTRA_TEST_TIMELINE=FILE the run is drawn there; docs/runs has such a picture.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Double
from support.person import Person, configure
from support.timeline import Seen, svg

from orchestra.core.waiting import pause

pytestmark = [pytest.mark.journey, pytest.mark.nightly, pytest.mark.timeout(1800)]
Git = Callable[..., str]
PLACES = 4
MERGE = "run git fetch -q origin && git merge -q -X ours --no-edit origin/main; true\nship\nwait\n"
WORK = (
    '```script\nstatus working\nwrite {0}.txt done\n{1}commit "Part {0}"\npause {2}\nship\nwait\n' + MERGE * 6 + "```"
)
PRICE = 'write price.py "{0}"\n'
BEFORE = {2: (1,), 5: (4,), 8: (7,), 10: (9,)}  # an issue: what it waits for
STACK = {"11": "3", "12": "11"}
TOGETHER = ("3", "6")  # both write one file
SECONDS = 1500.0
TIMELINE = os.environ.get("ORCHESTRA_TEST_TIMELINE")  # read before the tests get an environment of their own


def hand_over(github_repo: Path, github: Double, git: Git) -> Person:
    configure(
        github_repo,
        "agent: scripted",
        "github: {poll: 1s}",
        f"workers: {{max: {PLACES}}}",
        "notify: {desktop: false}",
        "limits: {stall: 1h}",
    )
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    words = {5: "Blocked by #4.\n", 10: "Depends on #9.\n"}
    for number in range(1, 13):
        more = PRICE.format(number) if str(number) in TOGETHER else ""
        body = words.get(number, "") + WORK.format(number, more, 25 if str(number) in TOGETHER else 2)
        github.add_issue(f"Part {number}", body, number=number)
    github.block(2, 1)
    github.block(8, 7)
    person = Person(github_repo)
    person.runs("up", "-d")
    person.runs("spawn", *map(str, range(1, 11)))
    for child, parent in STACK.items():
        person.runs("spawn", child, "--on", parent)
    return person


class Day:
    """What the person does all day: CI passes by itself, and what is ready is merged."""

    def __init__(self, person: Person, github: Double) -> None:
        self.person, self.github = person, github
        self.checked: set[str] = set()
        self.merged: list[str] = []
        self.seen: list[Seen] = []
        self.named_at: float | None = None  # the conflict of the two that write one file
        self.shipped_at: dict[str, float] = {}

    def look(self) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {row["id"]: row for row in self.person.asks("list")["workers"]}
        now = time.monotonic()
        self.seen.append(Seen(now, {number: row["status"] for number, row in rows.items()}))
        if self.named_at is None and any(one["conflict"] for row in rows.values() for one in row["meets"]):
            self.named_at = now
        for number, row in rows.items():
            if row["status"] in ("shipping", "complete"):
                self.shipped_at.setdefault(number, now)
        return rows

    def go(self) -> None:
        for pull in self.github.pulls():
            sha = self.github.sha(pull.head) if pull.state == "open" else ""
            if sha and sha not in self.checked:
                self.checked.add(sha)
                self.github.add_run(pull.head, "test", "success")
        for number, row in self.look().items():
            parent = STACK.get(number)
            may = row["state"] == "ready" and number not in self.merged and (not parent or parent in self.merged)
            if may and self.person.runs("merge", number, "--method", "squash", code=None).code == 0:
                self.merged.append(number)


def test_twelve_issues_are_twelve_merged_pull_requests(github_repo: Path, github: Double, git: Git) -> None:
    person = hand_over(github_repo, github, git)
    day = Day(person, github)
    end = time.monotonic() + SECONDS
    while len(day.merged) < 12 and time.monotonic() < end:
        day.go()
        pause(2.0)  # as often as a user looks: a look costs a third of a second of a core
    if TIMELINE:
        numbers = [str(number) for number in range(1, 13)]
        Path(TIMELINE).write_text(
            svg(day.seen, numbers, "Twelve issues, four places: 2, 5, 8, 10 wait for others; 3, 11, 12 are a stack")
        )
    last = day.seen[-1].states
    assert len(day.merged) == 12, (day.merged, last, person.runs("list").out)
    for later, earlier in BEFORE.items():
        assert day.merged.index(str(earlier[0])) < day.merged.index(str(later)), day.merged
    assert [one for one in day.merged if one in ("3", *STACK)] == ["3", *STACK]
    first_ship = min(day.shipped_at[number] for number in TOGETHER)
    assert day.named_at is not None
    assert day.named_at < first_ship
    git("-C", github_repo, "fetch", "-q", "origin")
    names = git("-C", github_repo, "ls-tree", "--name-only", "origin/main").split()
    assert {f"{number}.txt" for number in range(1, 13)} <= set(names)
    person.runs("down")
