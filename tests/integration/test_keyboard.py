"""How the screens read keys from a terminal; what they hold up in a popup is lost to tmux."""

from __future__ import annotations

import asyncio
import os
import pty
import selectors
import sys
import threading
import tty
from collections.abc import Iterator

import pytest
from support.polling import eventually
from textual.app import App

from orchestra.ui.screens.keyboard import Keyboard

pytestmark = pytest.mark.fast


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal that the driver takes for its own; what a user types is written into it."""
    here, there = pty.openpty()
    tty.setraw(there)
    with os.fdopen(there) as terminal:
        monkeypatch.setattr(sys, "__stdin__", terminal)
        yield here
    os.close(here)


def test_it_waits_for_keys_without_looking_and_ends_at_once(typed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found, waits, select = list[str](), list[float | None](), selectors.SelectSelector.select

    def watched(self: selectors.SelectSelector, wait: float | None = None) -> object:
        waits.append(wait)
        return select(self, wait)

    monkeypatch.setattr(selectors.SelectSelector, "select", watched)

    async def made() -> Keyboard:
        return Keyboard(App[None]())

    driver = asyncio.run(made())
    monkeypatch.setattr(driver, "process_message", lambda event: found.append(event.key))
    for _ in range(2):  # again after an editor had the terminal
        found.clear()
        reading = threading.Thread(target=driver.run_input_thread)
        reading.start()
        os.write(typed, b"\x1b")
        eventually(lambda: found == ["escape"], why="Esc alone")
        os.write(typed, b"\x1b[A\xc3")
        eventually(lambda: found == ["escape", "up"], why="a key that is a sequence")
        os.write(typed, b"\xa4")
        eventually(lambda: found == ["escape", "up", "ä"], why="a letter in two parts")
        before = len(waits)
        os.write(typed, b"\xc3")
        eventually(lambda before=before: len(waits) > before, why="half a letter alone to be read")  # type: ignore[misc]
        os.write(typed, b"\xa4")
        eventually(lambda: found == ["escape", "up", "ä", "ä"], why="its other half")
        eventually(lambda: waits[-1] is None, why="nothing to look for")
        driver.exit_event.set()
        reading.join(20)
        assert not reading.is_alive()
        driver.exit_event.clear()
