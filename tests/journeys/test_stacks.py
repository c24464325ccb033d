"""Stacked work: a worker on top of another one's branch, followed until it is merged, by whatever method."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.github_double import Double
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]
WORK = '```script\nstatus working\nwrite {0}.txt "{0}"\nwrite shared.txt "{1}"\ncommit "Add {0}"\nship\nwait\n'
WORK += "{2}```\n"
AGAIN = "ship\nwait\n" * 3


@pytest.fixture
def person(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 5}", "limits: {stall: 1h}")
    for number in (1, 2, 3):
        write_issue(repo, number, f"Part {number}", WORK.format(number, "same", AGAIN))
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    person.runs("up", "-d")
    return person


def built_on(person: Person, number: str) -> tuple[str, str]:
    found = person.asks("show", number)
    return found["parent"], found["base"]


def changed(git: Git, worker: dict[str, Any]) -> list[str]:
    """The files that a worker's branch changes against what it is measured from."""
    return git("-C", worker["worktreePath"], "diff", "--name-only", f"{worker['baseCommit']}...HEAD").split()


def follows(person: Person, number: str, parent: str, base: str) -> dict[str, Any]:
    """Wait until a worker is built on this, and has shipped that."""
    eventually(lambda: built_on(person, number) == (parent, base), 60, f"#{number} to be built on {base}")
    return person.sees(number, "complete")


def test_a_stack_of_three_is_carried_through_a_squash_a_rebase_and_a_merge(person: Person, git: Git) -> None:
    repo = person.where
    person.runs("spawn", "1")
    person.runs("spawn", "2", "--on", "1")
    person.runs("spawn", "3", "--on", "2")
    for number in ("1", "2", "3"):
        person.sees(number, "complete", 90)
    assert built_on(person, "3") == ("2", "issue-2")
    assert changed(git, person.asks("show", "2")) == ["2.txt"]  # shared.txt came with 1
    first = git("-C", repo, "rev-parse", "issue-3")
    assert "built on #1" in person.runs("merge", "2", code=1).err
    person.runs("merge", "1", "--method", "squash")
    kept = person.asks("prune")["kept"]
    assert {"id": "1", "why": "#2 is built on its branch"} in kept or built_on(person, "2") == ("", "main")
    two = follows(person, "2", "", "main")
    assert changed(git, two) == ["2.txt"]
    three = follows(person, "3", "2", "issue-2")
    eventually(
        lambda: git("-C", repo, "merge-base", "issue-2", "issue-3") == git("-C", repo, "rev-parse", "issue-2"), 60
    )
    three = person.sees("3", "complete")
    assert changed(git, three) == ["3.txt"]
    assert git("-C", repo, "merge-base", "--is-ancestor", first, "issue-3") == ""  # no commit is lost
    git("-C", repo, "commit", "-aqm", "issue 1 is closed")
    person.runs("merge", "2", "--method", "squash")
    three = follows(person, "3", "", "main")
    assert changed(git, three) == ["3.txt"]
    git("-C", repo, "commit", "-aqm", "issue 2 is closed")
    person.runs("merge", "3", "--method", "merge")
    assert {name: (repo / name).read_text().strip() for name in ("1.txt", "2.txt", "3.txt", "shared.txt")} == {
        "1.txt": "1", "2.txt": "2", "3.txt": "3", "shared.txt": "same",
    }  # fmt: skip
    person.runs("down")


def test_a_conflict_goes_to_the_worker_with_both_intents(person: Person, repo: Path, git: Git) -> None:
    write_issue(repo, 4, "Write it in capitals", WORK.format(4, "LOUD", "hang\n"))
    person.runs("spawn", "1")
    person.runs("spawn", "4", "--on", "1")
    person.sees("4", "complete")
    one = Path(person.asks("show", "1")["worktreePath"])
    (one / "shared.txt").write_text("other\n")
    git("-C", one, "commit", "-aqm", "Another word")

    def told() -> str:
        words = [one["text"] for one in person.asks("show", "4")["guidance"] if "conflict" in one["text"]]
        return words[0] if words else ""

    text = eventually(told, 60, "the conflict to be told")
    assert text is not None
    for words in ("shared.txt", "Part 1", "Write it in capitals", "git diff "):
        assert words in text
    path = person.asks("show", "4")["worktreePath"]
    assert git("-C", path, "status", "--porcelain") == ""
    step = re.findall(r"git merge ([0-9a-f]{40})", text)[0]
    git("-C", path, "merge", "-q", "-X", "ours", "--no-edit", step)
    tip = git("-C", repo, "rev-parse", "issue-1")
    eventually(lambda: person.asks("show", "4")["baseCommit"] == tip, 60, "the new fork to be known")
    assert changed(git, person.asks("show", "4")) == ["4.txt", "shared.txt"]
    person.runs("down")


