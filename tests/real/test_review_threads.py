"""A review of three inline remarks with the real Claude Code: two are changed, one is answered by a reply. Ready again."""

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

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.timeout(300)]

Git = Callable[..., str]
WHY = "The name is public: a user may depend on it."
# As a model does, the third section takes the number of the remark from the guidance that it was given.
WORK = marker(
    bash("orchestra worker status working"),
    bash("printf 'one\\ntwo\\nthree\\n' > code.txt && git add . && git commit -qm One && orchestra worker ship"),
    {"wait": True},
    bash("printf 'eins\\nzwei\\nthree\\n' > code.txt && git add . && git commit -qm 'Rename two lines'"),
    bash(
        "orchestra worker show --json | grep -o 'remark [0-9]*' | tail -n 1 | tr -dc 0-9 > .git-remark; cat .git-remark"
    ),
    bash(f"n=$(cat .git-remark); rm .git-remark; orchestra worker ship --reply $n '{WHY}'"),
    {"wait": True},
    {"text": "Nothing is left to do."},
)


@pytest.fixture
def person(github_repo: Path, github: Double, home: Path, claude_program: Path, git: Git) -> Iterator[Person]:
    github.add_issue(number=5, title="Numbers", body=f"Write the numbers.\n\n{WORK}")
    with user_with_claude(github_repo, home, claude_program, git, "5") as user:
        yield user


def test_two_remarks_are_changed_and_one_is_answered(person: Person, github: Double) -> None:
    def looks(until: Callable[[], object], why: str) -> None:
        """The monitor makes passes until it is so."""

        def look() -> object:
            person.runs("monitor", "--once")
            return until()

        eventually(look, 120, why)

    person.runs("spawn", "5")
    person.sees("5", "shipping", 90)
    (pull,) = github.pulls()
    github.add_run("issue-5", "test", "success")
    looks(lambda: person.status("5") == "complete", "ready")
    shipped = pull.sha
    for line, text in enumerate(("Please write eins.", "Please write zwei.", "Please write drei."), 1):
        github.review_comment(pull.number, "code.txt", line, text, "rob", "MEMBER")
    github.review(pull.number, "CHANGES_REQUESTED", "Three things.", "rob", "MEMBER")
    looks(lambda: len(pull.threads[2].comments) == 2, "a reply to the third remark")
    assert WHY in pull.threads[2].comments[1].body
    assert [len(one.comments) for one in pull.threads] == [1, 1, 2]
    assert pull.sha != shipped
    github.add_run("issue-5", "test", "success")
    looks(lambda: person.status("5") == "complete", "ready again")
    row = person.asks("show", "5")
    assert row["state"] == "ready"
    assert "3 threads open for you" in row["stateReason"], "a human's threads stay open for them"
    (told,) = row["guidance"]
    assert [told["text"].index(word) for word in ("eins", "zwei", "drei")] == sorted(
        told["text"].index(word) for word in ("eins", "zwei", "drei")
    )
    assert not github.violations
