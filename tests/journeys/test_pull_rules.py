"""What a base branch requires, by its protection or by a ruleset, and what `list` says of a pull request into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.github_double import Double
from support.pull_acts import (
    SHIPS,
    Act,
    Git,
    broken_workflow,
    check,
    closed,
    commented,
    deleted,
    edited,
    green,
    merged,
    opened_anew,
    pull_of,
    pushed_by,
    reopened,
    reviewed,
    rows,
    run,
    running_again,
    start,
    status,
    thread,
    watch,
)

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

READY, WAITING = "ready", "waiting"
LOOK = object()  # in a list of acts: the monitor looks


class Situation(NamedTuple):
    """What happened on GitHub before the look, and what `list --json` says of the worker then."""

    name: str
    acts: tuple[Any, ...]
    state: str
    words: str = ""
    told: int = 0  # pieces of guidance


CHECKS = [
    Situation("only one that is not required fails", (run("test", "success"), run("nightly", "failure")), READY,
              "checks pass"),
    Situation("the required one fails", (run("test", "failure"), run("nightly", "success")), "", "", 1),
    Situation("the required one was not reported", (run("lint", "success"),), WAITING, "not reported"),
    Situation("the required one is skipped", (run("test", "skipped"),), READY, "checks pass"),
    Situation("the required one is neutral", (run("test", "neutral"),), READY, "checks pass"),
    Situation("a status of the same name fails", (run("test", "success"), status("test", "failure")), "", "", 1),
    Situation("the required one is a status", (status("test", "success"),), READY, "checks pass"),
    Situation("the required one is in error", (status("test", "error"),), "", "", 1),
]  # fmt: skip

RUNS = [
    Situation("started again, and queued", (running_again(),), WAITING, "test"),
    Situation("a job that was started again in the same run", (run("test", "failure"), run("test", None)), WAITING,
              "test"),
    Situation("a new run of its workflow has no job yet", (run("test", "failure"), run("", None)), WAITING, "CI"),
    Situation("half of a matrix", (run("unit (1)", "success"), run("unit (2)", None)), WAITING, "unit (2)"),
    Situation("a workflow that cannot start", (broken_workflow,), "", "", 1),
    Situation("a check and a status of one name, the status pending",
              (run("test", "success"), status("test", "pending")), WAITING, "test"),
    Situation("a run of another event fails", (run("test", "success"), run("test", "failure", event="push")), "", "", 1),
    Situation("timed out, then passed", (run("test", "timed_out"), run("test", "success")), READY, "checks pass"),
    Situation("a check that was cancelled", (check("test", "cancelled"),), "", "", 1),
    Situation("ignored by the configuration", (green, check("nightly/linux", "failure")), READY, "checks pass"),
    Situation("ignored and running", (green, check("nightly/linux", None)), READY, "checks pass"),
]  # fmt: skip

MOVES = [
    Situation("merged by squash", (green, merged("squash")), "merged"),
    Situation("merged by rebase", (green, merged("rebase")), "merged"),
    Situation("merged out of the queue", (green, edited(in_queue=True), LOOK, edited(in_queue=False), merged("merge")),
              "merged"),
    Situation("taken out of the queue", (green, edited(in_queue=True), LOOK, edited(in_queue=False)), READY),
    Situation("closed", (green, LOOK, closed), "question", "closed without a merge"),
    Situation("closed and opened again", (green, LOOK, closed, LOOK, reopened), READY, "checks pass"),
    Situation("made a draft", (green, LOOK, edited(draft=True)), "question", "draft"),
    Situation("a draft that is ready again", (green, edited(draft=True), LOOK, edited(draft=False)), READY),
    Situation("its head is deleted", (green, LOOK, deleted), "question", "closed without a merge"),
    Situation("somebody pushed on top", (green, LOOK, pushed_by("rob", "rob.txt")), "", "", 1),
    Situation("somebody pushed something else", (green, LOOK, pushed_by("rob", "rob.txt", force=True)), "", "", 1),
    Situation("opened anew by hand", (green, LOOK, closed, LOOK, opened_anew, LOOK), READY, "checks pass"),
]  # fmt: skip

REVIEWS = [
    Situation("nobody has reviewed", (green,), READY, "an approving review is required"),
    Situation("approved by a member who is not a code owner", (green, reviewed("APPROVED")), READY,
              "an approving review is required"),
    Situation("approved by the code owner", (green, reviewed("APPROVED", author="cody")), READY, "approved"),
    Situation("approved before the last push", (green, reviewed("APPROVED", author="cody"), pushed_by("ann", "a.md")),
              "", "", 1),
    Situation("refused, then approved", (green, reviewed("CHANGES_REQUESTED", "No."), reviewed("APPROVED", author="cody"),
              reviewed("APPROVED")), READY, "approved"),
    Situation("one approves, another refuses", (green, reviewed("APPROVED", author="cody"),
              reviewed("CHANGES_REQUESTED", "Use two.")), "", "", 1),
    Situation("a bot refuses", (green, reviewed("CHANGES_REQUESTED", "Use two.", "sec[bot]", "NONE")), "", "", 1),
    Situation("an outsider refuses", (green, reviewed("CHANGES_REQUESTED", "No!", "eve", "NONE")), READY, ""),
    Situation("a thread of an outsider", (green, thread("eve", "Rename this.", "NONE")), READY, "1 thread open for you"),
    Situation("a comment of the token's own user that asks", (green, commented("Please rename it.")), "", "", 1),
    Situation("auto-merge waits for the review", (green, edited(auto_merge=True)), WAITING, "auto-merge"),
    Situation("somebody whose account is gone", (green, commented("Please rename it.", "")), READY),
]  # fmt: skip


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
    watch(person, 30)
    seen, wrong = rows(person), []
    for worker, one in enumerate(found, 1):
        row = seen.get(str(worker)) or person.asks("show", str(worker))
        said = f"{row['state']}: {row['stateReason']}"
        texts = [words["text"] for words in row["guidance"]]
        if not row["state"].startswith(one.state) or one.words not in said or len(texts) != one.told:
            wrong.append(f"{one.name}: {said}, {row['status']}, told {len(texts)}: {texts}")
    assert not wrong, "\n".join(wrong)


def parts(found: list[Situation]) -> list[tuple[Situation, ...]]:
    """A few at a time: each has an agent of its own."""
    return [tuple(found[at : at + 6]) for at in range(0, len(found), 6)]


def names(found: tuple[Situation, ...]) -> str:
    return found[0].name


@pytest.mark.parametrize("found", parts(CHECKS), ids=names)
@pytest.mark.parametrize("ruleset", [False, True], ids=["protection", "ruleset"])
def test_only_what_the_base_requires_decides(
    ruleset: bool, found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git
) -> None:
    github.protect("main", ["test"], ruleset=ruleset)
    check_all(found, github_repo, github, git)


@pytest.mark.parametrize("found", parts(RUNS), ids=names)
def test_the_newest_run_of_a_check_decides(
    found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git
) -> None:
    check_all(found, github_repo, github, git, "checks: {ignore: ['nightly/*']}")


@pytest.mark.parametrize("found", parts(MOVES), ids=names)
def test_a_pull_request_moves_and_its_worker_follows(
    found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git
) -> None:
    github.methods.add("rebase")
    check_all(found, github_repo, github, git)


@pytest.mark.parametrize("found", parts(REVIEWS), ids=names)
def test_who_must_review_is_said(found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git) -> None:
    github.protect("main", reviews=1, code_owners=["cody"], last_push=True)
    check_all(found, github_repo, github, git)
