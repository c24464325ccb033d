"""Where a worker's conversation is, by the sessions that run."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.events import happened
from support.stub_project import StubProject, pane

from orchestra.agents.claude.hooks import event_of, is_foreign
from orchestra.agents.claude.sessions import running_sessions
from orchestra.agents.records import RunningSession
from orchestra.core.lifecycle import machine
from orchestra.core.models import Status, Worker
from orchestra.monitor.whereabouts import elsewhere, record_whereabouts, version_of
from orchestra.processes import is_running

pytestmark = pytest.mark.fast

HOME, COPY = "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"


def session(pid: int, name: str, directory: str, *, background: bool = False) -> RunningSession:
    return RunningSession(pid, name, directory, background, 0.0)


@pytest.mark.parametrize(
    ("pane", "running", "said"),
    [
        (7, [(7, HOME, ".", False)], ""),
        (7, [(7, HOME, "src", False)], ""),
        (7, [(7, HOME, "module", False)], ""),  # a submodule
        (7, [], ""),  # it has just begun, or ended: other facts tell
        (None, [], ""),
        (7, [(7, HOME, ".", False), (8, COPY, "..", True)], ""),  # somebody else's
        (7, [(7, HOME, ".", False), (8, COPY, ".", False)], ""),  # the user looks at the worktree with an agent
        (7, [(7, HOME, ".", False), (8, HOME, ".", False)], "also open in another terminal (process 8)"),
        (7, [(7, COPY, ".", False), (8, HOME, ".", True)], "in the background (process 8)"),
        (None, [(8, HOME, ".", True)], "in the background (process 8)"),
        (7, [(7, HOME, ".", False), (8, COPY, "src", True)], "another session works in its worktree"),
        (7, [(7, COPY, ".", False)], f"its pane shows another conversation, {COPY}"),
        (7, [(7, HOME, "..", False)], "which is not its worktree"),
        (7, [(7, HOME, "mine/src", False)], "which is not its worktree"),
        (7, [(7, HOME, "../gone", False)], "which is not its worktree"),
    ],
)
def test_where_it_goes_on(
    pane: int | None, running: list[tuple[int, str, str, bool]], said: str, tmp_path: Path
) -> None:
    worktree = tmp_path / "worktree"
    for name, points_to in (("src", ""), ("module", "gitdir: ../../.git/modules/module"), ("mine/src", "")):
        (worktree / name).mkdir(parents=True)
        if points_to:
            (worktree / name / ".git").write_text(points_to)
    (worktree / "mine" / ".git").write_text("gitdir: /repo/.git/worktrees/mine\n")
    worker = Worker("1", "One", Status.WORKING, "", worktree=str(worktree), agent_session=HOME)
    seen = [session(pid, name, str(worktree / place), background=back) for pid, name, place, back in running]
    found = elsewhere(worker, pane, seen)
    assert (said in found) if said else found == ""


def test_sessions_are_read_from_beside_the_transcripts(tmp_path: Path) -> None:
    place = tmp_path / "sessions"
    place.mkdir()
    facts = {"sessionId": HOME, "cwd": "/w", "startedAt": 12000, "kind": "bg"}
    for name, text in {
        "7.json": json.dumps(facts),
        "8.json": json.dumps({**facts, "spare": True}),
        "9.json": "{",
        "10.json": "[]",
        "11.json": json.dumps({"sessionId": 1, "cwd": None}),
        "notes.json": json.dumps(facts),
        "12.json": json.dumps({"sessionId": COPY, "cwd": "/w", "startedAt": 500.0, "version": "2.1.332\x1b[2J"}),
    }.items():
        (place / name).write_text(text)
    os.mkfifo(place / "13.json")
    found = running_sessions(str(tmp_path / "projects" / "-w" / f"{HOME}.jsonl"))
    assert found is not None
    other = RunningSession(12, COPY, "/w", False, 0.5, "2.1.332[2J")
    assert sorted(found) == [RunningSession(7, HOME, "/w", True, 12.0), other]
    assert running_sessions("") is None
    assert running_sessions(str(tmp_path / "a" / "b" / "c" / "d.jsonl")) is None


def test_a_process_is_known_by_its_start() -> None:
    assert is_running(os.getpid(), time.time())
    assert not is_running(os.getpid(), 1.0)  # another process had the number then
    assert not is_running(2**22 + 1, time.time())


@pytest.mark.parametrize(
    ("hook", "facts", "foreign"),
    [
        ("Stop", {"session_id": HOME}, False),
        ("Stop", {}, False),
        ("Stop", {"session_id": 7}, False),
        ("Stop", {"session_id": COPY}, True),
        ("SessionEnd", {"session_id": COPY, "reason": "other"}, True),
        ("SessionStart", {"session_id": COPY, "source": "startup"}, True),  # a spare one of the daemon
        ("SessionStart", {"session_id": COPY, "source": "clear"}, False),
        ("SessionStart", {"session_id": COPY, "source": "resume"}, False),
        ("SessionStart", {"session_id": COPY, "source": "fork"}, False),
    ],
)
def test_hooks_of_another_conversation(hook: str, facts: dict[str, object], foreign: bool) -> None:
    assert is_foreign(hook, facts, HOME) is foreign
    assert not is_foreign(hook, facts, "")


def test_a_fork_is_not_a_start() -> None:
    path = f"/{COPY}.jsonl"
    told = event_of("SessionStart", {"session_id": COPY, "source": "fork", "transcript_path": path})
    assert told is not None
    assert (told[0], told[1]["session"], told[1]["transcript"]) == ("moved", COPY, path)


@pytest.mark.parametrize(
    ("pane", "running", "version"),
    [
        (7, [(7, HOME, False, "2.1.332"), (8, HOME, False, "2.1.197")], "2.1.332"),
        (7, [(7, COPY, False, "2.1.332")], "2.1.332"),  # after /clear, whose hook has not come yet
        (6, [(7, HOME, False, "2.1.332")], "2.1.332"),  # the pane runs a script that runs the program
        (7, [(7, HOME, False, "")], ""),
        (7, [(8, HOME, True, "2.1.332"), (9, COPY, False, "2.1.332")], ""),  # in the background; another's
        (None, [], ""),
    ],
)
def test_the_version_of_the_program_that_runs(
    pane: int | None, running: list[tuple[int, str, bool, str]], version: str
) -> None:
    sessions = [RunningSession(pid, name, "/w", away, 0.0, said) for pid, name, away, said in running]
    assert version_of(Worker("1", "One", Status.WORKING, "", agent_session=HOME), pane, sessions) == version


def test_the_version_is_recorded_at_each_start_and_kept_until_the_next(tmp_path: Path, mocker: MockerFixture) -> None:
    project: Any = StubProject(tmp_path)
    worker = project.has(agent="claude", agent_session=HOME, worktree=str(tmp_path), transcript="/t/x.jsonl")
    mocker.patch("orchestra.monitor.whereabouts.processes.is_running", return_value=True)
    running = mocker.patch("orchestra.monitor.whereabouts.agents.agent").return_value.running_sessions
    for told, kept in ((["2.1.197"], "2.1.197"), (["2.1.197"], "2.1.197"), ([], "2.1.197"), (["2.1.332"], "2.1.332")):
        running.return_value = [session(4711, HOME, str(tmp_path))._replace(version=one) for one in told]
        worker = record_whereabouts(project, worker, pane(worker), lambda _: None)
        assert worker.agent_version == kept
    assert len(project.journal()) == 2
    assert machine.apply(worker, happened("launched", "spawn")).agent_version == ""


def test_a_conversation_that_left_its_pane_is_recorded_once_and_again_when_it_is_back(
    tmp_path: Path, mocker: MockerFixture
) -> None:
    project: Any = StubProject(tmp_path)
    worker = project.has(agent="claude", agent_session=HOME, worktree=str(tmp_path), transcript="/t/x.jsonl")
    mocker.patch("orchestra.monitor.whereabouts.processes.is_running", return_value=True)
    running = mocker.patch("orchestra.monitor.whereabouts.agents.agent").return_value.running_sessions
    running.return_value = [session(8, HOME, str(tmp_path), background=True)]
    said: list[str] = []
    for _ in range(2):
        worker = record_whereabouts(project, worker, pane(worker), said.append)
    assert "in the background (process 8)" in worker.elsewhere
    running.return_value = [session(4711, HOME, str(tmp_path))]
    worker = record_whereabouts(project, worker, pane(worker), said.append)
    assert worker.elsewhere == ""
    running.return_value = None  # it cannot be known
    assert record_whereabouts(project, worker, pane(worker), said.append) == worker
    assert len(project.journal()) == 2
