"""What teams meet on a pull request's page, and what `list` says of it: many workers on one repository at once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from support.github_double import Double
from support.person import Person
from support.pull_acts import (
    SHIPS,
    Act,
    Git,
    check,
    commented,
    dismissed,
    edited,
    environment,
    gap,
    green,
    pull_of,
    resolved,
    reviewed,
    rows,
    run,
    several,
    start,
    status,
    thread,
    unapproved,
    watch,
)

from orchestra.processes import MARK

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


class Situation(NamedTuple):
    """What happened on GitHub before the look, and what `list --json` says of the worker then."""

    name: str
    act: Act
    state: str
    words: str = ""
    told: int = 0  # pieces of guidance


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
