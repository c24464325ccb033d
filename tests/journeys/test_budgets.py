"""Budgets: a worker is warned, stopped at its limit with its work kept, and goes on when the user says so."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

SPENDS = """```script
status working
write done.txt done
commit "Half of it"
write more.txt more
use {0} {1}
pause 10
use {2} {3}
pause 10
commit "The rest"
ship
```
"""
LIMIT = '```script\nstatus working\nlimit rate_limit "Claude AI usage limit reached|{0}"\nwrite a.txt a\ncommit "a"\nship\n```\n'
WORK = '```script\nstatus working\nwrite {0}.txt done\ncommit "{0}"\nship\n```\n'


def person_with(repo: Path, *config: str) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "notify: {desktop: false}", *config)
    return Person(repo)


def stopped(person: Person, number: str) -> dict[str, Any]:
    return person.sees(number, "paused", timeout=90)


def test_a_worker_is_warned_then_stopped_with_its_work_kept_and_goes_on(repo: Path) -> None:
    person = person_with(repo, "limits: {tokens: 1M}")
    write_issue(repo, 1, "Long", SPENDS.format("850k", "0", "300k", "0"))
    person.runs("up", "-d")
    person.runs("spawn", "1")
    found = stopped(person, "1")
    told = [words["text"] for words in found["guidance"]]
    assert told[0].startswith("You have used 850k of 1.0M tokens")
    assert found["needsYou"]
    assert found["stateReason"] == (
        "its budget is used up: 1.1M of 1.0M tokens; it has 1 commit and 1 file not committed, which stay"
    )
    listed = person.runs("list").out
    assert "its budget is used up: 1.1M of 1.0M tokens" in listed
    assert "orchestra resume 1" in listed
    assert person.screen("1") == ""
    tree = Path(found["worktreePath"])
    assert (tree / "more.txt").read_text() == "more\n"
    assert re.search(r"budget\s+1.1M of 1.0M tokens", person.runs("show", "1").out)
    assert "has used 1.1M of 500k tokens already" in person.runs("resume", "1", "--tokens", "500k", code=2).err
    person.runs("resume", "1")
    done = person.sees("1", "complete", timeout=90)
    assert done["budget"] == {"tokens": 2_150_000}
    person.runs("down")


@pytest.mark.parametrize(
    ("limits", "options", "script", "figures"),
    [
        ("{cost: 9}", ("--cost", "2"), SPENDS.format("1k", "1.70", "1k", "0.55"), "$2.25 of $2"),
        ("{time: 1h}", ("--time", "8s"), SPENDS.format("1k", "0", "1k", "0"), "of 8s at work"),
        ("{turns: 1}", (), "```script\nstatus working\nwrite a.txt a\nrun false\n```\n", "1 of 1 turns"),
    ],
)
def test_each_kind_of_limit_stops_a_worker(
    repo: Path, limits: str, options: tuple[str, ...], script: str, figures: str
) -> None:
    person = person_with(repo, f"limits: {limits}")
    write_issue(repo, 1, "Long", script)
    person.runs("up", "-d")
    person.runs("spawn", "1", *options)
    assert figures in stopped(person, "1")["stateReason"]
    person.runs("down")


def test_a_usage_limit_that_one_worker_meets_holds_up_the_others_until_it_ends(repo: Path) -> None:
    person = person_with(repo)
    ends = int(time.time()) + 40
    write_issue(repo, 1, "Meets it", LIMIT.format(ends))
    write_issue(repo, 2, "Comes later", WORK.format(2))
    person.runs("up", "-d")
    person.runs("spawn", "1", "--no-wait")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] == "limited", 60, "the limit")
    at = time.strftime("%H:%M", time.localtime(ends))
    assert f"#2 queued: waits for the usage limit of scripted to end at {at}" in person.runs("spawn", "2").out
    assert f"no starts until {at}: the usage limit of scripted" in person.runs("list").out
    assert f"no starts until {at}" in person.tmux("show-options", "-g") + person.tmux("show-options")
    assert person.status("2") == "queued"
    assert time.time() < ends
    person.sees("2", "complete", timeout=120)
    assert time.time() >= ends
    person.sees("1", "complete", timeout=60)
    assert "no starts" not in person.runs("list").out
    person.runs("down")


def test_the_budget_of_a_day_stops_all_until_the_user_or_the_next_day(repo: Path) -> None:
    person = person_with(repo, "limits: {day: {tokens: 1M}}", "workers: {max: 2}")
    write_issue(repo, 1, "Long", SPENDS.format("600k", "0", "300k", "0"))
    write_issue(repo, 2, "Long too", SPENDS.replace("done.txt", "b.txt").format("500k", "0", "300k", "0"))
    write_issue(repo, 3, "Waits", WORK.format(3))
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3", "--no-wait")
    found = stopped(person, "1")
    assert re.match(r"today's budget is used up: 1\.\dM of 1\.0M tokens; it goes on at", found["stateReason"])
    assert found["heldUntil"]
    stopped(person, "2")
    assert "waits for today's budget" in person.runs("queue").out
    person.runs("resume", "1")
    person.sees("1", "complete", timeout=90)
    assert person.status("2") == "paused"
    assert person.status("3") == "queued"
    person.runs("down")


def test_a_worker_whose_pause_was_cut_short_is_closed_by_the_monitor(repo: Path) -> None:
    person = person_with(repo)
    write_issue(repo, 1, "Hangs", "```script\nstatus working\npause 300\n```\n")
    person.runs("up", "-d")
    person.runs("spawn", "1")
    (journal,) = Path(person.environ["HOME"]).glob(".orchestration/sessions/*/1.jsonl")
    event = {"at": "2026-01-08T11:15:00Z", "event": "paused", "by": "human", "data": {"reason": ""}}
    with journal.open("a") as file:
        file.write(json.dumps(event) + "\n")
    eventually(lambda: person.screen("1") == "", 60, "the pane to close")
    assert person.status("1") == "paused"
    person.runs("down")
