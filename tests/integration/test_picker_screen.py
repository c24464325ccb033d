"""The picker under Textual's pilot: type to narrow, mark, take, leave, at every size."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from support.boards import drawn, settled
from support.person import configure

from orchestra.ui.console import Console
from orchestra.ui.screens import choices
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.picker import Choice, PickerView, Rows
from orchestra.ui.screens.verbs import Outcome, Place

WIDE = "\u65e5\u672c\u8a9e \u4fa1\u683c\u3092\u4e38\u3081\u308b [red]x[/] #(touch canary) and some words more " * 3
ROWS = [
    Choice(str(n), f"#{n:<5}", f"Issue {n}", "bug" if n % 2 else "", preview=(f"text of {n}",)) for n in range(1, 1001)
]


class Taken:
    """What was taken."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, keys: Sequence[str]) -> Outcome:
        self.keys += keys
        return Outcome(said="done")


def told(
    repo: Path, story: Callable[[Any, Taken], Awaitable[None]], rows: Sequence[Choice] = ROWS,
    size: tuple[int, int] = (110, 24), *, many: bool = True, framed: bool = False,
) -> Taken:  # fmt: skip
    """A story of the picker."""
    configure(repo)
    console = Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)
    taken = Taken()

    async def run() -> None:
        view = PickerView("Choose", lambda: Rows(rows), taken, verb="takes", empty="There is none.", many=many)
        app = Orchestra(console, lambda: view, Place(popup=True, framed=framed))
        async with app.run_test(size=size) as pilot:
            await settled(pilot, ">")
            await story(pilot, taken)

    asyncio.run(run())
    return taken


def test_typing_narrows_and_enter_takes_the_best(repo: Path) -> None:
    async def story(pilot: Any, taken: Taken) -> None:
        assert "text of 1" in await settled(pilot, "1000 of 1000")
        await pilot.press(*"#777", "enter")
        await pilot.pause(0.2)
        assert taken.keys == ["777"]

    told(repo, story)


def test_tab_marks_several_and_enter_takes_them_all(repo: Path) -> None:
    async def story(pilot: Any, taken: Taken) -> None:
        await settled(pilot, "1000 of 1000")
        await pilot.press("tab", "down", "tab", "ctrl+n", "up", "shift+tab")
        await settled(pilot, "3 marked")
        await pilot.press("enter")
        await pilot.pause(0.2)
        assert taken.keys == ["1", "3", "4"]

    told(repo, story)


def test_escape_takes_nothing_and_an_empty_list_says_what_to_do(repo: Path) -> None:
    async def story(pilot: Any, taken: Taken) -> None:
        await settled(pilot, "There is none.")
        await pilot.press("enter", "escape")
        await pilot.pause(0.1)
        assert taken.keys == []

    told(repo, story, rows=())


def test_what_cannot_be_read_is_not_called_empty(repo: Path) -> None:
    (repo / "orchestra.yaml").write_text("agent: scripted\n")  # neither a remote nor local issues
    console = Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)

    async def run() -> None:
        app = Orchestra(console, lambda: choices.issues_picker(console.project, None), Place())
        async with app.run_test(size=(80, 24)) as pilot:
            assert "There is no open issue" not in await settled(pilot, "It is not known what there is.")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("size", "framed"), [((200, 60), False), ((60, 20), False), ((20, 6), False), ((80, 24), True)]
)
def test_no_line_is_wider_than_the_terminal(repo: Path, size: tuple[int, int], framed: bool) -> None:
    rows = [Choice(str(n), f"\u25cf #{n:<5} question", WIDE, WIDE, preview=(WIDE, "", WIDE)) for n in range(90)]

    async def story(pilot: Any, taken: Taken) -> None:
        await settled(pilot, "\u258c")
        for key in ("tab", "pagedown", "x", "ctrl+u"):
            await pilot.press(key)
            lines = drawn(pilot.app).split("\n")
            assert [cell_len(line) for line in lines] == [size[0]] * size[1]
            assert ("\u2502" in lines[1]) is not framed, "one frame: tmux's or this one"

    told(repo, story, rows, size, framed=framed)
