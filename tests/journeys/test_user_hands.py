"""The user's hand on a worker's worktree: what has become of it is said wherever one looks, with the way back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import ASK, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
Git = Callable[..., str]


@pytest.fixture
def asking(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    for issue in (1, 2, 3, 4):
        write_issue(repo, issue, f"Ask {issue}", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", *"1234")
    for number in "1234":
        person.sees(number, "stuck")
    return person


def found(person: Person, number: str) -> list[str]:
    """The fixes that doctor names for what it finds of a worker."""
    listed = person.asks("doctor", code=None)["findings"]
    return [one["fix"] for one in listed if f"#{number}" in one["what"]]


def test_what_the_user_did_to_a_worktree_is_said_and_can_be_undone(asking: Person, git: Git) -> None:
    one, two, three, four = (asking.where.parent / f"widgets-issue-{number}" for number in "1234")
    git("-C", one, "branch", "-m", "mine")
    for text in "ab":
        (two / "f").write_text(text)
        git("-C", two, "add", "f")
        git("-C", two, "commit", "-qm", text)
    git("-C", two, "bisect", "start", "HEAD", "HEAD~2")
    moved = three.with_name("moved")
    git("-C", asking.where, "worktree", "unlock", three)
    git("-C", asking.where, "worktree", "move", three, moved)
    shutil.rmtree(four)

    said = {
        "1": ("the worktree is on mine, not on issue-1, which does not exist", "branch -m mine issue-1"),
        "2": ("a bisect is under way, so the worktree is not on issue-2", "bisect reset"),
        "3": (f"the worktree of issue-3 is at {moved}", "git worktree move"),
        "4": (f"its worktree is gone: {four}", "orchestra restart 4"),
    }
    for number, (what, way) in said.items():
        shown = "".join(asking.runs("show", number).out.split())  # a long path is folded anywhere
        assert what.replace(" ", "") in shown
        assert way.replace(" ", "") in shown
        assert any(way in fix for fix in found(asking, number))
    for number in "34":  # nothing is typed into an agent whose worktree is not there
        eventually(lambda n=number: asking.asks("show", n)["elsewhere"], 30, f"#{number} to be seen")  # type: ignore[misc]

    git("-C", one, "branch", "-m", "mine", "issue-1")
    git("-C", two, "bisect", "reset")
    git("-C", asking.where, "worktree", "move", moved, three)
    asking.runs("restart", "4")
    for number in "34":
        eventually(lambda n=number: not asking.asks("show", n)["elsewhere"], 60, f"#{number} to be back")  # type: ignore[misc]
    asking.runs("doctor", "--fix", code=None)  # the lock of the one that was moved
    assert [found(asking, number) for number in "1234"] == [[]] * 4
    asking.runs("tell", "1", "blue")
    asking.sees("1", "complete")


def test_words_for_an_agent_that_the_user_ended_say_what_brings_it_back(asking: Person) -> None:
    asking.tmux("send-keys", "-t", asking.asks("show", "1")["pane"]["id"], "C-d")
    eventually(lambda: asking.asks("show", "1")["activity"]["detail"] == "prompt_input_exit", 30, "its end")
    asking.runs("pause", "2")
    assert "you ended it" in [line.strip() for line in asking.runs("show", "1").out.splitlines()]
    assert "not delivered yet; you ended its agent: orchestra spawn 1 goes on" in asking.runs("tell", "1", "red").out
    assert "not delivered yet; it is paused: orchestra resume 2 goes on" in asking.runs("tell", "2", "red").out
    asking.runs("spawn", "1")
    asking.runs("resume", "2")
    for number in "12":
        asking.sees(number, "complete")
