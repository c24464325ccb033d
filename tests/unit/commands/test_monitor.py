"""The loop around the monitor's passes: one for a project, awake at every change, gone after an upgrade."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.stub_project import StubProject

from orchestra.commands import monitor as command
from orchestra.errors import OrchestraError, Unreachable
from orchestra.monitor.reconcile import PassResult
from orchestra.monitor.wakefulness import Wakefulness
from orchestra.storage.files import locked

pytestmark = pytest.mark.fast


@pytest.fixture
def project(tmp_path: Path, mocker: MockerFixture) -> Any:
    found: Any = StubProject(tmp_path)
    found.title, found.home = "acme/widgets", str(tmp_path / "home")
    found.status_bar = mocker.Mock()
    mocker.patch("orchestra.commands.monitor.entry_points.is_current", return_value=True)
    return found


def test_each_pass_says_what_it_did_with_the_time(project: Any, mocker: MockerFixture) -> None:
    mocker.patch.object(
        command, "reconcile", side_effect=[PassResult(("#7 is merged",), False), Unreachable("no tmux")]
    )
    mocker.patch.object(command, "_rest")
    said: list[str] = []
    command.monitor(project, said.append, lambda _: "", passes=2)
    assert said == [
        "acme/widgets: monitoring; each action is logged below",
        "11:15:00  #7 is merged",
        "11:15:00  no tmux",
    ]
    project.status_bar.beat.assert_called_once_with(project.clock)


def test_a_second_monitor_of_the_same_project_does_not_start(project: Any) -> None:
    Path(project.store.cache).mkdir(parents=True, mode=0o700)
    with locked(str(Path(project.store.cache, "monitor.lock"))), pytest.raises(OrchestraError):
        command.monitor(project, lambda line: None, lambda _: "", passes=1)


def test_after_an_upgrade_it_ends_so_that_the_new_version_starts(project: Any, mocker: MockerFixture) -> None:
    mocker.patch("orchestra.commands.monitor.entry_points.is_current", return_value=False)
    said: list[str] = []
    command.monitor(project, said.append, lambda _: "")
    assert said[-1] == "orchestra was upgraded: the monitor ends, and starts again with the new version"


@pytest.mark.parametrize(("gone", "seconds"), [({}, command.PASS_SECONDS), ({"7": 1.0}, command.PENDING_SECONDS)])
def test_it_looks_sooner_while_an_agent_is_seen_gone(
    gone: dict[str, float], seconds: float, project: Any, mocker: MockerFixture
) -> None:
    def passed(_: Any, memory: Any) -> PassResult:
        memory.gone.update(gone)
        return PassResult((), False)

    mocker.patch.object(command, "reconcile", side_effect=passed)
    rest = mocker.patch.object(command, "_rest")
    command.monitor(project, lambda line: None, lambda _: "", passes=2)
    assert [call.args[2] for call in rest.call_args_list] == [seconds]


def test_a_session_file_that_changed_wakes_it(project: Any, mocker: MockerFixture) -> None:
    mocker.patch.object(command, "LOOK_SECONDS", 0.001)
    before = command._files(project.store)
    assert before == (), "there is no session file yet"
    project.has("7")
    command._rest(project, before, 60.0, Wakefulness(lambda: 0.0, lambda: 0.0))
    after = command._files(project.store)
    assert [name for name, _ in after] == ["7.json"]
