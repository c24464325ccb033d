"""What happens on a pull request's page in a test: each act is done to the double, the pull request and its branch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support.github_double import Bare, Double
from support.person import Person, configure

Git = Callable[..., str]
Act = Callable[[Double, int, str], object]
SHIPS = "```script\nstatus working\nwrite {0}.txt one\ncommit One\nship\n" + "wait\n" * 12 + "```"


def several(*acts: Act) -> Act:
    def act(github: Double, number: int, branch: str) -> None:
        for one in acts:
            one(github, number, branch)

    return act


def green(github: Double, number: int, branch: str) -> None:
    github.add_run(branch, "test", "success")


def commented(body: str, author: str = "ann", association: str = "OWNER") -> Act:
    return lambda github, number, branch: github.comment(number, body, author, association)


def edited(**changes: object) -> Act:
    return lambda github, number, branch: github.edit(number, **changes)


def reviewed(state: str, body: str = "", author: str = "rob", association: str = "MEMBER") -> Act:
    return lambda github, number, branch: github.review(number, state, body, author, association)


def dismissed(github: Double, number: int, branch: str) -> None:
    pull = github.pull(number)
    github.dismiss(number, pull.reviews[-1].id)


def run(job: str, conclusion: str | None, **more: Any) -> Act:
    return lambda github, number, branch: github.add_run(branch, job, conclusion, **more)


def check(name: str, conclusion: str | None, **more: Any) -> Act:
    return lambda github, number, branch: github.add_check(branch, name, conclusion, **more)


def status(context: str, state: str) -> Act:
    return lambda github, number, branch: github.add_status(branch, context, state)


def gap(github: Double, number: int, branch: str) -> None:
    """The first job passed; the one behind `needs` does not exist yet."""
    made = github.add_run(branch, "lint", "success")
    github.set_run(made, "in_progress")


def unapproved(github: Double, number: int, branch: str) -> None:
    made = github.add_run(branch, "")
    github.set_run(made, "completed", "action_required")


def environment(github: Double, number: int, branch: str) -> None:
    made = github.add_run(branch, "")
    github.add_job(made, "deploy", None, status="waiting")


def thread(author: str, body: str, association: str = "MEMBER") -> Act:
    def act(github: Double, number: int, branch: str) -> None:
        github.review_comment(number, "a.txt", 1, body, author, association)

    return act


def resolved(github: Double, number: int, branch: str) -> None:
    github.resolve(number, github.pull(number).threads[-1].id)


def start(github_repo: Path, github: Double, git: Git, bodies: Iterable[str], *config: str, poll: str = "1s") -> Person:
    configure(
        github_repo,
        "agent: scripted",
        f"github: {{poll: {poll}}}",
        "workers: {max: 80}",
        "notify: {desktop: false}",
        *config,
    )
    git("-C", github_repo, "add", ".")
    git("-C", github_repo, "commit", "-qm", "config")
    git("-C", github_repo, "push", "-q", "origin", "main")
    for number, body in enumerate(bodies, 1):
        github.add_issue(number=number, title=f"Change {number}", body=body)
    person = Person(github_repo)
    number = len(github.tickets)
    for one in range(1, number + 1):
        person.runs("spawn", str(one))
    for one in range(1, number + 1):
        person.sees(str(one), "shipping", 120)
    return person


def pull_of(github: Double, worker: int) -> int:
    return next(pull.number for pull in github.pulls() if pull.head == f"issue-{worker}")


def rows(person: Person) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in person.asks("list")["workers"]}


def watch(person: Person, seconds: float) -> None:
    """Let the monitor look until the calm time of the last push has passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        person.runs("monitor", "--once")


def running_again(job: str = "test") -> Act:
    """A failed job was started again in a new suite, and waits for a machine: it has no start yet."""

    def act(github: Double, number: int, branch: str) -> None:
        github.add_run(branch, job, "failure")
        again = github.add_run(branch, "")
        github.add_job(again, job, None, status="queued")

    return act


def broken_workflow(github: Double, number: int, branch: str) -> None:
    made = github.add_run(branch, "")
    github.set_run(made, "completed", "startup_failure")


def pushed_by(author: str, file: str, *, force: bool = False) -> Act:
    """Somebody else pushes to the branch: on top of it, or another commit instead of its own."""

    def act(github: Double, number: int, branch: str) -> None:
        assert isinstance(github.refs, Bare)
        github.refs.commit(branch, file, f"by {author}\n", parent=f"{branch}~1" if force else branch)
        github.notice_pushes()

    return act


