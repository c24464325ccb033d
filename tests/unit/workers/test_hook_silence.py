from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_mock import MockerFixture
from support.stub_project import StubProject, doing, pane

from orchestra.agents.claude.transcript import hooked_at
from orchestra.core.models import ActivityState, Status
from orchestra.core.text import seconds_of
from orchestra.workers import hook_silence
from orchestra.workers.hook_silence import silence
from orchestra.workers.start_slots import START_SECONDS

pytestmark = pytest.mark.fast
SIGN = seconds_of("2026-01-08T11:00:00Z") or 0.0


@pytest.mark.parametrize(
    ("hooked", "now", "dead"),
    [
        ("2026-01-08T11:05:00.123Z", 600.0, True),
        ("2026-01-08T11:05:00.123Z", 330.0, False),  # its hook may still come
        ("2026-01-08T11:00:30.123Z", 600.0, False),  # of the time of the last sign
        ("2026-01-08T10:00:00.000Z", 600.0, False),
        ("", 600.0, False),
        ("yesterday", 600.0, False),
    ],
)
def test_a_hook_that_should_have_been_heard(hooked: str, now: float, dead: bool) -> None:
    assert bool(silence(SIGN, hooked, SIGN + now, "7")) is dead


@pytest.mark.parametrize(
    ("state", "after", "box", "said"),
    [
        (ActivityState.STARTING, START_SECONDS + 1, "", True),
        (ActivityState.STARTING, START_SECONDS - 1, "", False),  # its first hook may still come
        (ActivityState.STARTING, START_SECONDS + 1, None, False),  # a dialog, or nothing at all
        (ActivityState.WAITING, START_SECONDS + 1, "", False),  # it was heard
    ],
)
def test_a_program_that_has_called_no_hook_since_its_start(
    state: ActivityState, after: float, box: str | None, said: bool, tmp_path: Path, mocker: MockerFixture
) -> None:
    project: Any = StubProject(tmp_path)
    worker = project.has(status=Status.REGISTERED, activity=doing(state))
    project.clock += after
    mocker.patch(
        "orchestra.workers.hook_silence.agents.agent", return_value=SimpleNamespace(composer_text=lambda _: box)
    )
    assert bool(hook_silence.unheard_start(project, worker, pane(worker))) is said


def entry(at: str, kind: str = "assistant", **message: object) -> str:
    side = message.pop("side", False)
    return json.dumps({"type": kind, "timestamp": at, "isSidechain": side, "message": message})


TOOL = [{"type": "tool_use", "name": "Bash"}]
TEXT = [{"type": "text", "text": "thinking"}]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([entry("1", content=TOOL)], "1"),
        ([entry("1", content=TOOL), entry("2", content=TEXT)], "1"),
        ([entry("1", content=TEXT, stop_reason="end_turn")], "1"),
        ([entry("1", content=TOOL), entry("2", content=TOOL, side=True)], "1"),  # an agent that it started
        ([entry("1", kind="user", content=TEXT), "{", "[]", '"assistant"'], ""),
        ([], ""),
    ],
)
def test_the_last_record_that_a_hook_tells_of(lines: list[str], found: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    assert hooked_at(str(tmp_path / "t.jsonl")) == found
