"""A worker that ended its turn with nothing to wait for: told once, then the user is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from support.stub_project import START, StubProject, doing

from orchestra.core.models import ActivityState, Delivery, Guidance, Status, Worker
from orchestra.monitor import stall

pytestmark = pytest.mark.fast

LIMIT = 600.0
IDLE = doing(ActivityState.WAITING, seconds=LIMIT + 1)


def told(state: Delivery, text: str = "Go on.") -> Guidance:
    return Guidance("g1", "human", text, state)


@pytest.mark.parametrize(
    ("changes", "stalled"),
    [
        ({}, True),
        ({"status": Status.PLANNING}, True),
        ({"status": Status.COMPLETE}, False),
        ({"status": Status.STUCK}, False),
        ({"activity": doing(ActivityState.WAITING, seconds=LIMIT - 1)}, False),
        ({"activity": doing(ActivityState.BUSY, seconds=LIMIT + 1)}, False),
        ({"activity": IDLE._replace(background="its subagent: fix it")}, False),
        ({"activity": IDLE._replace(background="a scheduled wake-up: look at CI")}, False),
        ({"activity": IDLE._replace(background="its shell: npm run dev")}, True),
        ({"activity": IDLE._replace(since="")}, False),
        ({"guidance": (told(Delivery.QUEUED),)}, False),
        ({"guidance": (told(Delivery.DELIVERED),)}, True),
    ],
    ids=[
        "at its prompt", "while planning", "shipped", "it has asked", "not yet", "it works", "its subagent works",
        "it wakes up by itself", "a program that may never end", "not known since when", "words are on their way", "it has its words",
    ],
)  # fmt: skip
def test_when_a_worker_counts_as_stalled(changes: dict[str, Any], stalled: bool) -> None:
    given = {"status": Status.WORKING, "status_since": "", "activity": IDLE, **changes}
    assert stall.is_stalled(Worker("7", "One", **given), START, LIMIT) is stalled


def test_an_agent_that_has_used_a_tool_since_its_turn_ended_is_not_told(tmp_path: Path) -> None:
    project: Any = StubProject(tmp_path)
    late = project.config.limits.stall + 1
    project.has(activity=doing(ActivityState.WAITING, seconds=late))
    beat = Path(project.store.file("7", "heartbeat"))
    beat.write_text("\n")
    os.utime(beat, (START - 60, START - 60))
    stall.remind_or_ask(project, "7", lambda _: None)
    assert project.worker().guidance == ()
    os.utime(beat, (START - late, START - late))
    stall.remind_or_ask(project, "7", lambda _: None)
    assert [one.text for one in project.worker().guidance] == [stall.WORDS]


def test_it_is_told_once_and_then_the_user_is_asked(tmp_path: Path) -> None:
    project: Any = StubProject(tmp_path)
    said: list[str] = []
    late = project.config.limits.stall + 1
    project.has(activity=doing(ActivityState.WAITING, seconds=late))
    stall.remind_or_ask(project, "7", said.append)
    assert [one.text for one in project.worker().guidance] == [stall.WORDS]
    stall.remind_or_ask(project, "7", said.append)
    assert said == ["#7 ended its turn with its work unfinished: it is told so"], "words on their way are waited for"

    worker = project.worker()
    heard = tuple(one._replace(state=Delivery.DELIVERED) for one in worker.guidance)
    project.has(guidance=heard, activity=doing(ActivityState.WAITING, seconds=late))
    stall.remind_or_ask(project, "7", said.append)
    assert said[1:] == ["#7 is still idle after a reminder: it needs you"]
    assert project.worker().status is Status.STUCK
    assert "twice ended its turn" in (project.worker().stuck_reason or "")
