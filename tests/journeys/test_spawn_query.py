"""Workers by a query, and by themselves: which issues start, which never do, and how the user stops it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]
WORK = '```script\nstatus working\nwrite {0}.txt done\ncommit "{0}"\nship\n```\n'


def own_config(text: str) -> None:
    place = Path(os.environ["HOME"], ".config", "orchestra")
    place.mkdir(parents=True, exist_ok=True)
    (place / "config.yaml").write_text(text)


def numbers(person: Person) -> list[str]:
    return [one["id"] for one in person.asks("list")["workers"]]


def test_a_query_starts_the_oldest_issues_that_match_and_have_no_worker(repo: Path) -> None:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 2}")
    write_issue(repo, 2, "Ready", HANG, labels="[ready, ui]")
    write_issue(repo, 3, "Round prices", HANG, labels="[ready]", milestone='"1.2"', assignees="[kim]")
    write_issue(repo, 4, "Other", HANG)
    write_issue(repo, 5, "Ready too", HANG, labels="[ready]")
    write_issue(repo, 6, "Closed", HANG, labels="[ready]", state="closed")
    write_issue(repo, 7, "Blocked", "blocked by #4\n" + HANG, labels="[ready]")
    person = Person(repo)
    person.runs("up", "-d")
    assert "Missing argument" in person.runs("spawn", code=2).err
    assert "--max and --dry-run go with" in person.runs("spawn", "4", "--max", "1", code=2).err
    assert person.runs("spawn", "--label", "ready", "--max", "2", "--dry-run").out == "#2 Ready\n#3 Round prices\n"
    assert person.runs("spawn", "--milestone", "1.2", "--assignee", "kim", "--query", "prices", "--dry-run").out == (
        "#3 Round prices\n"
    )
    assert "lable: is not known" in person.runs("spawn", "--query", "lable:x", code=2).err
    assert numbers(person) == []
    assert person.runs("spawn", "--label", "ready", "--max", "2").out == "#2 spawned\n#3 spawned\n"
    said = person.runs("spawn", "--label", "ready").out
    assert "#5 queued: waits for a free place" in said
    assert "#7 queued: waits for #4 (no worker yet), then a free place" in said
    assert "no open issue without a worker matches" in person.runs("spawn", "--label", "ready").err
    person.runs("down")


def test_rules_of_the_user_start_workers_within_their_limits_until_they_are_stopped(repo: Path) -> None:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 3}")
    own_config("auto:\n  - {project: widgets, label: ready, max: 2, per_day: 3}\n  - {project: other/one, label: ui}\n")
    for number in (1, 2, 3, 4):
        write_issue(repo, number, f"Ready {number}", HANG, labels="[ready]")
    write_issue(repo, 5, "Not ready", HANG, labels="[ui]")
    write_issue(repo, 6, "Blocked", "blocked by #5\n" + HANG, labels="[ready]")
    person = Person(repo)
    person.runs("up", "-d")
    eventually(lambda: numbers(person) == ["1", "2"], 60, "two workers by themselves")
    assert "auto: ready" in person.runs("list").out
    assert "auto: ready" in person.tmux("show-options", "-g") + person.tmux("show-options")
    person.runs("cancel", "1")
    eventually(lambda: numbers(person) == ["1", "2", "3"], 60, "the next one")
    assert person.status("1") == "cancelled"
    person.runs("cancel", "2")  # three were begun today: no other one is
    write_issue(repo, 7, "Ready 7", HANG, labels="[ready]")
    assert person.runs("queue", "auto", "off").out == "nothing starts by itself any more (ready)\n"
    assert "auto is off: ready" in person.runs("list").out
    assert numbers(person) == ["1", "2", "3"]
    assert person.runs("queue", "auto", "on").out == "issues labelled ready start by themselves\n"
    person.runs("down")


def test_a_repository_cannot_switch_it_on(repo: Path) -> None:
    configure(repo, "agent: scripted", "tracker: local", "auto: [{project: widgets, label: ready}]")
    said = Person(repo).runs("up", "-d", code=2).err
    assert "orchestra.yaml:3: auto: only your own ~/.config/orchestra/config.yaml may have it" in said


def test_on_github_an_outsiders_issue_never_starts_by_itself_nor_by_a_query(
    github_repo: Path, github: Double, git: Git
) -> None:
    configure(github_repo, "agent: scripted", "github: {poll: 1s}", "notify: {desktop: false}")
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=21, title="By a stranger", body=HANG, association="NONE", author="eve", labels=("ready",))
    github.add_issue(number=22, title="By a member", body=HANG, association="MEMBER", author="bob", labels=("ready",))
    github.add_issue(number=23, title="By another", body=HANG, association="MEMBER", author="ann", labels=("ready",))
    github.add_issue(number=24, title="Prices", body=HANG, labels=("later",))
    github.add_issue(number=25, title="Prices by a stranger", body=HANG, association="NONE", author="eve")
    own_config("auto: [{project: acme/widgets, label: ready, authors: [bob], max: 5}]\n")
    person = Person(github_repo)
    person.runs("up", "-d")
    eventually(lambda: numbers(person) == ["22"], 60, "the member's issue")
    said = person.runs("spawn", "--query", "prices", "--no-wait", code=0).out
    assert "#24 spawned" in said
    assert "#25 skipped: written by eve, who is not a member  (read it, then orchestra spawn 25 --trust)" in said
    github.edit(22, state="closed")
    assert numbers(person) == ["22", "24"]
    person.runs("down")
