"""Work that is no longer wanted is not taken up again: issues closed and work merged while the machine was off."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.github_double import Double, Fault
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = pytest.mark.journey
Git = Callable[..., str]

WAIT = "```script\nstatus working\nwait\nwrite b.txt two\nwait\n```\n"
SHIP = '```script\nstatus working\nwrite a.txt "one"\ncommit One\nship\nwait\n```\n'


def still(repo: Path, git: Git, *lines: str) -> None:
    """A repository with a small layout, whose monitor asks GitHub once a minute."""
    lines = ("workers: {max: 10}", "layout: still", "verify: 'true'", "github: {poll: 60s}", *lines)
    configure(repo, "agent: scripted", *lines)
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text("windows:\n  - window_name: w\n    panes: [null]\n")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "config")


def back(person: Person) -> dict[str, str]:
    """The workers with a living pane, and what they do."""
    rows = person.asks("list")["workers"]
    return {one["id"]: one["activity"]["state"] for one in rows if one["pane"] and not one["pane"]["dead"]}


def findings(person: Person) -> list[str]:
    found = person.asks("doctor", code=None)["findings"]
    return [f"{one['id']}: {one['what']}" for one in found if one["id"].startswith("I")]


def forget(person: Person) -> None:
    """The machine was off for so long that what GitHub said last is not an answer any more."""
    for poll in Path(person.environ["ORCHESTRA_HOME"]).glob("cache/*/github/poll.json"):
        poll.unlink()


def test_a_local_issue_that_was_closed_meanwhile(repo: Path, git: Git) -> None:
    still(repo, git, "tracker: local")
    for number, body in ((1, WAIT), (2, HANG), (3, SHIP)):
        write_issue(repo, number, f"Issue {number}", body)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3")
    person.sees("3", "complete")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", why="its turn to end")
    session = person.asks("show", "1")["agentSession"]
    person.runs("down")
    write_issue(repo, 1, "Issue 1", WAIT, state="closed")
    git("-C", repo, "merge", "-q", "--ff-only", "issue-3")

    person.runs("up", "-d")
    held = person.sees("1", "paused")
    assert (held["attention"], held["escalation"]) == ("stuck", None)
    person.sees("3", "merged")
    eventually(lambda: list(back(person)) == ["2"], why="only the open one to be back")
    listed = person.runs("list").out
    assert "issue #1 was closed meanwhile" in listed
    assert "orchestra resume 1" in listed
    assert "orchestra cancel 1" in person.runs("show", "1").out
    assert "paused" in person.runs("restart", "1", code=1).err
    assert findings(person) == []
    panes = person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}")
    assert "brought back" not in person.runs("up", "-d").err
    assert person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}") == panes

    person.runs("resume", "1")
    eventually(lambda: back(person).get("1") == "waiting", why="it to go on at its person's word")
    found = person.asks("show", "1")
    assert (found["status"], found["attention"], found["agentSession"]) == ("working", None, session)


def test_on_github_one_asks_for_all(github_repo: Path, github: Double, git: Git) -> None:
    still(github_repo, git)
    git("-C", github_repo, "push", "-q", "origin", "main")
    for number in range(1, 5):
        github.add_issue(number=number, title=f"Issue {number}", body=SHIP if number == 4 else WAIT)
    person = Person(github_repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2", "3", "4")
    person.sees("4", "shipping")
    assert person.asks("show", "4")["pullRequest"]
    person.runs("down")
    github.close(1)
    github.merge(github.pulls()[0].number, "squash")
    forget(person)

    before = len(github.requests)
    person.runs("up", "-d")
    person.sees("1", "paused")
    person.sees("4", "merged")
    eventually(lambda: sorted(back(person)) == ["2", "3"], why="the open ones to be back")
    asked = [one.path.removeprefix("/repos/acme/widgets") for one in github.requests[before:]]
    assert asked.count("/pulls") <= 2, asked  # the first of the four, and the monitor
    closed = [path for path in asked if re.fullmatch(r"/issues/\d+", path)]
    assert closed in (["/issues/1"], ["/issues/1"] * 2), asked  # the monitor, too, asks what became of it
    assert findings(person) == []


def test_an_agent_starts_again_while_github_is_down(github_repo: Path, github: Double, git: Git) -> None:
    still(github_repo, git)
    git("-C", github_repo, "push", "-q", "origin", "main")
    github.add_issue(number=1, title="Issue 1", body=WAIT)
    person = Person(github_repo)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.runs("down")
    github.close(1)
    forget(person)
    github.fault(Fault.RESET)
    person.runs("up", "-d")
    eventually(lambda: back(person).get("1") == "waiting", why="it to be back")
    assert "could not check whether issue #1 is still open: " in person.screen("1")