def base_moves(file: str) -> Act:
    """The base branch gets another commit."""

    def act(github: Double, number: int, branch: str) -> None:
        assert isinstance(github.refs, Bare)
        github.refs.commit("main", file, "by a colleague\n", parent="main")

    return act


def closed(github: Double, number: int, branch: str) -> None:
    github.close(number, "bob")


def reopened(github: Double, number: int, branch: str) -> None:
    github.reopen(number)


def opened_anew(github: Double, number: int, branch: str) -> None:
    """The user opens another pull request of the branch."""
    github.add_pull(branch, title="Again")


def issue(act: Callable[[Double, int], object]) -> Act:
    """What is done to the issue of the pull request."""
    return lambda github, number, branch: act(github, int(branch.rpartition("-")[2]))


def lost(github: Double, number: int, branch: str) -> None:
    """The pull request alone is not there any more."""
    github.delete(number)


def merged(method: str) -> Act:
    return lambda github, number, branch: github.merge(number, method)


def deleted(github: Double, number: int, branch: str) -> None:
    github.delete_branch(branch)
    github.notice_pushes()


def renamed(github: Double, number: int, branch: str) -> None:
    """The branch is renamed on GitHub, and its pull request goes with it."""
    assert isinstance(github.refs, Bare)
    github.refs.rename(branch, f"feature/{branch}")
    github.edit(number, head=f"feature/{branch}")


def merged_by_hand(github: Double, number: int, branch: str) -> None:
    """The user squashes the branch onto its base with git, and closes the pull request."""
    pull = github.pull(number)
    github.refs.merge(pull.base, pull.sha, "By hand", squash=True)
    github.close(number)


def since(seconds: float, context: str) -> Act:
    """A status that has been pending for so long."""

    def act(github: Double, number: int, branch: str) -> None:
        github.add_status(branch, context, "pending")
        github.statuses[-1].at = int(time.time() - seconds)

    return act


LOOK = object()  # in a list of acts: the monitor looks


class Situation(NamedTuple):
    """What happened on GitHub before the look, and what `list --json` says of the worker then."""

    name: str
    acts: tuple[Any, ...]
    state: str
    words: str = ""
    told: int = 0  # pieces of guidance
    nightly: bool = False  # its rule is held by a table of the fast part


def parts(found: Sequence[Situation], most: int = 18) -> list[Any]:
    """The situations as parameters: those of the normal run, and the rest at night; a few in one repository."""
    usual = [one for one in found if not one.nightly]
    night = [one for one in found if one.nightly]
    made = [pytest.param(tuple(usual[at : at + most]), id=usual[at].name) for at in range(0, len(usual), most)]
    return made + [
        pytest.param(tuple(night[at : at + most]), id=night[at].name, marks=pytest.mark.nightly)
        for at in range(0, len(night), most)
    ]


def rounds(acts: Sequence[Any]) -> list[list[Act]]:
    """The acts between the looks."""
    found: list[list[Act]] = [[]]
    for act in acts:
        if act is LOOK:
            found.append([])
        else:
            found[-1].append(act)
    return found


def check_all(found: Sequence[Situation], github_repo: Path, github: Double, git: Git, *config: str) -> None:
    """Let each situation happen to a pull request of its own, and compare what `list` says of all of them."""
    person = start(github_repo, github, git, [SHIPS.format(n) for n in range(len(found))], *config)
    numbers = [pull_of(github, worker) for worker in range(1, len(found) + 1)]
    played = [rounds(one.acts) for one in found]
    for turn in range(max(map(len, played))):
        for worker, acts in enumerate(played, 1):
            for act in acts[turn] if turn < len(acts) else ():
                act(github, numbers[worker - 1], f"issue-{worker}")
        person.runs("monitor", "--once")
    watch(person, 27)
    seen, wrong = rows(person), []
    for worker, one in enumerate(found, 1):
        row = seen.get(str(worker)) or person.asks("show", str(worker))
        said = "; ".join([f"{row['state']}: {row['stateReason']}", *row["notes"]])
        texts = [words["text"] for words in row["guidance"]]
        if not row["state"].startswith(one.state) or one.words not in said or len(texts) != one.told:
            wrong.append(f"{one.name}: {said}, {row['status']}, told {len(texts)}: {texts}")
    assert not wrong, "\n".join(wrong)
