"""The screen of what needs the user, under Textual's pilot: what is shown, what a key does, at every size."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.boards import drawn, record, settled
from support.events import happened
from support.person import configure

from orchestra.core.look import Look
from orchestra.core.models import Worker
from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.base import GUARD_SECONDS
from orchestra.ui.screens.needs import NeedsView
from orchestra.ui.screens.paper import Paper, Span
from orchestra.ui.screens.verbs import Place

WIDE = "\u65e5\u672c\u8a9e \u4fa1\u683c\u3092\u4e38\u3081\u308b [red]x[/] #(touch canary) and some words more"


@pytest.fixture
def console(repo: Path) -> Console:
    configure(repo)
    return Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)


def told(
    console: Console, first: str, story: Callable[[Any], Awaitable[None]], size: tuple[int, int] = (80, 24)
) -> None:
    """A story of the screen, opened by a key at the pane of worker 1."""

    async def run() -> None:
        place = Place(popup=True, worker="1", opener=first)
        app = Orchestra(console, lambda: NeedsView(first, "1" if first == "tell" else ""), place)
        async with app.run_test(size=size) as pilot:
            await story(pilot)

    asyncio.run(run())


def worker(console: Console, number: str = "1") -> Worker:
    found = console.project.store.read(number)
    assert found is not None
    return found


def test_its_changes_lie_over_the_question_and_leave_it_open(console: Console) -> None:
    record(console, 1, "Choose", "stuck")

    async def story(pilot: Any) -> None:
        await settled(pilot, "What about Choose?")
        await pilot.pause(GUARD_SECONDS + 0.1)
        await pilot.press("d")
        await settled(pilot, "Files")
        await pilot.press("g", "q")
        await settled(pilot, "What about Choose?")
        assert worker(console).escalation is not None

    told(console, "gates", story)


@pytest.mark.parametrize("size", [(200, 60), (120, 36), (80, 24), (60, 20), (40, 10), (20, 6), (8, 3)])
def test_no_line_is_wider_than_the_terminal_and_the_frame_is_whole(console: Console, size: tuple[int, int]) -> None:
    record(console, 1, WIDE, "stuck")

    async def story(pilot: Any) -> None:
        await pilot.pause(0.1)
        lines = drawn(pilot.app).split("\n")
        assert [cell_len(line) for line in lines] == [size[0]] * size[1]
        assert all(line[-1] in "\u2502\u2510\u2518" for line in lines)
        await pilot.resize_terminal(33, 9)
        await pilot.pause(0.1)
        assert [cell_len(line) for line in drawn(pilot.app).split("\n")] == [33] * 9

    told(console, "gates", story, size)


def test_a_key_in_the_same_breath_answers_nothing(console: Console) -> None:
    record(console, 1, "One", "stuck")

    async def story(pilot: Any) -> None:
        await settled(pilot, "2 blue")
        pilot.app.screen.arrive()  # something new is on the screen
        await pilot.press("2")
        assert not pilot.app.screen.busy
        assert worker(console).escalation is not None
        await pilot.press("down")
        assert "\u258c2 blue" in drawn(pilot.app), "what only moves is never guarded"

    told(console, "gates", story)


def test_what_was_answered_elsewhere_is_said_and_answers_nothing_else(console: Console) -> None:
    record(console, 1, "One", "stuck")
    record(console, 2, "Two", "stuck")

    async def story(pilot: Any) -> None:
        await settled(pilot, "1 of 2")
        console.project.store.record("1", happened("cancelled", "human"))
        shown = await settled(pilot, "answered elsewhere")
        assert "#2 Two" in shown

    told(console, "gates", story)


@pytest.mark.parametrize("key", ["escape", "q", "g"])
def test_it_closes_by_escape_by_back_and_by_the_key_that_opened_it(console: Console, key: str) -> None:
    record(console, 1, "One", "stuck")

    async def story(pilot: Any) -> None:
        await settled(pilot, "2 blue")
        await pilot.press(key)
        await pilot.pause(0.1)
        assert not pilot.app.is_running or pilot.app._exit

    told(console, "gates", story)


def test_a_long_request_is_read_to_its_end_before_yes(console: Console) -> None:
    record(console, 1, "One")
    plan = "\n".join(f"line {number}" for number in range(1, 60))
    asked = {"gate": "permission", "summary": "Drop the table?", "context": plan, "request": "p"}
    console.project.store.record("1", happened("escalated", "worker", **asked))

    async def story(pilot: Any) -> None:
        shown = await settled(pilot, "of 60")
        assert "line 59" not in shown
        await pilot.pause(GUARD_SECONDS)
        await pilot.press("y")
        await settled(pilot, "read it to its end first")
        assert worker(console).escalation is not None
        await pilot.press("end")
        await settled(pilot, "line 59")

    told(console, "approve", story)


def test_a_click_chooses_and_the_wheel_scrolls(console: Console) -> None:
    record(console, 1, "One", "stuck")

    async def story(pilot: Any) -> None:
        shown = await settled(pilot, "2 blue")
        row = next(y for y, line in enumerate(shown.split("\n")) if "2 blue" in line)
        await pilot.click(offset=(5, row))
        await settled(pilot, "\u258c2 blue")

    told(console, "gates", story)


@pytest.mark.fast
@pytest.mark.parametrize("look", [Look(), Look(ascii=True), Look(plain=True)])
def test_text_on_paper_is_cut_to_its_place(look: Look) -> None:
    for width in range(1, 60):
        paper = Paper(width, 3, look)
        paper.put(0, 0, width, [Span(WIDE), Span("after")])
        paper.fill(0, 1, width, WIDE, style=Span("").style)
        paper.box(0, 2, width, 1, title=WIDE, right="right")
        assert [strip.cell_length for strip in paper.strips()] == [width] * 3
        if look.ascii:
            assert "\u2026" not in "".join(strip.text for strip in paper.strips())
