"""What a base branch requires, by its protection or by a ruleset, and what `list` says of a pull request into it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.github_double import Double, Fault
from support.pull_acts import (
    LOOK,
    Git,
    Situation,
    base_moves,
    check,
    check_all,
    commented,
    edited,
    green,
    parts,
    pushed_by,
    reviewed,
    run,
    status,
    thread,
)

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

READY, WAITING = "ready", "waiting"

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

APPS = [
    Situation("another app passes under that name", (check("test", "success", app="mine"),), WAITING, "not reported"),
    Situation("another app fails under that name", (run("test", "success"), check("test", "failure", app="mine")), "conflict",
              "refused to merge into it"),
    Situation("its own app fails", (run("test", "failure"), check("test", "success", app="mine")), "", "", 1),
    Situation("behind, and GitHub refuses to update it", (green, LOOK, base_moves("base.txt")), "conflict",
              "refused to merge into it"),
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


@pytest.mark.parametrize("found", parts(CHECKS))
@pytest.mark.parametrize(
    "ruleset", [False, pytest.param(True, marks=pytest.mark.nightly)], ids=["protection", "ruleset"]
)
def test_only_what_the_base_requires_decides(
    ruleset: bool, found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git
) -> None:
    github.protect("main", ["test"], ruleset=ruleset)
    check_all(found, github_repo, github, git)


def test_a_ruleset_may_want_a_check_of_one_app_and_the_newest_base(github_repo: Path, github: Double, git: Git) -> None:
    github.protect("main", ["test"], strict=True, ruleset=True, apps={"test": "github-actions"})
    github.fault(Fault.FORBIDDEN, "/update-branch")
    check_all(APPS, github_repo, github, git)


@pytest.mark.parametrize("found", parts(REVIEWS))
def test_who_must_review_is_said(found: tuple[Situation, ...], github_repo: Path, github: Double, git: Git) -> None:
    github.protect("main", reviews=1, code_owners=["cody"], last_push=True)
    check_all(found, github_repo, github, git)
