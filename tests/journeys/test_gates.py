"""Gates answered from another terminal and in the pane, with the scripted agent in real tmux."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support.dialogs import ASKS, blocked, hooks_of, keys
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.servers import both_servers

pytestmark = pytest.mark.journey

Git = Callable[..., str]

GATED = """
```script
status working
run mkdir -p auth && echo a >auth/token.txt
commit "Touch auth"
ship
else
  wait
  run sed -i s/a/b/ auth/token.txt
  commit "Touch it again"
  ship
end
```
"""


@pytest.fixture
def person(repo: Path, git: Git, server: str) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "gates: [security]", f"tmux: {{socket: {server}}}")
    write_issue(repo, 1, "Publish", ASKS)
    write_issue(repo, 2, "Tokens", GATED)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    found = Person(repo, socket=server)
    found.runs("up", "-d")
    return found


def published(git: Git, repo: Path) -> str:
    return git("-C", repo, "show", "issue-1:published.txt")


@both_servers
def test_a_dialog_is_seen_everywhere_and_approved_from_elsewhere(person: Person, repo: Path, git: Git) -> None:
    found = blocked(person)
    assert (found["escalation"]["gate"], found["status"]) == ("permission", "working")
    assert "orchestra approve 1" in person.runs("list").out
    assert "Publish the package?" in person.runs("show", "1").out
    assert "approved for #1" in person.runs("approve", "1").out
    person.sees("1", "complete")
    assert published(git, repo) == "yes"
    late = person.runs("deny", "1", code=1).err
    assert "it was approved by human (command)" in late
    log = person.runs("log", "1").out
    assert "asks (permission): Bash: Publish the package?" in log
    assert "human                  approves (command): Bash: Publish the package?" in log


def test_denied_from_elsewhere(person: Person, repo: Path, git: Git) -> None:
    blocked(person)
    person.runs("deny", "1", "Not before the release.")
    person.sees("1", "complete")
    assert published(git, repo) == "no"


@pytest.mark.parametrize(("key", "wanted"), [("1", "yes"), ("2", "no")])
def test_answered_in_the_pane(key: str, wanted: str, person: Person, repo: Path, git: Git) -> None:
    blocked(person)
    keys(person, "1", key)
    person.sees("1", "complete")
    assert published(git, repo) == wanted
    assert person.asks("show", "1")["escalations"] == []
    assert "has no open question" in person.runs("approve", "1", code=1).err


def test_a_killed_hook_leaves_the_pane_its_dialog(person: Person, repo: Path, git: Git) -> None:
    blocked(person)
    waiting = eventually(lambda: hooks_of(person))
    for pid in waiting:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not hooks_of(person))
    assert person.asks("show", "1")["attention"] == "blocked"
    assert "answer in its pane" in person.runs("approve", "1", code=1).err
    keys(person, "1", "1")
    person.sees("1", "complete")
    assert published(git, repo) == "yes"


def test_no_hook_outlives_its_agent(person: Person) -> None:
    blocked(person)
    eventually(lambda: hooks_of(person))
    person.runs("down")
    eventually(lambda: not hooks_of(person), 10, "the hook to end")


def test_what_a_shell_command_changed_is_caught_at_ship_and_again_when_it_changes(person: Person) -> None:
    person.runs("spawn", "2")
    asked = person.sees("2", "stuck")
    assert asked["escalation"]["gate"] == "domain"
    assert "auth/token.txt" in asked["escalation"]["context"]
    person.runs("approve", "2")
    again = person.sees("2", "stuck")
    assert again["escalation"]["request"] != asked["escalation"]["request"]
    person.runs("approve", "2")
