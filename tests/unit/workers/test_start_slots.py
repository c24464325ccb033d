"""Agents start a few at a time, in the order they came; who is killed holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.polling import eventually

from orchestra.core.models import ActivityState
from orchestra.workers import start_slots

pytestmark = pytest.mark.fast

LINE = """
import select, sys
from types import SimpleNamespace
from orchestra.workers import start_slots as starts
orchestra = SimpleNamespace(
    store=SimpleNamespace(cache=sys.argv[1]), pause=lambda seconds: select.select((), (), (), seconds)
)
starts.wait(orchestra, sys.argv[2], lambda text: print(text, flush=True))
print("starts", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
    """A process in the line of the project whose cache is `tmp_path`; what it says is in the file of its number."""
    begun: list[subprocess.Popen[str]] = []

    def queue(number: int) -> subprocess.Popen[str]:
        with (tmp_path / f"said-{number}").open("w") as out:
            argv = [sys.executable, "-c", LINE, str(tmp_path), str(number)]
            begun.append(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, text=True))
        return begun[-1]

    yield queue
    for process in begun:
        process.kill()
        process.communicate()


def test_one_more_than_there_are_places_waits_for_the_first_to_end(
    worker: Callable[[int], subprocess.Popen[str]], tmp_path: Path
) -> None:
    def said(number: int) -> str:
        return (tmp_path / f"said-{number}").read_text()

    first = []
    for number in range(start_slots.PLACES + 2):  # one by one, so that the order is known
        first.append(worker(number))
        eventually((tmp_path / f"said-{number}").read_text, why=f"#{number} to say something")
    last, after = start_slots.PLACES, start_slots.PLACES + 1
    assert [said(number) for number in range(last)] == ["starts\n"] * last
    assert said(last) == f"waiting for a start slot: {last} ahead\n"
    assert said(after) == f"waiting for a start slot: {after} ahead\n"
    first[0].kill()
    eventually(lambda: said(last).endswith("starts\n"), why="the place of a killed one to be free")
    eventually(lambda: said(after).endswith(f": {last} ahead\n"), why="the next one to come nearer")
    first[-2].kill()
    eventually(lambda: said(after).endswith("starts\n"), why="the next one to start")


def standing(cache: Path, doing: Callable[[], ActivityState]) -> Any:
    """As much of an Orchestra as a place needs."""

    def until(ask: Callable[[], bool], seconds: float, _pause: float) -> None:
        eventually(ask, seconds)

    def read(_: str) -> Any:
        return SimpleNamespace(activity=SimpleNamespace(state=doing()))

    return SimpleNamespace(store=SimpleNamespace(cache=str(cache), read=read), until=until)


@pytest.mark.parametrize("how", ["it comes up", "it is killed"])
def test_the_place_is_kept_until_the_agent_is_up(tmp_path: Path, how: str) -> None:
    up = tmp_path / "up"
    project = standing(tmp_path, lambda: ActivityState.BUSY if up.exists() else ActivityState.STARTING)
    agent = os.fork()
    if agent == 0:
        try:
            start_slots.wait(project, "7", lambda _: None)
            start_slots.keep(project, "7")
            (tmp_path / "kept").touch()
            os.execvp("sleep", ["sleep", "60"])
        finally:
            os._exit(1)
    try:
        eventually((tmp_path / "kept").exists, why="the place to be kept")
        eventually(lambda: b"sleep" in Path(f"/proc/{agent}/cmdline").read_bytes(), why="the agent to run")
        assert start_slots.in_line(project, "7")
        if how == "it comes up":
            up.touch()
        else:
            os.kill(agent, 9)
            os.waitpid(agent, 0)
        began = time.monotonic()
        eventually(lambda: not start_slots.in_line(project, "7"), why="the place to be free")
        assert time.monotonic() - began < 5
    finally:
        if how == "it comes up":
            os.kill(agent, 9)
            os.waitpid(agent, 0)


def test_where_nothing_can_be_locked_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "starts").write_text("not a directory")
    assert start_slots.wait(standing(tmp_path, lambda: ActivityState.STARTING), "7", pytest.fail) is False
    assert not start_slots.in_line(standing(tmp_path, lambda: ActivityState.STARTING), "7")
