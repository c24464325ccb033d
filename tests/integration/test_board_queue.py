"""The queue on the board, ages that move by themselves, and tables that follow what happens; by Textual's pilot."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest
from support.boards import board, drawn, record, settled
from support.events import happened
from support.person import Person, configure, write_issue
from support.terminal import Terminal

from orchestra.core.models import AnswerChannel
from orchestra.core.waiting import wait_until
from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.text import TextView
from orchestra.ui.screens.verbs import Place, Verbs


@pytest.fixture
def console(repo: Path) -> Console:
    configure(repo, "agent: scripted", "tracker: local")
    return Console(str(repo), dict(os.environ), time.time)


def queued(console: Console, number: int, at: str) -> None:
    facts = {"id": str(number), "title": f"Task {number}", "branch": f"issue-{number}", "base": "main", "nonce": "n"}
    facts |= {"worktreePath": f"/nowhere/{number}", "agent": "scripted", "agentSession": "s", "baseCommit": "0" * 40}
    console.project.store.record(str(number), happened("spawned", "human", queued=True, **facts)._replace(at=at))


def order(text: str) -> list[str]:
    """The numbers of the workers from the top."""
    rows = [line.split("\u2502")[1].strip("\u258c ") for line in text.split("\n") if line.count("\u2502") > 1]
    return [row.split()[0] for row in rows if "\u25cc" in row]


def test_the_queue_is_moved_held_and_dropped_by_keys(console: Console) -> None:
    for number in (7, 8, 9):
        queued(console, number, f"2026-01-01T00:00:0{number}Z")

    async def story() -> None:
        async with board(console).run_test(size=(120, 30)) as pilot:
            assert order(await settled(pilot, "Task 9")) == ["7", "8", "9"]
            await pilot.press("home", "<")
            await settled(pilot, "#7 is number 1 of 3 in the queue")
            await pilot.press("G", "k")
            await pilot.press("home", ">")
            await settled(pilot, "#7 is number 2 of 3 in the queue")
            assert order(drawn(pilot.app)) == ["8", "7", "9"]
            assert "\u258c7 " in drawn(pilot.app)  # the cursor went with it
            await pilot.press("H")
            await settled(pilot, "on hold")
            await pilot.press("H")
            await settled(pilot, "#7 starts when its turn comes")
            await pilot.press("X")
            await settled(pilot, "cancel #7")
            await pilot.pause(0.35)
            await pilot.press("y")
            await settled(pilot, "\u00b7 cancelled")
            await pilot.press("U")
            await settled(pilot, "nothing starts by itself")

    asyncio.run(story())
    assert console.project.store.listing().workers[0].status == "cancelled"


def test_several_are_named_before_they_pause_and_one_that_refuses_stops_no_other(console: Console) -> None:
    for number in (1, 2, 3):
        record(console, number, f"Task {number}")
    console.project.store.record("1", happened("cancelled", "human"))

    async def story() -> None:
        async with board(console).run_test(size=(120, 30)) as pilot:
            await settled(pilot, "Task 3")
            await pilot.press("space", "space", "space", "P")
            shown = await settled(pilot, "y yes")
            assert "3 workers:" in shown
            assert "pause #1 Task 1" in shown
            await pilot.pause(0.35)
            await pilot.press("y")
            await settled(pilot, "#1 cannot be paused: it is cancelled; #2 paused; #3 paused")

    asyncio.run(story())
    states = {one.id: one.status for one in console.project.store.listing().workers}
    assert states == {"1": "cancelled", "2": "paused", "3": "paused"}


def test_issues_that_the_filter_hides_are_not_said_to_be_none(console: Console, repo: Path) -> None:
    write_issue(repo, 4, "Find a widget", "text")

    async def story() -> None:
        async with board(console).run_test(size=(120, 30)) as pilot:
            await settled(pilot, "Find a widget")
            await pilot.press("slash", *"zzz")
            assert "No open issue" not in await settled(pilot, "no issue is let through by the filter")

    asyncio.run(story())


def test_a_worker_that_is_not_queued_is_not_moved(console: Console) -> None:
    record(console, 1, "Busy")

    async def story() -> None:
        async with board(console).run_test(size=(120, 30)) as pilot:
            await settled(pilot, "Busy")
            await pilot.press("<")
            await settled(pilot, "#1 is not queued")

    asyncio.run(story())


def test_ages_move_without_a_look_at_anything(console: Console, repo: Path) -> None:
    queued(console, 7, "2026-01-01T00:00:00Z")
    clock = [time.time()]
    moving = Console(str(repo), console.environ, lambda: clock[0])
    record(moving, 1, "Busy")

    async def story() -> None:
        async with board(moving).run_test(size=(120, 30)) as pilot:
            await settled(pilot, "Busy")
            looked = pilot.app.screen._looked  # type: ignore[attr-defined]
            clock[0] += 15
            row = next(line for line in (await settled(pilot, "15s")).split("\n") if "Busy" in line)
            assert "15s" in row
            assert pilot.app.screen._looked == looked  # type: ignore[attr-defined]

    asyncio.run(story())


def test_the_table_in_a_popup_scrolls_fits_every_width_and_follows(console: Console) -> None:
    for number in range(1, 41):
        record(console, number, f"\u5bbd title {number} of a worker that has much to do " * 2)
    place = Place(popup=True, opener="list", how=AnswerChannel.POPUP)

    async def story() -> None:
        app = Orchestra(console, lambda: TextView("Workers", Verbs(console, place).table, "list"), place)
        async with app.run_test(size=(80, 24)) as pilot:
            text = await settled(pilot, "40 workers")
            assert "1-22 of" in text
            assert any(segment.style and segment.style.dim for strip in app.screen._compositor.render_strips()
                       for segment in strip)  # fmt: skip
            await pilot.press("G")
            assert "of a worker" in await settled(pilot, "40 ")
            await pilot.resize_terminal(60, 20)
            await settled(pilot, "63-80 of 84")  # what is read stays where it is
            record(console, 41, "Another", status="stuck")
            await pilot.press("g")
            await settled(pilot, "41 workers \u00b7 1 needs you")
            await pilot.press("q")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("only", "shown"),
    [("needs", "What about Paint it?"), ("list", "1 worker"), ("new", "New task"), ("issues", "no open issue")],
)
def test_one_screen_of_the_board_alone(console: Console, repo: Path, only: str, shown: str) -> None:
    record(console, 1, "Paint it", status="stuck")
    terminal = Terminal(80, 24)
    argv = [sys.executable, "-P", "-m", "orchestra", "board", "--only", only]
    script = '"$@"; echo "left: $?"; exec sleep 1000'  # tmux loses the status of a program that ends, now and then
    terminal.run(["env", "-C", str(repo), "sh", "-c", script, "-", *argv])
    terminal.shows(shown)

    def left() -> bool:  # Escape in the same breath as another key or an answer of the terminal is read as one sequence
        terminal.press("Escape")
        return wait_until(lambda: "left: 0" in terminal.text, 2.0, 0.1)

    assert wait_until(left, 20.0), terminal.text
    terminal.end()


def test_where_nothing_needs_you_a_line_says_so(repo: Path, console: Console) -> None:
    record(console, 1, "Busy")
    assert "nobody needs you" not in Person(repo).runs("board", "--only", "list", code=1).err
    assert "nobody needs you" in Person(repo).runs("board", "--only", "needs").out
