"""The form of a new task under Textual's pilot: what is shown and kept, and what a key does, at every size."""

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
from support.person import configure, write_issue

from orchestra.commands.new import drafts
from orchestra.storage.drafts import Draft
from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.new_task import NewTaskView
from orchestra.ui.screens.verbs import Place

WIDE = "\u65e5\u672c\u8a9e \u4fa1\u683c\u3092\u4e38\u3081\u308b [red]x[/] #(touch canary) and some words more"


@pytest.fixture
def console(repo: Path) -> Console:
    configure(repo)
    return Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)


def told(console: Console, story: Callable[[Any], Awaitable[None]], size: tuple[int, int] = (80, 24)) -> None:
    """A story of the form."""

    async def run() -> None:
        app = Orchestra(console, NewTaskView, Place(popup=True, opener="new"))
        async with app.run_test(size=size) as pilot:
            await settled(pilot, "Tit")
            await story(pilot)

    asyncio.run(run())


async def whole(pilot: Any, columns: int, rows: int) -> None:
    """Wait until the form has this size, its frame whole."""
    lines: list[str] = []
    for _ in range(100):
        lines = drawn(pilot.app).split("\n")
        wide = [cell_len(line) for line in lines] == [columns] * rows
        if wide and all(line[-1] in "\u2502\u2510\u2518" for line in lines):
            return
        await pilot.pause(0.02)
    raise AssertionError("\n".join(lines))


@pytest.mark.parametrize("size", [(200, 60), (80, 24), (60, 20), (20, 8)])
def test_no_line_is_wider_than_the_terminal_and_the_frame_is_whole(console: Console, size: tuple[int, int]) -> None:
    drafts(console.project).save(Draft("a", WIDE, f"{WIDE}\n" * 90, labels=(WIDE,), base=WIDE))

    async def story(pilot: Any) -> None:
        for new in (size, (33, 9), size):
            await pilot.resize_terminal(*new)
            for _ in range(12):
                await whole(pilot, *new)
                await pilot.press("tab")

    told(console, story, size)


async def typed(pilot: Any, field: str, value: str) -> None:
    """Wait until the form is back, with this in a field."""
    for _ in range(100):
        view = pilot.app.screen
        if isinstance(view, NewTaskView) and view.inputs[field].value == value:
            return
        await pilot.pause(0.02)
    raise AssertionError(drawn(pilot.app))


def test_workers_and_issues_are_chosen_from_a_list(console: Console) -> None:
    configure(Path(console.cwd), "agent: scripted", "tracker: local")
    write_issue(Path(console.cwd), 5, "Not begun", "text")
    for number in (1, 2):
        record(console, number, f"Task {number}")

    async def story(pilot: Any) -> None:
        await pilot.press(*"Mine", "ctrl+o")
        await settled(pilot, "Ctrl-O chooses in On top of and After")
        await pilot.press(*["tab"] * 4, "ctrl+o")
        assert "Not begun" not in await settled(pilot, "Task 2")
        await pilot.press(*"Task 2", "enter")
        await typed(pilot, "parent", "2")
        await pilot.press("tab", "tab", "ctrl+o")
        await settled(pilot, "Not begun")
        await pilot.press(*"begun", "tab", "ctrl+u", *"Task 1", "enter")
        await typed(pilot, "after", "5")  # what is marked is taken, as in every picker
        await pilot.press("ctrl+o")
        await settled(pilot, "Not begun")
        await pilot.press("escape")
        await typed(pilot, "after", "5")

    told(console, story)


def test_every_field_is_reached_and_kept(console: Console) -> None:
    async def story(pilot: Any) -> None:
        keys = [
            "T",
            "tab",
            "b",
            "enter",
            "c",
            "shift+enter",
            "e",
            "tab",
            *"x, y",
            "tab",
            "space",
            "tab",
            "7",
            "tab",
            "d",
            "tab",
            *"#4 5",
        ]
        keys += ["tab", "tab", "m", "tab", "space", "shift+tab", "shift+tab"]
        await pilot.press(*keys)
        await settled(pilot, "not yet")
        await pilot.pause(0.5)
        (kept,) = drafts(console.project).all()
        assert (kept.title, kept.body, kept.labels, kept.start) == ("T", "b\nc\ne", ("x", "y"), False)
        assert (kept.parent, kept.base, kept.after, kept.model, kept.plan) == ("7", "d", ("#4", "5"), "m", "auto")
        assert not drafts(console.project).free(), "an open form holds its draft"

    told(console, story)


def test_a_second_form_begins_anew_and_a_kept_draft_comes_back(console: Console) -> None:
    kept = drafts(console.project)
    kept.save(Draft("a", "Kept", "words"))

    async def story(pilot: Any) -> None:
        assert "Kept" in await settled(pilot, "a draft from")
        await pilot.press("ctrl+n")
        await settled(pilot, "a new task")
        await pilot.press("N", "escape")
        await pilot.pause(0.2)

    told(console, story)
    assert {one.title for one in kept.all()} == {"Kept", "N"}


def test_a_draft_is_thrown_away_only_by_yes(console: Console) -> None:
    kept = drafts(console.project)
    kept.save(Draft("a", "Kept", "words"))

    async def story(pilot: Any) -> None:
        await pilot.press("ctrl+x")
        await settled(pilot, "throw this draft away?")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert kept.all(), "no by default"
        await pilot.press("ctrl+x", "y")
        await pilot.pause(0.1)
        assert not kept.all()

    told(console, story)


def test_what_is_refused_is_said_and_stays(console: Console) -> None:
    async def story(pilot: Any) -> None:
        await pilot.press("enter")
        await settled(pilot, "a task needs a title")
        await pilot.press("T", "tab", "tab", "tab", "tab", "9", "9", "ctrl+s")
        await settled(pilot, "there is no worker #99")
        assert [one.title for one in drafts(console.project).all()] == ["T"]
        await pilot.press("space")
        await pilot.pause(0.1)
        assert "there is no worker" not in drawn(pilot.app), "until the next key"

    told(console, story)


def test_f1_shows_the_keys(console: Console) -> None:
    async def story(pilot: Any) -> None:
        await pilot.press("f1")
        await settled(pilot, "title and text in your editor")
        await pilot.press("x")
        await settled(pilot, "Enter creates it")

    told(console, story)


def test_a_repository_without_remote_and_issues_gets_its_first(repo: Path) -> None:
    """As `orchestra new TITLE` does; before, the form broke."""
    (repo / "orchestra.yaml").write_text("agent: scripted\n")
    console = Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)

    async def story(pilot: Any) -> None:
        await settled(pilot, "this repository")
        await pilot.press("T", "tab", "tab", "tab", "space", "ctrl+s")
        for _ in range(200):
            if (issues := repo / ".orchestra" / "issues").is_dir() and [*issues.iterdir()]:
                return
            await pilot.pause(0.02)
        raise AssertionError(drawn(pilot.app))

    told(console, story)
