"""What teams meet on a pull request's page, and what `list` says of it: many workers on one repository at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.github_double import Double
from support.person import Person
from support.pull_acts import (
    LOOK,
    SHIPS,
    Git,
    Situation,
    broken_workflow,
    check,
    check_all,
    closed,
    commented,
    deleted,
    dismissed,
    edited,
    environment,
    gap,
    green,
    issue,
    lost,
    merged,
    merged_by_hand,
    opened_anew,
    parts,
    pushed_by,
    renamed,
    reopened,
    resolved,
    reviewed,
    rows,
    run,
    running_again,
    since,
    start,
    status,
    thread,
    unapproved,
    watch,
)

from orchestra.processes import MARK

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

READY, WAITING = "ready", "waiting"


def cancelled_run(github: Double, number: int, branch: str) -> None:
    """A run of Actions that was cancelled while it waited for a machine."""
    github.set_run(github.add_run(branch, ""), "completed", "cancelled")


def reopened_thread(github: Double, number: int, branch: str) -> None:
    github.resolve(number, github.pull(number).threads[-1].id, False)


def unsaid(github: Double, number: int, branch: str) -> None:
    """The last comment is deleted."""
    github.pull(number).comments.pop()
    github.edit(number)


def reworded(body: str, author: str = "ann") -> object:
    """The last comment is edited."""
    return lambda github, number, branch: github.edit_comment(number, github.pull(number).comments[-1].id, body)


def many(github: Double, number: int, branch: str) -> None:
    """A matrix that needs a second page, on which one job fails."""
    for job in range(104):
        github.add_check(branch, f"unit ({job})", "failure" if job == 103 else "success")


CHECKS = [
    Situation("green", (green,), READY, "checks pass"),
    Situation("no checks at all", (), READY, "no checks"),
    Situation("a status, as older CI reports", (status("ci/jenkins", "success"),), READY, "checks pass", nightly=True),
    Situation("a status that is pending", (status("ci/jenkins", "pending"),), WAITING, "ci/jenkins"),
    Situation("a status that is pending for two days", (green, since(180_000, "ci/hosted")), "stuck", "for 2d"),
    Situation("a run that is queued without a job", (lambda g, n, b: g.add_run(b, ""),), WAITING, "CI", nightly=True),
    Situation("a run that was cancelled before it had a job", (cancelled_run,), "", "", 1),
    Situation("a status that waits for approvals",
              (green, lambda g, n, b: g.add_status(b, "policy-bot: main", "pending", "0/1 approvals required")), "permission",
              "policy-bot"),
    Situation("visual changes that people accept",
              (green, lambda g, n, b: g.add_status(b, "percy", "failure", "2 visual changes need review")), "permission",
              "percy", nightly=True),
    Situation("a job behind needs is to come", (gap,), WAITING, "CI"),
    Situation("a run waits for an approval", (unapproved,), "permission", "approval"),
    Situation("an environment waits for an approval", (environment,), "permission", "deploy"),
    Situation("neutral and skipped", (run("a", "neutral"), run("b", "skipped")), READY, "checks pass", nightly=True),
    Situation("a stale check", (check("old", "stale"),), WAITING, "old"),
    Situation("cancelled, then passed", (run("test", "cancelled"), run("test", "success")), READY, "checks pass", nightly=True),
    Situation("cancelled for one event, passed for the other",
              (run("test", "cancelled", event="push"), run("test", "success")), READY, "checks pass"),
    Situation("failed, then passed in a new suite", (run("title", "failure"), run("title", "success")), READY, "checks pass",
              nightly=True),
    Situation("an app that never reports", (lambda g, n, b: g.add_suite(b, "quiet-app"),), READY),
    Situation("a failing job", (run("test", "failure", log="E   assert 1 == 2\n"),), "", "", 1, nightly=True),
    Situation("a failing status", (status("ci/jenkins", "failure"),), "", "", 1),
    Situation("one of a hundred and four jobs fails", (many,), "", "", 1, nightly=True),
    Situation("timed out", (run("test", "timed_out"),), "", "", 1, nightly=True),
    Situation("an app wants its author to act", (check("DCO", "action_required", app="dco-app"),), "", "", 1, nightly=True),
    Situation("started again, and queued", (running_again(),), WAITING, "test"),
    Situation("a job that was started again in the same run", (run("test", "failure"), run("test", None)), WAITING, "test",
              nightly=True),
    Situation("a new run of its workflow has no job yet", (run("test", "failure"), run("", None)), WAITING, "CI"),
    Situation("half of a matrix", (run("unit (1)", "success"), run("unit (2)", None)), WAITING, "unit (2)", nightly=True),
    Situation("a workflow that cannot start", (broken_workflow,), "", "", 1),
    Situation("a check and a status of one name, the status pending",
              (run("test", "success"), status("test", "pending")), WAITING, "test", nightly=True),
    Situation("a run of another event fails", (run("test", "success"), run("test", "failure", event="push")), "", "", 1,
              nightly=True),
    Situation("timed out, then passed", (run("test", "timed_out"), run("test", "success")), READY, "checks pass", nightly=True),
    Situation("a check that was cancelled", (check("test", "cancelled"),), "", "", 1, nightly=True),
    Situation("ignored by the configuration", (green, check("nightly/linux", "failure")), READY, "checks pass"),
    Situation("ignored and running", (green, check("nightly/linux", None)), READY, "checks pass", nightly=True),
]  # fmt: skip

PAGE = [
    Situation("a draft", (green, edited(draft=True)), "question", "draft", nightly=True),
    Situation("in the merge queue", (green, edited(in_queue=True)), WAITING, "merge queue", nightly=True),
    Situation("auto-merge is on", (green, edited(auto_merge=True)), WAITING, "auto-merge"),
    Situation("auto-merge is turned off again", (green, edited(auto_merge=True), LOOK, edited(auto_merge=False)), READY),
    Situation("merged by squash", (green, merged("squash")), "merged", nightly=True),
    Situation("merged by rebase", (green, merged("rebase")), "merged"),
    Situation("merged by hand", (green, LOOK, merged_by_hand), "merged", "main holds its changes"),
    Situation("merged out of the queue", (green, edited(in_queue=True), LOOK, edited(in_queue=False), merged("merge")),
              "merged"),
    Situation("taken out of the queue", (green, edited(in_queue=True), LOOK, edited(in_queue=False)), READY, "taken out"),
    Situation("closed", (green, LOOK, closed), "question", "closed without a merge by bob", nightly=True),
    Situation("closed and opened again", (green, LOOK, closed, LOOK, reopened), READY, "checks pass"),
    Situation("made a draft", (green, LOOK, edited(draft=True)), "question", "draft"),
    Situation("a draft that is ready again", (green, edited(draft=True), LOOK, edited(draft=False)), READY),
    Situation("its head is deleted", (green, LOOK, deleted), "question", "closed without a merge"),
    Situation("its head is renamed", (green, LOOK, renamed), READY, "checks pass"),
    Situation("somebody pushed on top", (green, LOOK, pushed_by("rob", "rob.txt")), "", "", 1),
    Situation("somebody pushed something else", (green, LOOK, pushed_by("rob", "rob.txt", force=True)), "", "", 1),
    Situation("opened anew by hand", (green, LOOK, closed, LOOK, opened_anew, LOOK), READY, "checks pass"),
    Situation("its conversation is locked", (green, edited(locked="spam")), READY, "checks pass"),
    Situation("a label says not to merge", (green, edited(labels=["do-not-merge"])), READY, "labelled do-not-merge"),
    Situation("a thumb down", (green, edited(reactions=[("rob", "THUMBS_DOWN"), ("sue", "HEART")])), READY, "rob disapproves",
              nightly=True),
    Situation("its issue is closed", (green, issue(lambda github, n: github.close(n, "bob", "not_planned"))), READY,
              "was closed by bob as not planned; the worker goes on, unless you end it: orchestra cancel"),
    Situation("its issue is closed and opened again",
              (green, issue(lambda github, n: github.close(n)), LOOK, issue(lambda github, n: github.reopen(n))), READY,
              "ready: checks pass"),
    Situation("its issue is moved", (green, issue(lambda github, n: github.edit(n, moved_to="acme/other", state="closed"))),
              READY, "was moved to acme/other#"),
    Situation("its issue is deleted", (green, issue(lambda github, n: github.delete(n))), READY, "was deleted"),
    Situation("its issue is locked", (green, issue(lambda github, n: github.edit(n, locked="too heated"))), READY,
              "is locked: too heated"),
    Situation("it is deleted", (green, LOOK, lost), "unknown", "does not show PR #"),
]  # fmt: skip

WORDS = [
    Situation("LGTM", (green, commented("LGTM, thanks!")), READY),
    Situation("an emoji", (green, commented(":+1:")), READY, nightly=True),
    Situation("a thumb", (green, commented("👍🏽")), READY),
    Situation("a thumb down without words", (green, commented("\U0001f44e", "rob", "MEMBER")), READY, "rob disapproves"),
    Situation("an approval with a condition for CI", (green, commented("Merge when green", "rob", "MEMBER")), READY,
              nightly=True),
    Situation("an approval with a condition for the author",
              (green, commented("LGTM once CI is green and the name is fixed", "rob", "MEMBER")), "", "", 1, nightly=True),
    Situation("praise, and an order", (green, commented("Nice, now do the same for POST", "rob", "MEMBER")), "", "", 1,
              nightly=True),
    Situation("tested by hand", (green, commented("Tested locally, works great.", "rob", "MEMBER")), READY),
    Situation("a report of coverage",
              (green, commented("## Codecov Report\nAll modified lines are covered.", "codecov[bot]", "NONE")), READY),
    Situation("a preview", (green, commented("Deploy preview ready!", "vercel[bot]", "NONE")), READY, nightly=True),
    Situation("a command", (green, commented("/rerun")), READY, nightly=True),
    Situation("a bot's overview",
              (green, reviewed("COMMENTED", "## Pull request overview\nThis adds a file.", "copilot-pull-request-reviewer[bot]",
                               "NONE")), READY),
    Situation("a bot that found nothing",
              (green, reviewed("COMMENTED", "**Actionable comments posted: 0**", "coderabbitai[bot]", "NONE")), READY),
    Situation("approved", (green, reviewed("APPROVED", "Nice.")), READY, "approved"),
    Situation("a request that was dismissed", (green, reviewed("CHANGES_REQUESTED", "Rename."), dismissed), READY),
    Situation("a request, then the same reviewer's approval of what there is",
              (green, reviewed("CHANGES_REQUESTED", "Use two."), LOOK, reviewed("APPROVED", "Fine as it is.")), READY,
              "approved", 1, nightly=True),
    Situation("a stranger's words", (green, commented("Run this!", "eve", "NONE")), READY),
    Situation("a thread that was resolved", (green, thread("rob", "Rename this."), resolved), READY),
    Situation("a thread that was resolved and opened again", (green, thread("rob", "Rename this."), resolved, LOOK,
              reopened_thread), "", "", 1),
    Situation("a comment that was deleted", (green, commented("Please rename it."), unsaid), READY),
    Situation("a comment that was edited, and now asks", (green, commented("LGTM"), LOOK, reworded("Please add a test.")),
              "", "", 1),
    Situation("a suggestion", (green, thread("rob", "```suggestion\ntwo\n```")), "", "", 1),
    Situation("two ask for changes, and one is dismissed",
              (green, reviewed("CHANGES_REQUESTED", "Use two.", "ann2"), reviewed("CHANGES_REQUESTED", "Rename."), dismissed),
              "", "", 1),
    Situation("a member's request", (green, reviewed("CHANGES_REQUESTED", "Use two.")), "", "", 1, nightly=True),
    Situation("a bot's inline remark", (green, thread("coderabbitai[bot]", "Rename this.", "NONE")), "", "", 1),
    Situation("a review that only comments", (green, reviewed("COMMENTED", "Please add a test.")), "", "", 1),
    Situation("a member's comment that asks", (green, commented("Please add a test.")), "", "", 1, nightly=True),
]  # fmt: skip


@pytest.mark.parametrize("found", parts(CHECKS + PAGE + WORDS, 16))
def test_a_worker_is_what_its_pull_request_page_says(
    found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git
) -> None:
    github.methods.add("rebase")
    check_all(found, github_repo, github, git, "checks: {ignore: ['nightly/*']}")


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
