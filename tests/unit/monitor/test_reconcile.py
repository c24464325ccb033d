"""One pass of the monitor over workers in every state: what it does, and that no worker's failure stops the others."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.stub_project import START, StubProject, doing, pane

from orchestra.core.attention import ObservedWorker
from orchestra.core.dialogs import OF_SUBAGENT
from orchestra.core.models import (
    Activity,
    ActivityState,
    Attempts,
    Escalation,
    Gate,
    Guidance,
    Limit,
    Pane,
    Status,
    Worker,
)
from orchestra.core.state import Shown, State
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError, Unreachable
from orchestra.monitor import api_retries, dismissed_dialogs, reconcile
from orchestra.monitor.recovery import GONE_SECONDS, STEADY_SECONDS
from orchestra.storage.files import locked
from orchestra.workers import delivery
from orchestra.workers.delivery import MONITOR_PATIENCE
from orchestra.workers.overview import Overview, WorkerRow
from orchestra.workers.stacks import Start

pytestmark = pytest.mark.fast


class Pass:
    """A project whose panes are what the test says, and what a pass has done to the outside."""

    def __init__(self, directory: Path, mocker: MockerFixture) -> None:
        self.project: Any = StubProject(directory)
        self.panes: dict[str, Pane] = {}
        self.open = True
        self.memory = reconcile.Memory(lambda _: "")
        self.clock = 1000.0
        mocker.patch("orchestra.monitor.reconcile.time.monotonic", side_effect=lambda: self.clock)
        mocker.patch.object(reconcile, "overview", self.overview)
        mocker.patch.object(reconcile, "announce", return_value=())
        self.refresh = mocker.patch.object(reconcile, "refresh")
        mocker.patch("orchestra.monitor.reconcile.git_config_guard.settle")
        mocker.patch(
            "orchestra.monitor.reconcile.whereabouts.record_whereabouts", lambda project, worker, pane, say: worker
        )
        self.launch = mocker.patch.object(reconcile, "launch")
        self.attend = mocker.patch("orchestra.monitor.reconcile.delivery.attend")
        self.look = mocker.patch("orchestra.monitor.reconcile.PullRequests.look")
        self.radar = mocker.patch("orchestra.monitor.reconcile.conflicts.look")
        self.stacks = mocker.patch.object(reconcile, "stacks")
        self.stacks.start_of.side_effect = lambda project, parent, base: Start(parent, base, "c" * 40)

    def overview(self, project: Any, *, changes: bool) -> Overview:
        rows = tuple(
            WorkerRow(ObservedWorker(one, self.panes.get(one.id), self.open), None, Shown(State.WORKING, "working"), 0.0, None)
            for one in project.store.listing().workers
        )  # fmt: skip
        return Overview("p", rows, (), self.open)

    def has(self, number: str = "7", status: Status = Status.WORKING, *, gone: bool = False, **changes: Any) -> Worker:
        """A worker, with its pane unless it is `gone`."""
        worker: Worker = self.project.has(number, status, **changes)
        if not gone:
            self.panes[number] = pane(worker)
        return worker

    def run(self) -> list[str]:
        """One pass; what it says."""
        return list(reconcile.reconcile(self.project, self.memory).said)


@pytest.fixture
def one_pass(tmp_path: Path, mocker: MockerFixture) -> Pass:
    return Pass(tmp_path, mocker)


def test_a_pass_over_nothing_says_nothing(one_pass: Pass) -> None:
    assert one_pass.run() == []
    one_pass.refresh.assert_called_once_with(one_pass.project)


def test_an_agent_that_ended_is_started_again_after_it_was_seen_gone_twice(one_pass: Pass) -> None:
    one_pass.has(gone=True)
    assert one_pass.run() == []
    one_pass.clock += GONE_SECONDS
    assert one_pass.run() == ["#7 started again in its conversation (its pane is gone)"]
    one_pass.launch.start_again.assert_called_once_with(one_pass.project, "7", "monitor")
    assert one_pass.project.worker().attempts.restart == 1


def test_a_pane_that_comes_back_in_between_is_not_held_against_it(one_pass: Pass) -> None:
    worker = one_pass.has(gone=True)
    one_pass.run()
    one_pass.panes["7"] = pane(worker)
    one_pass.run()
    del one_pass.panes["7"]
    one_pass.clock += GONE_SECONDS
    assert one_pass.run() == []


def test_an_agent_that_cannot_stay_up_waits_for_the_user(one_pass: Pass) -> None:
    one_pass.has(gone=True, attempts=Attempts(restart=one_pass.project.config.limits.restart))
    one_pass.run()
    one_pass.clock += 1000
    assert one_pass.run() == ["#7 ended 3 times in a row; it waits for you"]
    assert one_pass.project.worker().status is Status.STUCK
    one_pass.clock += 1000
    assert one_pass.run() == []
    one_pass.launch.start_again.assert_not_called()


def test_restarts_are_forgotten_once_it_runs_steadily(one_pass: Pass) -> None:
    one_pass.has(attempts=Attempts(restart=2), launched_at=stamp(START - STEADY_SECONDS - 1))
    one_pass.run()
    assert one_pass.project.worker().attempts.restart == 0


def test_without_a_workspace_no_agent_is_started(one_pass: Pass) -> None:
    one_pass.open = False
    one_pass.has(gone=True)
    one_pass.run()
    one_pass.clock += 1000
    assert one_pass.run() == []


def test_a_worker_whose_conversation_is_elsewhere_is_left_alone(one_pass: Pass) -> None:
    one_pass.has(gone=True, elsewhere="in the background (process 8)")
    one_pass.run()
    one_pass.clock += 1000
    assert one_pass.run() == []


def test_a_limit_that_is_over_is_told(one_pass: Pass) -> None:
    one_pass.has(activity=doing(ActivityState.LIMITED), limit=Limit("rate_limit", until=stamp(START + 60)))
    assert one_pass.run() == []
    one_pass.project.clock += 61
    assert one_pass.run() == [f"#7 goes on: its limit ended at {stamp(START + 60)}"]
    assert [one.sender for one in one_pass.project.worker().guidance] == ["monitor"]


def test_words_are_brought_to_those_who_can_hear_them(one_pass: Pass) -> None:
    one_pass.has("1", activity=doing(ActivityState.WAITING))
    one_pass.has("2", activity=doing(ActivityState.BUSY))
    one_pass.has("3", activity=doing(ActivityState.BLOCKED))
    one_pass.has("4", Status.MERGED, activity=doing(ActivityState.WAITING))
    one_pass.project.panes.drawn.return_value = ""
    one_pass.run()
    assert [call.args[1].id for call in one_pass.attend.call_args_list] == ["1", "2"]


def test_an_agent_that_does_not_take_its_words_holds_up_neither_the_monitor_nor_the_words_of_others(
    one_pass: Pass,
) -> None:
    for number in range(1, 21):
        one_pass.has(str(number), activity=doing(ActivityState.WAITING))
    brought: list[str] = []

    def attend(project: Any, worker: Worker, say: Any) -> None:
        brought.append(worker.id)
        one_pass.clock += MONITOR_PATIENCE

    one_pass.attend.side_effect = attend
    passes = 0
    while len(set(brought)) < 20:
        passes += 1
        before = one_pass.clock
        one_pass.run()
        assert one_pass.clock - before <= reconcile.BRING_SECONDS + MONITOR_PATIENCE
    assert len(brought) == 20, "each once before the first one again"
    assert passes == 10


def test_words_for_which_nothing_can_be_done_now_take_no_time(tmp_path: Path, mocker: MockerFixture) -> None:
    project: Any = StubProject(tmp_path)
    words = Guidance("g1", "human", "x")
    worker = project.has(activity=doing(ActivityState.WAITING), guidance=(words,))
    mocker.patch.object(delivery, "pane_of", return_value=pane(worker))
    pause = mocker.patch.object(delivery, "pause")
    project.panes.give_rows.return_value = (24, 24)  # before, and after
    said: list[str] = []
    delivery.attend(project, worker, said.append)  # no prompt box on its screen
    assert delivery.cramped(project.panes, worker, pane(worker)) == ""
    project.panes.give_rows.return_value = (1, 1)
    assert "with 1 row its prompt is not seen" in delivery.cramped(project.panes, worker, pane(worker))
    with locked(project.store.file("7", "deliver.lock")):  # a command brings them
        delivery.attend(project, worker, said.append)
    pause.assert_not_called()
    assert said == []


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ([(11, "429")], "429"),
        ([(5, "429")], ""),
        ([(11, "429"), (12, ""), (20, "529")], "529"),
        ([(11, "429"), (12, ""), (20, ""), (33, "")], ""),
        ([(11, "429"), (12, ""), (20, "429"), (33, "")], "429"),
    ],
    ids=["it retries", "heard of just now", "another reason", "it was answered", "between two tries"],
)
def test_an_agent_whose_api_is_asked_again(
    looks: list[tuple[float, str]], why: str, tmp_path: Path, mocker: MockerFixture
) -> None:
    project: Any = StubProject(tmp_path)
    worker = project.has(activity=doing(ActivityState.BUSY))
    agent = SimpleNamespace(retrying=lambda screen: screen)
    mocker.patch("orchestra.monitor.api_retries.agents.agent", return_value=agent)
    shown_at: dict[str, float] = {}
    for after, screen in looks:
        project.clock = START + after
        project.panes.drawn.return_value = screen
        api_retries.record_retries(project, project.worker(), pane(worker), shown_at, lambda _: None)
    found = project.worker().activity
    assert (found.state, found.retrying) == (ActivityState.BUSY, why)
    assert not why or found.since == stamp(START + 11), "since when it is so"


def test_a_trouble_at_the_start_is_said(one_pass: Pass, mocker: MockerFixture) -> None:
    mocker.patch(
        "orchestra.monitor.reconcile.start_problems.record_startup_problem", return_value="is at a login screen"
    )
    one_pass.has(status=Status.REGISTERED, activity=doing(ActivityState.STARTING))
    assert one_pass.run() == ["#7 is at a login screen"]


def test_the_pane_of_a_finished_worker_is_put_away(one_pass: Pass, mocker: MockerFixture) -> None:
    put_away = mocker.patch("orchestra.monitor.reconcile.stop.close_finished_pane", side_effect=[False, True])
    one_pass.has(status=Status.MERGED)
    assert one_pass.run() == []
    assert one_pass.run() == ["#7 is merged: its pane is put away; orchestra log 7 --pane shows it"]
    assert put_away.call_count == 2


def test_a_failure_for_one_worker_does_not_stop_the_others(one_pass: Pass) -> None:
    one_pass.look.side_effect = Unreachable("GitHub does not answer", "see: gh auth status")
    one_pass.has("1", gone=True)
    one_pass.has("2", gone=True)
    one_pass.launch.start_again.side_effect = [OrchestraError("no agent", "install it"), None]
    one_pass.run()
    one_pass.clock += GONE_SECONDS
    assert one_pass.run() == [
        "github: GitHub does not answer",
        "#1: no agent (install it)",
        "#2 started again in its conversation (its pane is gone)",
    ]


def test_conflicts_are_looked_for_now_and_then(one_pass: Pass) -> None:
    one_pass.run()
    one_pass.clock += reconcile.RADAR_SECONDS - 1
    one_pass.run()
    assert one_pass.radar.call_count == 1
    one_pass.clock += 1
    one_pass.run()
    assert one_pass.radar.call_count == 2


def test_stacked_workers_follow_from_the_lowest_up(one_pass: Pass) -> None:
    for number, parent in (("3", "2"), ("2", "1"), ("1", ""), ("5", "5")):  # 5 would be a broken file
        one_pass.has(number, parent=parent)
    one_pass.run()
    assert [call.args[1].id for call in one_pass.stacks.follow.call_args_list] == ["2", "3", "5"]


def test_the_next_of_the_queue_starts(one_pass: Pass) -> None:
    one_pass.project.has_issue("7")
    one_pass.has(status=Status.QUEUED, gone=True)
    assert one_pass.run() == ["#7 left the queue"]
    started = one_pass.project.worker()
    assert (started.status, started.base_commit) == (Status.REGISTERED, "c" * 40)
    one_pass.launch.open_pane.assert_called_once()


def test_a_queued_worker_that_turns_out_to_be_blocked_waits_on(one_pass: Pass) -> None:
    one_pass.project.has_issue("7", "6")
    one_pass.has(status=Status.QUEUED, gone=True)
    assert one_pass.run() == []
    assert one_pass.project.worker().blocked_by == ("6",)
    one_pass.launch.open_pane.assert_not_called()


def test_an_issue_that_was_closed_elsewhere_lets_its_successor_start(one_pass: Pass) -> None:
    one_pass.project.has_issue("6")
    one_pass.project.has_issue("7", "6")
    one_pass.has(status=Status.QUEUED, gone=True, blocked_by=("6",))
    assert one_pass.run() == []
    one_pass.project.has_issue("7")
    assert one_pass.run() == ["#7 waits for a free place", "#7 left the queue"]


def test_github_is_not_asked_at_every_pass_what_the_queue_waits_for(one_pass: Pass, mocker: MockerFixture) -> None:
    refreshed = mocker.patch("orchestra.monitor.reconcile.queue.refreshed", side_effect=lambda project, worker: worker)
    one_pass.project.tracker_name = "github"
    one_pass.has(status=Status.QUEUED, gone=True, blocked_by=("6",))
    for seconds in (0, 10, 3 * one_pass.project.config.github.poll):
        one_pass.clock += seconds
        one_pass.run()
    assert refreshed.call_count == 2


def test_a_lower_branch_that_was_merged_in_the_meantime_is_built_on_no_more(one_pass: Pass) -> None:
    one_pass.project.has_issue("7")
    one_pass.has(status=Status.QUEUED, gone=True, parent="6", base="issue-6", ignores_blockers=True)
    one_pass.stacks.start_of.side_effect = None
    one_pass.stacks.start_of.return_value = Start("", "main", "d" * 40)
    one_pass.run()
    started = one_pass.project.worker()
    assert (started.parent, started.base, started.base_commit) == ("", "main", "d" * 40)


# --- a dialog that was answered in the pane ---

ASKED = Escalation(Gate.PERMISSION, "Bash: make", request="r1")


@pytest.mark.parametrize(
    ("screens", "state", "open_dialogs"),
    [
        ([None, None], ActivityState.BLOCKED, 1),
        ([True, None], ActivityState.BLOCKED, 1),
        ([False, True], ActivityState.BLOCKED, 1),
        ([True, True], ActivityState.BUSY, 0),
        ([False, False], ActivityState.WAITING, 0),
    ],
    ids=["it is open", "half a redraw", "it changes", "yes: it works", "no: it waits"],
)
def test_what_became_of_a_dialog(
    screens: list[bool | None], state: ActivityState, open_dialogs: int, tmp_path: Path, mocker: MockerFixture
) -> None:
    project: Any = StubProject(tmp_path)
    worker = project.has(activity=doing(ActivityState.BLOCKED, seconds=60), dialogs=(ASKED,))
    works = iter(screens)
    agent = SimpleNamespace(composer_text=lambda screen: None if screen is None else "", at_work=lambda screen: screen)
    mocker.patch("orchestra.monitor.dismissed_dialogs.agents.agent", return_value=agent)
    mocker.patch.object(dismissed_dialogs, "pause")
    project.panes.drawn.side_effect = lambda pane: next(works)
    dismissed_dialogs.record_dismissed(project, worker, pane(worker))
    found = project.worker()
    assert (found.activity.state, len(found.dialogs)) == (state, open_dialogs)


@pytest.mark.parametrize(("age", "open_dialogs"), [(5, 1), (60, 0)], ids=["not drawn yet", "drawn, and answered"])
def test_the_dialog_of_a_subagent_is_drawn_a_little_later(
    age: int, open_dialogs: int, tmp_path: Path, mocker: MockerFixture
) -> None:
    project: Any = StubProject(tmp_path)
    asked = ASKED._replace(request=f"{OF_SUBAGENT}1", asked_at=stamp(project.now() - age))
    worker = project.has(activity=doing(ActivityState.BLOCKED, seconds=age), dialogs=(asked,))
    agent = SimpleNamespace(composer_text=lambda screen: "", at_work=lambda screen: False)
    mocker.patch("orchestra.monitor.dismissed_dialogs.agents.agent", return_value=agent)
    mocker.patch.object(dismissed_dialogs, "pause")
    dismissed_dialogs.record_dismissed(project, worker, pane(worker))
    assert len(project.worker().dialogs) == open_dialogs


def test_a_dialog_that_opened_meanwhile_is_not_closed_with_the_one_before(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    project: Any = StubProject(tmp_path)
    worker = project.has(activity=doing(ActivityState.BLOCKED, seconds=60), dialogs=(ASKED,))
    agent = SimpleNamespace(composer_text=lambda screen: "", at_work=lambda screen: False)
    mocker.patch("orchestra.monitor.dismissed_dialogs.agents.agent", return_value=agent)
    other = ASKED._replace(request="r2")
    mocker.patch.object(
        dismissed_dialogs,
        "pause",
        side_effect=lambda seconds: project.has(
            activity=Activity(ActivityState.BLOCKED, stamp(START)), dialogs=(other,)
        ),
    )
    dismissed_dialogs.record_dismissed(project, worker, pane(worker))
    assert project.worker().dialogs == (other,)
