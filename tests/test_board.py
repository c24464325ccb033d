"""The board: by Textual's pilot, and by real keys in a real terminal."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import eventually
from person import Person, configure, write_issue
from terminal import Terminal, quick_fingers

from orchestra.door import Door

ASK = """
```script
status working
escalate "Which colour?" --gate domain --option red --option blue --context "Both are in the palette."
write colour.txt "{answer}"
commit "Use {answer}"
ship
```
"""
HANG = "```script\nstatus working\nhang\n```\n"
HOSTILE = "[bold red]x[/] #(touch canary) #[fg=red] \x1b[31m $(touch canary) {n}"


@pytest.fixture
def local(repo: Path, git: Callable[..., str]) -> Person:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}")
    write_issue(repo, 1, "Choose a colour", ASK, labels="[ui]")
    write_issue(repo, 2, HOSTILE, HANG)
    write_issue(repo, 3, "Dark mode", HANG, after="[2]")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


def record(door: Door, number: int, title: str, status: str = "working") -> None:
    """A worker on record, without an agent."""
    store = door.orchestra.store
    facts = {"id": str(number), "title": title, "branch": f"issue-{number}", "base": "main", "nonce": f"n{number}"}
    facts |= {"worktreePath": f"/nowhere/{number}", "agent": "scripted", "agentSession": "s", "baseCommit": "0" * 40}
    store.record(str(number), store.event("spawned", "human", queued=False, **facts))
    store.record(str(number), store.event("accepted", "hook", guidance=[]))
    if status == "stuck":
        asked = {"gate": "domain", "summary": f"What about {title}?", "options": ["red", "blue"], "request": "r1"}
        store.record(str(number), store.event("escalated", "worker", **asked))


def drawn(app: object) -> str:
    """What is on the pilot's screen."""
    lines = app.screen._compositor.render_strips()  # type: ignore[attr-defined]
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


async def settled(pilot: object, words: str) -> str:
    """Wait until these words are on the screen."""
    for _ in range(200):
        await pilot.pause(0.02)  # type: ignore[attr-defined]
        if words in (text := drawn(pilot.app)):  # type: ignore[attr-defined]
            return text
    raise AssertionError(f"{words!r} is not on\n{drawn(pilot.app)}")  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (250, 70)])
def test_the_board_shows_who_needs_you_first(local: Person, size: tuple[int, int]) -> None:
    from orchestra.board import Board
    from orchestra.board_acts import Acts

    door = Door(str(local.where), dict(os.environ), time.time)
    record(door, 2, HOSTILE)
    record(door, 1, "Choose a colour", "stuck")

    async def story() -> None:
        app = Board(Acts(door))
        async with app.run_test(size=size) as pilot:
            text = await settled(pilot, "Dark mode")
            assert text.index("[!] #1") < text.index("#2     planning")
            assert "[bold red]x[/]" in text
            assert "\x1b" not in text
            assert text.isascii()
            text = await settled(pilot, "What about Choose a colour?")
            assert "option 1   red" in text
            await pilot.press("slash", *"dark")
            text = await settled(pilot, "#3 Dark mode")
            assert "[*] #1 Choose" not in text
            await pilot.press("escape")
            await settled(pilot, "[*] #1 Choose")
            await pilot.press("down")
            await settled(pilot, "issue-2 from main")
            record(door, 7, "A new one")
            await settled(pilot, "#7     planning")
            await pilot.press("up", "y")
            await settled(pilot, "approved for #1")
            await pilot.resize_terminal(100, 30)
            await settled(pilot, "#7     planning")
            await pilot.click("#workers", offset=(5, 1))
            await pilot.press("ctrl+c")

    asyncio.run(story())
    assert not list(local.where.rglob("canary"))


@pytest.mark.journey
def test_the_board_by_real_keys(local: Person) -> None:
    local.runs("up", "-d")
    terminal = Terminal(120, 40)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("no workers")
    terminal.press("C-b", "O")
    terminal.shows("which key?")
    terminal.press("b")
    terminal.shows("#3 Dark mode")
    assert "#(touch canary)" in terminal.text
    terminal.press("Tab", "Enter")
    local_seen(local, "1")
    local.sees("1", "stuck")
    terminal.press("Tab")
    terminal.shows("Which colour? (domain)")
    terminal.press("t")
    terminal.shows("a number picks an option")
    terminal.type("2")
    terminal.press("Enter")
    local.sees("1", "complete")
    terminal.shows("its question is answered")
    terminal.press("Enter")
    eventually(lambda: local.tmux("display-message", "-p", "#{@orchestra_worker}") == "1", 8, terminal.text)
    terminal.press("C-b", "O")
    terminal.shows("which key?")
    terminal.press("q")
    terminal.shows("#3 Dark mode")
    terminal.press("q")
    eventually(lambda: local.tmux("display-message", "-p", "#{window_name}") == "orchestrator", why="back")
    assert not list(local.where.rglob("canary"))
    terminal.end()


def local_seen(local: Person, number: str) -> None:
    eventually(lambda: number in {one["id"] for one in local.asks("list")["workers"]}, why=f"#{number}")


def test_the_board_opens_in_half_a_second_with_fifty_workers(local: Person) -> None:
    """As a ratio to what Python and Textual cost by themselves, since machines differ."""
    door = Door(str(local.where), dict(os.environ), time.time)
    for number in range(100, 150):
        record(door, number, f"Worker {number}")
    terminal = Terminal(200, 60)
    import sys

    def opens(argv: list[str], words: str) -> float:
        begun = time.monotonic()
        terminal.run(argv)
        eventually(lambda: words in terminal.text, why=words)
        took = time.monotonic() - begun
        terminal.run(["sleep", "100"])
        eventually(lambda: words not in terminal.text)
        return took

    bare = [sys.executable, "-c", "from textual.app import App\nfrom textual.widgets import Static\n"
            "class A(App):\n  def compose(self): yield Static('bare app')\nA().run()"]  # fmt: skip
    ours = ["env", "-C", str(local.where), sys.executable, "-P", "-m", "orchestra", "board"]
    plain = min(opens(bare, "bare app") for _ in range(3))
    board = min(opens(ours, "Worker 120") for _ in range(3))
    print(f"a bare Textual program {plain:.2f} s, the board {board:.2f} s")
    assert board < 2.2 * plain
    terminal.end()
