"""Workers and the day held to their budgets: who is warned, who is stopped, and who goes on the next day."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from support.stub_project import StubProject, doing

from orchestra.config.schema import Day, Limits
from orchestra.core.budget import Budget, Spent
from orchestra.core.models import ActivityState, Status
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.monitor import budgets
from orchestra.workers import launch, spending, stop
from orchestra.workers.spending import Spending

pytestmark = pytest.mark.fast

BUSY = doing(ActivityState.BUSY)


@pytest.mark.parametrize(
    ("changes", "soon"),
    [
        ({"activity": BUSY}, False),
        ({"activity": BUSY, "budget": Budget(tokens=5)}, True),
        ({"activity": doing(ActivityState.WAITING), "budget": Budget(tokens=5)}, False),
        ({"activity": BUSY, "budget": Budget(tokens=5), "status": Status.MERGED}, False),
    ],
    ids=["no limit", "at work", "at its prompt", "it has ended"],
)
def test_a_worker_with_a_limit_is_at_work(tmp_path: Path, changes: dict[str, Any], soon: bool) -> None:
    project: Any = StubProject(tmp_path)
    project.has(**changes)
    assert budgets.any_at_work([project.worker()], project.config.limits) is soon


class BudgetRun:
    """A project with one worker, the agents that were ended, and the workers that were started again."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, **limits: Any) -> None:
        self.project: Any = StubProject(directory, limits=Limits(**limits))
        change = self.project.change_of = MagicMock()
        change.return_value.commits.return_value = 2
        self.project.repository.dirty.return_value = ["a.py"]
        self.ended: list[str] = []
        self.started: list[str] = []
        self.said: list[str] = []
        monkeypatch.setattr(stop, "close", lambda _, worker: self.ended.append(worker.id))
        monkeypatch.setattr(launch, "start_again", lambda _, number, by: self.started.append(number))

    def look(self, used: Spent, today: Spent | None = None) -> None:
        """One look of the monitor."""
        budgets.keep(self.project, Spending({"7": used}, today or used), self.said.append)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BudgetRun:
    return BudgetRun(tmp_path, monkeypatch, tokens=100)


def test_a_worker_is_told_once_when_it_comes_near(run: BudgetRun) -> None:
    run.project.has(activity=BUSY)
    run.look(Spent(79))
    assert run.said == []
    run.look(Spent(80))
    run.look(Spent(90))
    assert run.said == ["#7 has used 80 of 100 tokens: it is told so"]
    assert [words.text.startswith("You have used 80 of 100") for words in run.project.worker().guidance] == [True]


def test_at_the_limit_it_is_paused_with_what_it_has(run: BudgetRun) -> None:
    run.project.has(activity=BUSY)
    run.look(Spent(100))
    assert run.project.worker().status is Status.PAUSED
    assert run.ended == ["7"]
    assert run.said == [
        "#7 stops: its budget is used up: 100 of 100 tokens; it has 2 commits and 1 file not committed, which stay"
    ]


def test_what_it_has_is_left_out_where_git_does_not_say(run: BudgetRun) -> None:
    run.project.change_of.side_effect = OrchestraError("git does not answer")
    run.project.has(activity=BUSY)
    run.look(Spent(100))
    assert run.said == ["#7 stops: its budget is used up: 100 of 100 tokens"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.SHIPPING, "activity": doing(ActivityState.WAITING)},
        {"status": Status.MERGED},
        {"budget": Budget(tokens=1000), "activity": BUSY},
    ],
    ids=["its change waits for CI", "it has ended", "a budget of its own"],
)
def test_who_is_not_stopped(run: BudgetRun, changes: dict[str, Any]) -> None:
    run.project.has(**changes)
    run.look(Spent(150))
    assert (run.ended, run.said, run.project.journal()) == ([], [], [])


def test_the_last_turn_may_be_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = BudgetRun(tmp_path, monkeypatch, turns=3)
    run.project.has(activity=BUSY)
    run.look(Spent(turns=3))
    assert run.ended == []
    run.project.has(activity=doing(ActivityState.WAITING))
    run.look(Spent(turns=3))
    assert run.ended == ["7"]


def test_the_day_s_budget_stops_all_until_midnight(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = BudgetRun(tmp_path, monkeypatch, day=Day(tokens=50))
    run.project.has(activity=BUSY)
    run.look(Spent(10), Spent(60))
    midnight = spending.end_of_day(run.project.now())
    assert run.project.worker().held_until == stamp(midnight)
    assert "today's budget is used up: 60 of 50 tokens; it goes on at " in run.said[0]
    run.project.clock = midnight - 1
    run.look(Spent(10), Spent(60))
    assert run.started == []
    run.project.clock = midnight
    run.look(Spent(10), Spent(0))
    assert run.started == ["7"]
    assert run.said[1].startswith("#7 goes on: today's budget is used up")


def test_a_worker_that_the_user_lets_go_on_today(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = BudgetRun(tmp_path, monkeypatch, day=Day(tokens=50))
    run.project.has(activity=BUSY, beyond=spending.day_of(run.project.now()))
    run.look(Spent(10), Spent(60))
    assert run.ended == []


def test_a_worker_that_the_user_paused_stays_paused(run: BudgetRun) -> None:
    run.project.has(status=Status.PAUSED)
    run.look(Spent(0))
    assert run.started == []


@pytest.mark.parametrize(
    ("status", "state", "ends"),
    [
        (Status.PAUSED, ActivityState.BUSY, True),
        (Status.PAUSED, ActivityState.WAITING, True),
        (Status.PAUSED, ActivityState.ENDED, False),
        (Status.WORKING, ActivityState.BUSY, False),
    ],
)
def test_the_agent_of_a_paused_worker_is_ended(
    run: BudgetRun, status: Status, state: ActivityState, ends: bool
) -> None:
    run.project.has(status=status, activity=doing(state))
    assert budgets.close_paused(run.project, run.project.worker()) is ends
    assert run.ended == ["7"] * ends
