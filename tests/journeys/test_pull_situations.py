"""What teams meet on a pull request's page, and what `list` says of it: many workers on one repository at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.github_double import Double
from support.person import Person, configure

from orchestra.processes import MARK

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

Git = Callable[..., str]
Act = Callable[[Double, int, str], object]
SHIPS = "```script\nstatus working\nwrite {0}.txt one\ncommit One\nship\n" + "wait\n" * 12 + "```"


class Situation(NamedTuple):
    """What happened on GitHub before the look, and what `list --json` says of the worker then."""

    name: str
    act: Act
    state: str
    words: str = ""
    told: int = 0  # pieces of guidance


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


READY, WAITING = "ready", "waiting"
SITUATIONS = [
    Situation("green", green, READY, "checks pass"),
    Situation("no checks at all", lambda *_: None, READY, "no checks"),
    Situation("a status, as older CI reports", status("ci/jenkins", "success"), READY, "checks pass"),
    Situation("a status that is pending", status("ci/jenkins", "pending"), WAITING, "ci/jenkins"),
    Situation("a run that is queued without a job", lambda g, n, b: g.add_run(b, ""), WAITING, "CI"),
    Situation("a job behind needs is to come", gap, WAITING, "CI"),
    Situation("a run waits for an approval", unapproved, "permission", "approval"),
    Situation("an environment waits for an approval", environment, "permission", "deploy"),
    Situation("a draft", several(green, edited(draft=True)), "question", "draft"),
    Situation("in the merge queue", several(green, edited(in_queue=True)), WAITING, "merge queue"),
    Situation("auto-merge is on", several(green, edited(auto_merge=True)), WAITING, "auto-merge"),
    Situation("neutral and skipped", several(run("a", "neutral"), run("b", "skipped")), READY, "checks pass"),
    Situation("a stale check", check("old", "stale"), WAITING, "old"),
    Situation(
        "cancelled, then passed", several(run("test", "cancelled"), run("test", "success")), READY, "checks pass"
    ),
    Situation(
        "failed, then passed in a new suite", several(run("title", "failure"), run("title", "success")), READY,
        "checks pass",
    ),
    Situation("LGTM", several(green, commented("LGTM, thanks!")), READY),
    Situation("an emoji", several(green, commented(":+1:")), READY),
    Situation(
        "a report of coverage",
        several(green, commented("## Codecov Report\nAll modified lines are covered.", "codecov[bot]", "NONE")), READY,
    ),
    Situation("a preview", several(green, commented("Deploy preview ready!", "vercel[bot]", "NONE")), READY),
    Situation("a command", several(green, commented("/rerun")), READY),
    Situation("approved", several(green, reviewed("APPROVED", "Nice.")), READY, "approved"),
    Situation(
        "a request that was dismissed", several(green, reviewed("CHANGES_REQUESTED", "Rename."), dismissed), READY
    ),
    Situation("a stranger's words", several(green, commented("Run this!", "eve", "NONE")), READY),
    Situation("a thread that was resolved", several(green, thread("rob", "Rename this."), resolved), READY),
    Situation("an app that never reports", several(green, lambda g, n, b: g.add_suite(b, "quiet-app")), READY),
    Situation("a member's request", several(green, reviewed("CHANGES_REQUESTED", "Use two.")), "", "", 1),
    Situation("a bot's inline remark", several(green, thread("coderabbitai[bot]", "Rename this.", "NONE")), "", "", 1),
    Situation("a member's comment that asks", several(green, commented("Please add a test.")), "", "", 1),
    Situation("a failing job", run("test", "failure", log="E   assert 1 == 2\n"), "", "", 1),
    Situation("a failing status", status("ci/jenkins", "failure"), "", "", 1),
    Situation("timed out", run("test", "timed_out"), "", "", 1),
    Situation("an app wants its author to act", check("cla", "action_required", app="cla-app"), "", "", 1),
]  # fmt: skip


def start(github_repo: Path, github: Double, git: Git, bodies: Iterable[str], *config: str) -> Person:
    configure(
        github_repo, "agent: scripted", "github: {poll: 1s}", "workers: {max: 40}", "notify: {desktop: false}", *config
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


@pytest.mark.parametrize("part", range(4))
def test_a_worker_is_what_its_pull_request_page_says(part: int, github_repo: Path, github: Double, git: Git) -> None:
    found = SITUATIONS[part::4]
    person = start(github_repo, github, git, [SHIPS.format(n) for n in range(len(found))])
    for worker, one in enumerate(found, 1):
        one.act(github, pull_of(github, worker), f"issue-{worker}")
    watch(person, 30)
    seen, wrong = rows(person), []
    for worker, one in enumerate(found, 1):
        row = seen[str(worker)]
        told = len(row["guidance"])
        said = f"{row['state']}: {row['stateReason']}"
        if not row["state"].startswith(one.state) or one.words not in said or told != one.told:
            wrong.append(f"{one.name}: {said}, {row['status']}, told {told}: {[g['text'] for g in row['guidance']]}")
    assert not wrong, "\n".join(wrong)


def test_a_remark_is_answered_by_a_reply(github_repo: Path, github: Double, git: Git) -> None:
    person = start(github_repo, github, git, [SHIPS.format("a")])
    pull = github.pulls()[0]
    green(github, pull.number, "issue-1")
    for author, association in (("coderabbitai[bot]", "NONE"), ("rob", "MEMBER")):
        github.review_comment(pull.number, "a.txt", 1, f"Please rename this, says {author}.", author, association)
    bots, robs = pull.threads
    person.runs("monitor", "--once")
    told = person.asks("show", "1")["guidance"]
    assert [f"(remark {one.comments[0].id})" in told[0]["text"] for one in (bots, robs)] == [True, True]

    nonce = person.asks("show", "1")["nonce"]
    worker = Person(Path(person.asks("show", "1")["worktreePath"]), {"ORCHESTRA_WORKER": "1", MARK: nonce})
    refused = worker.runs("worker", "ship", "--reply", str(robs.comments[0].id), "Why", "--reply", "7", "Why", code=1)
    assert "has no inline remark 7" in refused.err
    assert len(robs.comments) == 1, "nothing is posted where one number is wrong"
    for _ in range(2):  # the same again posts nothing again
        worker.runs(
            "worker", "ship", "--reply", str(bots.comments[0].id), "The name is public.",
            "--reply", str(robs.comments[0].id), "It is used elsewhere.",
        )  # fmt: skip
    assert [len(bots.comments), len(robs.comments)] == [2, 2]
    assert "The name is public." in bots.comments[1].body
    assert (bots.resolved, robs.resolved) == (True, False), "a human's thread stays open for them"
    watch(person, 30)
    row = rows(person)["1"]
    assert row["state"] == "ready", row
    assert "1 thread open for you" in row["stateReason"]
    assert len(row["guidance"]) == 1, "our own reply is not told"
