"""The backlog is handed over at once: what is free starts, what is blocked waits and says for what, and all is done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Double
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = pytest.mark.journey
Git = Callable[..., str]
WORK = '```script\nstatus working\nwrite {0}.txt done\ncommit "{0}"\nship\n```\n'
LATER = '```script\nstatus working\nescalate "Go on?" --option yes\nwrite {0}.txt done\ncommit "{0}"\nship\n```\n'


@pytest.fixture
def person(repo: Path) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 3}", "queue: {priorities: [urgent, soon]}")
    return Person(repo)


def queued(person: Person) -> dict[str, str]:
    """What each queued worker waits for, in the order of the queue."""
    return {one["id"]: one["why"] for one in person.asks("queue")["queue"]}


def started(person: Person) -> list[str]:
    """The numbers in the order in which their agents have started."""
    (sessions,) = (Path(person.environ["HOME"]) / ".orchestration" / "sessions").iterdir()
    found: list[tuple[str, str]] = []
    for journal in sessions.glob("*.jsonl"):
        events: list[dict[str, Any]] = [json.loads(line) for line in journal.read_text().splitlines()]
        found += [(one["at"], journal.stem) for one in events if one["event"] == "started"][:1]
    return [number for _, number in sorted(found)]


def test_a_backlog_starts_what_is_free_and_says_why_the_rest_waits(person: Person, repo: Path) -> None:
    write_issue(repo, 1, "Base", LATER.format(1))
    write_issue(repo, 2, "After the base", WORK.format(2), after="[1]")
    write_issue(repo, 3, "After both", "depends on #1 and #2\n" + WORK.format(3))
    write_issue(repo, 4, "Free", LATER.format(4))
    person.runs("up", "-d")
    said = person.runs("spawn", "1", "2", "3", "4").out
    assert "#1 spawned" in said
    assert "#4 spawned" in said
    assert re.search(r"#2 queued: waits for #1 \(\w+\), then a free place", said)
    assert re.search(r"#3 queued: waits for #1 \(\w+\), #2 \(queued\), then a free place", said)
    person.sees("1", "stuck")
    assert queued(person) == {
        "2": "for #1 (stuck), then a free place",
        "3": "for #1 (stuck), #2 (queued), then a free place",
    }
    shown = person.runs("queue").out
    assert "2 of 3 places taken, 2 queued" in shown
    assert "  1. #2     After the base  waits for #1 (stuck), then a free place" in shown
    assert "waiting for #1" in person.runs("list").out
    person.runs("tell", "1", "yes")
    for number in ("1", "2", "3"):
        person.sees(number, "complete")
    assert started(person)[-2:] == ["2", "3"]
    assert queued(person) == {}
    person.runs("down")


def test_the_queue_can_be_changed_and_labels_go_first(person: Person, repo: Path) -> None:
    for number, labels in ((1, "[]"), (2, "[]"), (3, "[]"), (4, "[]"), (5, "[soon]"), (6, "[urgent]"), (7, "[]")):
        write_issue(repo, number, f"Issue {number}", HANG, labels=labels)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3", "4", "5", "6", "7")
    assert list(queued(person)) == ["6", "5", "4", "7"]
    assert "[urgent]" in person.runs("queue").out
    assert "1. #7" in person.runs("queue", "move", "7", "first").out
    person.runs("queue", "move", "5", "down")
    assert list(queued(person)) == ["7", "6", "4", "5"]
    assert "a place is first" in person.runs("queue", "move", "7", "nowhere", code=2).err
    assert "#1 is not queued" in person.runs("queue", "move", "1", "first", code=1).err
    assert "#7 stays in the queue" in person.runs("queue", "hold", "7").out
    assert "already on hold" in person.runs("queue", "hold", "7", code=1).err
    assert queued(person)["7"] == "on hold: orchestra queue release 7"
    assert "#4 was taken out" in person.runs("queue", "drop", "4").out
    assert person.status("4") == "cancelled"
    person.runs("cancel", "1", "2")
    person.sees("6", "working")
    person.sees("5", "working")
    assert list(queued(person)) == ["7"]
    person.runs("queue", "release", "7")
    person.runs("cancel", "3")
    person.sees("7", "working")
    person.runs("down")


def test_issues_that_wait_for_each_other_are_named_and_can_be_started(person: Person, repo: Path) -> None:
    write_issue(repo, 1, "One", HANG, after="[2]")
    write_issue(repo, 2, "Two", "blocked by #3\n" + HANG)
    write_issue(repo, 3, "Three", HANG, after="[1]")
    write_issue(repo, 4, "Four", HANG, after="[99]")
    write_issue(repo, 5, "Done", HANG, state="closed")
    write_issue(repo, 6, "After a closed one", HANG, after="[5]")
    person.runs("up", "-d")
    said = person.runs("spawn", "1", code=1).out
    assert "#1 would wait for itself: #1 -> #2 -> #3 -> #1" in said
    assert "orchestra spawn 1 --now" in said
    assert "issue 4 comes after issue 99, which does not exist" in person.runs("spawn", "4", code=1).out
    assert "#1 spawned" in person.runs("spawn", "1", "--now").out
    assert "#6 spawned" in person.runs("spawn", "6").out
    person.runs("down")


def test_a_blocker_that_is_closed_by_hand_is_over(person: Person, repo: Path) -> None:
    write_issue(repo, 1, "Somebody else does it", HANG)
    write_issue(repo, 2, "Waits for it", HANG, after="[1]")
    person.runs("up", "-d")
    assert "#2 queued: waits for #1 (no worker yet)" in person.runs("spawn", "2").out
    write_issue(repo, 1, "Somebody else does it", HANG, state="closed")
    person.sees("2", "working", timeout=90)
    person.runs("down")


def test_more_than_one_leaves_the_queue_when_several_places_are_free(person: Person, repo: Path) -> None:
    for number in range(1, 7):
        write_issue(repo, number, f"Issue {number}", HANG)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3", "4", "5", "6", "--no-wait")
    person.runs("cancel", "1", "2", "3")
    eventually(lambda: not queued(person), 60, "the queue to be empty")
    person.runs("down")


def test_on_github_an_issue_waits_until_its_blocker_is_closed(github_repo: Path, github: Double, git: Git) -> None:
    configure(github_repo, "agent: scripted", "github: {poll: 1s}", "notify: {desktop: false}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=124, title="First", body=WORK.format(124))
    github.add_issue(number=125, title="Second", body=WORK.format(125))
    github.add_issue(number=126, title="Third", body=f"Depends on #125.\n{WORK.format(126)}")
    github.add_issue(number=127, title="Nobody's", body="")
    github.block(125, by=124)
    github.block(125, by=127)
    person = Person(github_repo)
    person.runs("up", "-d")
    said = person.runs("spawn", "124", "125", "126").out
    assert "#124 spawned" in said
    assert re.search(r"#125 queued: waits for #124 \(\w+\), #127 \(no worker yet\), then a free place", said)
    assert "#126 queued: waits for #125 (queued), then a free place" in said
    shipped = person.sees("124", "shipping")
    github.close(127)
    github.merge(int(shipped["pullRequest"]["number"]))
    person.sees("125", "shipping", 100)
    assert queued(person) == {"126": "for #125 (shipping), then a free place"}
    assert [one for one in started(person) if one in ("124", "125")] == ["124", "125"]
    person.runs("down")