@pytest.mark.parametrize("usable", [True, False])
def test_what_carries_a_branch_over_is_signed_where_the_users_commits_are(
    usable: bool, person: Person, home: Path, git: Git
) -> None:
    person.runs("spawn", "1")
    person.runs("spawn", "2", "--on", "1")
    for number in ("1", "2"):
        person.sees(number, "complete", 90)
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(key)), ("commit.gpgsign", "true")):
        git("config", "--global", name, value)
    if not usable:
        key.write_text("of nobody")
    git(
        "-C",
        person.asks("show", "1")["worktreePath"],
        "-c",
        "commit.gpgsign=false",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "b",
    )
    tip = git("-C", person.where, "rev-parse", "issue-1")
    eventually(lambda: person.asks("show", "2")["baseCommit"] == tip, 60, "the new fork to be known")
    assert ("\ngpgsig " in git("-C", person.where, "cat-file", "commit", "issue-2")) is usable
    told = [one["text"] for one in person.asks("show", "2")["guidance"]]
    assert any("is not signed: git cannot sign a commit" in text for text in told) is not usable


def test_a_cancelled_parent_asks_the_user(person: Person) -> None:
    person.runs("spawn", "1")
    person.runs("spawn", "2", "--on", "1")
    person.sees("2", "complete")
    person.runs("cancel", "1")
    found = person.sees("2", "stuck")
    assert found["escalation"]["summary"] == "#1, which it is built on, was cancelled"
    assert "there is no worker #9 to build on" in person.runs("spawn", "3", "--on", "9", code=1).err
    assert "#1 was cancelled" in person.runs("spawn", "3", "--on", "1", code=1).err
    person.runs("down")


@pytest.mark.parametrize("way", ["merge", "rebase"])
def test_a_pull_request_goes_into_the_parents_branch_and_then_into_its_base(
    github_repo: Path, github: Double, git: Git, way: str
) -> None:
    for number in (201, 202):
        github.add_issue(f"Part {number}", WORK.format(number, "same", AGAIN), number=number)
    configure(
        github_repo,
        "agent: scripted",
        "github: {poll: 1s}",
        "checks: {settle: 5s}",
        "limits: {stall: 1h}",
        f"pull_request: {{stack: {way}, receipt: true}}",
    )
    person = Person(github_repo)
    person.runs("up", "-d")
    person.runs("spawn", "201")
    person.runs("spawn", "202", "--on", "201")
    person.sees("202", "shipping", 90)
    upper = next(pull for pull in github.pulls() if pull.head == "issue-202")
    lower = next(pull for pull in github.pulls() if pull.head == "issue-201")
    assert upper.base == "issue-201"
    assert re.search(r" from the start, .* at work in \d+ turn", str(upper.body)), upper.body
    pushed = git("-C", github_repo, "rev-parse", "issue-202")
    github.merge(lower.number, "squash")
    wait = 120  # GitHub is asked once a minute while nothing is under way
    eventually(lambda: github.pull(upper.number).base == "main", wait, "the pull request to be retargeted")
    eventually(lambda: built_on(person, "202") == ("", "main"), 60)
    eventually(lambda: github.mergeable(github.pull(upper.number)), 60, "the branch to be pushed, and to merge")
    assert not [one for one in person.asks("show", "202")["guidance"] if "conflict" in one["text"]]
    own = git("-C", github_repo, "log", "--format=%s", "origin/main..issue-202").splitlines()
    assert (own == ["Add 202"]) is (way == "rebase"), own
    assert pushed in git("-C", github_repo, "log", "--walk-reflogs", "--format=%H", "issue-202"), "nothing is lost"
    tip = git("-C", github_repo, "rev-parse", "issue-202")
    eventually(lambda: github.sha("issue-202") == tip, 60, "it to be shipped again")
    assert [one["id"] for one in person.asks("doctor", code=None)["findings"] if one["id"].startswith("I")] == []
    person.runs("down")
