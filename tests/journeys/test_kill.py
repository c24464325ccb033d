"""Kill -9 at every step of every verb, then `up`: nothing lost, nothing double, nothing left.

Each step is made by another worker of one workspace, so that one `up` repairs them all, and one `doctor` is the judge.
Every second time `up` is killed too. CI takes a fixed part of the steps, the nightly run all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from support.github_double import Double
from support.killing import Git, Matrix, findings, kill_each, marks_of, repaired, sampled, settle, spawned
from support.person import configure
from support.warm import Command, Warm, warm

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3600)]


def points(few: int) -> pytest.MarkDecorator:
    """How many steps are killed: few, or by night all."""
    return pytest.mark.parametrize("most", [few, pytest.param(10_000, marks=pytest.mark.nightly, id="all")])


@pytest.fixture
def person(repo: Path, git: Git) -> Iterator[Warm]:
    with warm(settle(repo, git)) as found:
        yield found


def words(*argv: str) -> Callable[[str], Command]:
    """The same words for each worker, whose number comes last."""
    return lambda number: Command([*argv, number])


def commit(person: Warm, git: Git, number: str) -> None:
    """What the agent would do: a commit in its worktree."""
    worktree = person.where.parent / f"widgets-issue-{number}"
    (worktree / "a.txt").write_text("one\n")
    git("-C", worktree, "add", "a.txt")
    git("-C", worktree, "commit", "-qm", "One")


@points(18)
def test_spawn_killed_and_its_repair_too(person: Warm, git: Git, most: int) -> None:
    person.steps(Command(["spawn", "1", "--no-wait"]))
    person.runs("down")
    count = len(person.steps(Command(["spawn", "2", "--no-wait"])))
    assert count >= 36
    steps = sampled(min(count, 75), most)
    kills = [Command(["spawn", str(3 + n), "--no-wait"], step) for n, step in enumerate(steps)]
    repairs = iter(sampled(70, len(kills) // 3))
    for at in range(0, len(kills), 12):
        kill_each(person, kills[at : at + 12])
        for repair in (next(repairs, 0) for _ in range(4)):
            assert person.ends(Command(["up", "-d"], repair)).code in (0, -9)
    there = repaired(person, git)
    assert len(steps) / 4 < len(there) < len(steps)
    absent = next(str(n) for n in range(3, 80) if str(n) not in there)
    assert person.asks("spawn", absent, "--no-wait")["results"][0]["result"] == "spawned"  # and can be, as ever


@points(4)
def test_restart_pause_resume_cancel_and_tell_killed(person: Warm, git: Git, most: int) -> None:
    matrix = Matrix(person, git, 4)
    assert matrix.kill(words("restart"), lambda _: None, most) >= 4
    assert matrix.kill(words("pause"), matrix.those("resume", resting=True), most) >= 4
    assert matrix.kill(words("resume"), matrix.those("pause", resting=False), most) >= 4
    matrix.those("resume", resting=True)(matrix.crew)
    assert matrix.kill(words("cancel"), matrix.those("spawn", resting=True), most) >= 4
    matrix.those("spawn", resting=True)(matrix.crew)
    repaired(person, git)
    told = min(most, 40)  # the further ones only wait for the agent
    assert matrix.kill(lambda number: Command(["tell", number, "Noted."]), lambda _: None, told) >= 4
    assert all(len(one["guidance"]) <= -(-told // 4) for one in person.asks("list")["workers"][:-1])


@points(4)
def test_ship_prune_and_restore_killed(person: Warm, git: Git, most: int) -> None:
    matrix = Matrix(person, git, 4)
    for number in matrix.crew:
        commit(person, git, number)
        git("-C", person.where, "update-ref", f"refs/remotes/origin/issue-{number}", f"refs/heads/issue-{number}")
    tips = {number: git("-C", person.where, "rev-parse", f"issue-{number}") for number in matrix.crew}

    def is_whole(number: str) -> bool:
        worktree = person.where.parent / f"widgets-issue-{number}"
        heads = {git("-C", person.where, "rev-parse", f"issue-{number}"), git("-C", worktree, "rev-parse", "HEAD")}
        clean = not git("-C", worktree, "status", "--porcelain")
        return clean and heads == {tips[number]} and (worktree / "a.txt").read_text() == "one\n"

    def ship(number: str) -> Command:
        return marks_of(person, number)._replace(argv=["worker", "ship"])

    assert matrix.kill(ship, lambda _: None, most) >= 4  # again is an update
    assert [person.ends(ship(number)).code for number in matrix.crew] == [0] * 4
    assert {one["status"] for one in person.asks("list")["workers"]} == {"complete"}

    person.runs("cancel", "1")
    count = len(person.steps(Command(["prune"])))
    for step in sampled(count, most):
        person.runs("restore", "1")  # all of it, or what a killed removal had taken
        assert is_whole("1")
        person.ends(Command(["prune"], step))
        person.ends(Command(["up", "-d"], step % 30))
        person.runs("up", "-d")
        assert findings(person) == []
        assert "1" not in {one["id"] for one in person.asks("list")["workers"]} or is_whole("1")
    repaired(person, git)

    def pruned(numbers: Sequence[str]) -> None:
        for number in numbers:
            person.runs("restore", number)  # what the last kill left undone
            assert is_whole(number)
            person.runs("cancel", number, code=None)
        assert set(numbers) <= set(person.asks("prune")["removed"])

    person.runs("restore", "1")
    assert matrix.kill(words("restore"), pruned, most) >= 4
    for number in matrix.crew:
        person.runs("restore", number)
        assert is_whole(number)


@points(4)
def test_down_and_up_killed(person: Warm, git: Git, most: int) -> None:
    matrix = Matrix(person, git, 2)
    for argv in (["down"], ["up", "-d"]):
        for step in sampled(len(person.steps(Command(argv))), most):
            person.runs(*(["up", "-d"] if argv == ["down"] else ["down"]))
            person.ends(Command(argv, step))
            assert set(matrix.repaired()) == {"1", "2"}


@points(4)
def test_ship_to_github_killed(github_repo: Path, github: Double, git: Git, most: int) -> None:
    """One branch, one pull request, whatever is killed and shipped again."""
    settled = settle(github_repo, git, issues=0)
    configure(github_repo, "agent: scripted", "workers: {max: 100}", "layout: still")
    git("-C", github_repo, "commit", "-qam", "github")
    git("-C", github_repo, "push", "-q", "origin", "main")
    for issue in range(1, 5):
        github.add_issue(number=issue, title=f"Issue {issue}", body="Please.")
    with warm(settled) as person:
        matrix = Matrix(person, git, 4)
        for number in matrix.crew:
            commit(person, git, number)

        def ship(number: str) -> Command:
            return marks_of(person, number)._replace(argv=["worker", "ship"])

        assert matrix.kill(ship, lambda _: None, most) >= 4
        assert [person.ends(ship(number)).code for number in matrix.crew] == [0] * 4
    tips = {f"issue-{number}": git("-C", github_repo, "rev-parse", f"issue-{number}") for number in matrix.crew}
    assert sorted((pull.head, pull.sha) for pull in github.pulls()) == sorted(tips.items())


@points(6)
def test_preparing_a_worktree_killed(person: Warm, git: Git, most: int) -> None:
    """What runs in the pane: `worker run`, up to the moment it becomes the agent."""
    for number in ("78", "79"):  # the first makes what all share
        steps = person.steps(Command(["spawn", number, "--no-wait"]))
    opening = next(at for at, what in enumerate(steps, 1) if "/tmux-" in what)  # just before the pane
    wanted = sampled(60, most)
    numbers = [str(1 + n) for n in range(len(wanted))]
    for number in numbers:  # one at a time: how many steps there are depends on who else is at it
        person.ends(Command(["spawn", number, "--no-wait"], opening))
    assert [one["id"] for one in person.asks("list")["workers"] if not one["pane"]] == numbers
    kill_each(person, [Command(["worker", "run", n], step) for n, step in zip(numbers, wanted, strict=True)])
    assert set(numbers) <= set(repaired(person, git))


def test_the_step_is_where_it_dies(person: Warm) -> None:
    """The matrix itself: a command ends at its step, and nowhere without one."""
    assert person.ends(Command(["list"])).code == 0
    assert person.ends(Command(["spawn", "1", "--no-wait"], 5)).code == -9
    spawned(person, ["2"])
