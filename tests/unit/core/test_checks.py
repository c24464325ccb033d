"""The checks of a head commit: which run counts, what is to come, and what decides nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.checks import ACTIONS, CheckRun, HeadChecks, Suite, head_checks, waiting_for_people
from orchestra.core.pull_request import Check, Checks, CheckState

pytestmark = pytest.mark.fast

PENDING, FAILED, APPROVAL, MISSING = CheckState.PENDING, CheckState.FAILED, CheckState.APPROVAL, CheckState.MISSING


def run(name: str, state: str = "success", at: int = 1, **more: Any) -> CheckRun:
    return CheckRun(name, state, more.pop("app", ACTIONS), more.pop("workflow", "CI"), more.pop("event", "pull_request"),
                    f"{at:02}", **more)  # fmt: skip


def suite(state: str, workflow: str = "CI", at: int = 1, number: int = 1, app: str = ACTIONS) -> Suite:
    return Suite(number, state, app, workflow, "pull_request", f"{at:02}")


TABLE: list[tuple[str, list[CheckRun], list[Suite], dict[str, Any], Checks, list[tuple[str, CheckState]]]] = [
    ("nothing", [], [], {}, Checks.NONE, []),
    ("all pass", [run("a"), run("b", "skipped"), run("c", "neutral")], [suite("success")], {}, Checks.PASSING, []),
    ("one fails", [run("a"), run("b", "failure")], [], {}, Checks.FAILING, [("b", FAILED)]),
    ("one runs", [run("a"), run("b", "in_progress")], [], {}, Checks.PENDING, [("b", PENDING)]),
    ("a word of the future is not passed", [run("a", "new in 2030")], [], {}, Checks.PENDING, [("a", PENDING)]),
    ("the same check run again", [run("t", "failure", 1, suite=1), run("t", "success", 2, suite=2)], [], {}, Checks.PASSING, []),
    ("cancelled by a newer run", [run("t", "cancelled", 1), run("t", "in_progress", 2)], [], {}, Checks.PENDING, [("t", PENDING)]),
    ("cancelled, and nothing newer", [run("t", "cancelled")], [], {}, Checks.FAILING, [("t", FAILED)]),
    ("run again, and not begun", [run("t", "failure", 5, suite=1), run("t", "queued", suite=2)._replace(started="")], [], {},
     Checks.PENDING, [("t", PENDING)]),
    ("run again, and without a job", [run("t", "failure", suite=1)], [suite("failure"), suite("queued", at=2, number=2)], {},
     Checks.PENDING, [("CI", PENDING)]),
    ("one name in two workflows", [run("t", "failure", 1, workflow="A"), run("t", "success", 2, workflow="B")], [], {},
     Checks.FAILING, [("t", FAILED)]),
    ("one name for push and pull request", [run("t", "failure", 1, event="push"), run("t", "success", 2)], [], {},
     Checks.FAILING, [("t", FAILED)]),
    ("jobs behind needs are to come", [run("lint", suite=1)], [suite("in_progress")], {}, Checks.PENDING, [("CI", PENDING)]),
    ("a run that shows a running job", [run("lint", "queued", suite=1)], [suite("in_progress")], {}, Checks.PENDING,
     [("lint", PENDING)]),
    ("a run that has no job yet", [run("DCO", app="dco", workflow="", event="")], [suite("queued")], {}, Checks.PENDING,
     [("CI", PENDING)]),
    ("a run that waits for approval", [], [suite("action_required")], {}, Checks.PENDING, [("CI", APPROVAL)]),
    ("a job that waits for an environment", [run("deploy", "waiting", suite=1)], [suite("waiting")], {}, Checks.PENDING,
     [("deploy", APPROVAL)]),
    ("an app that wants the author to act", [run("DCO", "action_required", app="dco")], [], {}, Checks.FAILING,
     [("DCO", FAILED)]),
    ("a workflow file that is broken", [], [suite("startup_failure")], {}, Checks.FAILING, [("CI", FAILED)]),
    ("an approval that was given", [run("t", suite=2)], [suite("action_required", at=1), suite("success", at=2, number=2)],
     {}, Checks.PASSING, []),
    ("a suite of an app that says nothing", [run("t", suite=1)], [suite("success"), suite("queued", "", 1, 2, "idle-app")], {},
     Checks.PASSING, []),
    ("a stale suite", [run("t", suite=2)], [suite("stale", "Old", 1), suite("success", number=2)], {}, Checks.PASSING, []),
    ("required and not reported", [run("a")], [], {"required": ("t",)}, Checks.PENDING, [("t", MISSING)]),
    ("a required status that is expected", [run("t", "expected", app="")], [], {}, Checks.PENDING, [("t", MISSING)]),
    ("known from an earlier head", [run("a")], [], {"expected": ("a", "t")}, Checks.PENDING, [("t", MISSING)]),
    ("not required", [run("t"), run("nightly", "failure")], [], {"required": ("t",)}, Checks.PASSING, [("nightly", FAILED)]),
    ("required by its own word", [run("t", required=True), run("nightly", "failure")], [], {}, Checks.PASSING,
     [("nightly", FAILED)]),
    ("nothing is required: all count", [run("t"), run("nightly", "failure")], [], {}, Checks.FAILING, [("nightly", FAILED)]),
    ("not required, but it runs", [run("t"), run("e2e", "queued")], [], {"required": ("t",)}, Checks.PENDING, [("e2e", PENDING)]),
    ("ignored", [run("t"), run("bench / a", "failure")], [], {"ignored": ("bench*",)}, Checks.PASSING, [("bench / a", FAILED)]),
    ("cancelled, and another event runs it", [run("t", "cancelled", 2, event="push"), run("t", "success", 1)], [], {},
     Checks.PASSING, []),
    ("cancelled for every event", [run("t", "cancelled", 2, event="push"), run("t", "cancelled", 1)], [], {}, Checks.FAILING,
     [("t", FAILED), ("t", FAILED)]),
    ("a run that was cancelled in the queue", [], [suite("cancelled")], {}, Checks.FAILING, [("CI", FAILED)]),
    ("a run that failed without a job", [run("lint", workflow="Lint", suite=2)], [suite("failure"), suite("success", "Lint", 1, 2)],
     {}, Checks.FAILING, [("CI", FAILED)]),
    ("cancelled in the queue, and another event runs it", [run("t", suite=2)],
     [suite("cancelled"), suite("success", number=2)._replace(event="push")], {}, Checks.PASSING, []),
    ("a suite of Actions without a run", [run("t", suite=2)], [suite("failure", ""), suite("success", number=2)], {},
     Checks.PASSING, []),
    ("skipped as a whole", [], [suite("skipped")], {}, Checks.NONE, []),
    ("GitHub gave up waiting", [run("t", "stale")], [], {}, Checks.PENDING, [("t", MISSING)]),
    ("passed by another app than is required", [run("t", app="mine", required=False)], [], {"required": ("t",), "blocked": True},
     Checks.PENDING, [("t", MISSING)]),
    ("the same, and GitHub lets it through", [run("t", app="mine", required=False)], [], {"required": ("t",)}, Checks.PASSING, []),
    ("the same by REST, which does not say it", [run("t", app="mine")], [], {"required": ("t",), "blocked": True}, Checks.PASSING, []),
    ("another app fails under the name of a required one",
     [run("t", "failure", app="mine", required=False), run("t", app="theirs", required=True)], [], {"required": ("t",)},
     Checks.PASSING, [("t", FAILED)]),
    ("the app that is required fails, another passes",
     [run("t", app="mine", required=False), run("t", "failure", app="theirs", required=True)], [], {"required": ("t",)},
     Checks.FAILING, [("t", FAILED)]),
    ("ignored and running", [run("t"), run("bench", "queued")], [], {"ignored": ("bench*",)}, Checks.PASSING, [("bench", PENDING)]),
]  # fmt: skip


@pytest.mark.parametrize(("runs", "suites", "more", "state", "rows"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE])
def test_checks_come_to(
    runs: list[CheckRun], suites: list[Suite], more: dict[str, Any], state: Checks, rows: list[tuple[str, CheckState]]
) -> None:
    found = head_checks(runs, suites, **more)
    assert (found.state, [(row.name, row.state) for row in found.rows]) == (state, rows)


def test_what_passed_is_counted_and_named() -> None:
    found = head_checks([run("a"), run("b"), run("c", "failure")], [])
    assert found == HeadChecks(Checks.FAILING, 2, (Check("c", FAILED, since="01"),), ("a", "b", "c"))


def test_of_thousands_of_jobs_some_are_kept() -> None:
    found = head_checks([run(f"m{n}", "failure") for n in range(1000)], [])
    assert (found.state, len(found.rows), len(found.names)) == (Checks.FAILING, 200, 1000)


states = st.sampled_from(
    ["success", "skipped", "failure", "in_progress", "queued", "cancelled", "waiting", "action_required"]
)
runs = st.lists(
    st.builds(CheckRun, st.sampled_from("abc"), states, st.sampled_from([ACTIONS, "app"]), st.sampled_from(["CI", ""]),
              st.just("push"), st.sampled_from(["1", "2"]), st.integers(1, 2), st.booleans()), max_size=6)  # fmt: skip
suites = st.lists(
    st.builds(Suite, st.integers(1, 2), states, st.just(ACTIONS), st.sampled_from(["CI", "X"])), max_size=3
)


@given(runs, suites, st.randoms(use_true_random=False))
def test_the_order_in_which_github_lists_them_does_not_matter(rows: Any, groups: Any, random: Any) -> None:
    mixed = head_checks(random.sample(rows, len(rows)), random.sample(groups, len(groups)))
    assert mixed == head_checks(rows, groups)


@given(runs, suites)
def test_passing_is_only_what_has_passed(rows: list[CheckRun], groups: list[Suite]) -> None:
    found = head_checks(rows, groups)
    deciding = [row for row in found.rows if row.counts]
    assert (found.state is Checks.PASSING) == (found.passed > 0 and not deciding)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("0/1 approvals required", True),
        ("1 of 2 required reviews", True),
        ("Not mergeable. Needs approved, lgtm labels.", True),
        ("Contributor License Agreement is not signed yet.", True),
        ("Waiting for a review by a code owner", True),
        ("work in progress", True),
        ("Review in progress", False),
        ("Reviewing 3 files", False),
        ("Your tests are running on 12 machines", False),
        ("Waiting for status to be reported", False),
        ("The build is queued", False),
        ("", False),
        ("Deploy request pending review", True),
        ("3 changes must be accepted as baselines", True),
        ("Your job is on hold on CircleCI", True),
        ("Build #3 blocked, waiting for unblock", True),
        ("Review pending", False),
    ],
)
def test_a_pending_check_of_an_app_may_wait_for_people(said: str, waits: bool) -> None:
    for state in ("pending", "in_progress"):
        one = CheckRun("policy", state, "policy-bot")
        assert (waiting_for_people(one, said).state == "waiting") is waits
    for name, words in (("EasyCLA", "Missing CLA Authorization."), ("license/cla", ""), ("cla/google", "")):
        for state in ("pending", "failure", "action_required"):
            assert waiting_for_people(CheckRun(name, state), words).state == "waiting", "the worker cannot sign it"
    for other in (CheckRun("DCO", "action_required", "dco"), CheckRun("clang", "failure"), CheckRun("cla", "success")):
        assert waiting_for_people(other, "") == other
    for other in (CheckRun("policy", "success", "policy-bot"), CheckRun("test", "in_progress", ACTIONS)):
        assert waiting_for_people(other, said) == other


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("Authorization required to deploy.", True),
        ("2 visual changes need review", True),
        ("4 changes \u2014 waiting for your decision", True),
        ("Blocked due to unauthorized user", True),
        ("Approval needed to run the pipeline", True),
        ("401 Authorization Required", False),
        ("3 tests failed in test_review.py", False),
        ("Bundle limit exceeded by 3 kB", False),
        ("x" * 200 + " 2 visual changes need review", False),
        ("", False),
    ],
)
def test_a_failing_check_of_an_app_may_be_for_people_to_decide(said: str, waits: bool) -> None:
    for state in ("failure", "error"):
        assert (waiting_for_people(CheckRun("percy", state, "percy"), said).state == "waiting") is waits
    assert waiting_for_people(CheckRun("test", "failure", ACTIONS), said).state == "failure", "the job has a log"
