"""A stack of two with the real Claude Code, through a squash merge of the lower pull request on GitHub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person
from support.polling import eventually
from support.real_claude import user_with_claude

from orchestra.agents.claude.selftest import marker
from orchestra.agents.claude.selftest.script import bash

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.nightly, pytest.mark.timeout(420)]

Git = Callable[..., str]


def work(number: int) -> str:
    """A worker that changes a file of both and one of its own, ships, and ships again after what it is told."""
    change = f"printf '{number}\\n' > {number}.txt && printf 'line {number}\\n' >> shared.txt"
    return marker(
        bash("orchestra worker status working"),
        bash(f"{change} && git add . && git commit -qm 'Add {number}' && orchestra worker ship"),
        {"wait": True},
        bash("orchestra worker ship"),
        {"wait": True},
        {"text": "Nothing is left to do."},
    )


@pytest.fixture
def person(github_repo: Path, github: Double, home: Path, claude_program: Path, git: Git) -> Iterator[Person]:
    for number in (201, 202):
        github.add_issue(number=number, title=f"Part {number}", body=f"Do part {number}.\n\n{work(number)}")
    with user_with_claude(github_repo, home, claude_program, git, "202") as user:
        yield user


def test_the_upper_worker_is_carried_over_the_squash_of_the_lower(
    person: Person, github: Double, github_repo: Path, git: Git
) -> None:
    person.runs("up", "-d")
    person.runs("spawn", "201")
    person.runs("spawn", "202", "--on", "201")
    person.sees("202", "shipping", 150)
    pulls = {pull.head: pull for pull in github.pulls()}
    assert pulls["issue-202"].base == "issue-201"
    pushed = git("-C", github_repo, "rev-parse", "issue-202")
    session = person.asks("show", "202")["agentSession"]
    github.merge(pulls["issue-201"].number, "squash")
    eventually(lambda: pulls["issue-202"].base == "main", 150, "the pull request to be retargeted")
    eventually(lambda: github.sha("issue-202") != pushed, 150, "the agent to have shipped again")
    eventually(lambda: github.mergeable(pulls["issue-202"]), 60, "it to merge")
    changed = git("-C", github_repo, "diff", "--name-only", "origin/main...issue-202").split()
    assert changed == ["202.txt", "shared.txt"], "its own changes alone"
    assert git("-C", github_repo, "show", "issue-202:shared.txt").splitlines()[-2:] == ["line 201", "line 202"]
    git("-C", github_repo, "merge-base", "--is-ancestor", pushed, "issue-202")
    row = person.asks("show", "202")
    assert row["agentSession"] == session
    assert (row["parent"], row["base"]) == ("", "main")
    told = [one["text"] for one in row["guidance"]]
    assert len(told) == 1, told
    assert "was merged into main" in told[0]
    person.runs("down")
