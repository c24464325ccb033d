"""The board: by Textual's pilot, and by real keys in a real terminal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from pytest_mock import MockerFixture
from rich.cells import cell_len
from support.boards import board, drawn, record, settled
from support.events import happened
from support.person import ASK, HANG, Person, configure, write_issue
from support.polling import eventually, unguarded
from support.terminal import Terminal, quick_fingers

from orchestra.agents.usage import Usage
from orchestra.commands.spawn import Spawned
from orchestra.core.attention import ObservedWorker
from orchestra.core.look import Look
from orchestra.core.models import Changes, Status, Worker
from orchestra.core.pull_request import Pull
from orchestra.core.state import Shown, State
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.git.worktrees import READY
from orchestra.ui import worker_table
from orchestra.ui.console import Console
from orchestra.ui.screens import board_rows
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.base import GUARD_SECONDS
from orchestra.ui.screens.keymap import textual_key
from orchestra.ui.screens.paper import Paper
from orchestra.ui.screens.verbs import Place, Verbs
from orchestra.workers.overview import WorkerRow
from orchestra.workers.token_usage import Tokens

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


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (250, 70)])
def test_the_board_shows_who_needs_you_first(local: Person, size: tuple[int, int]) -> None:
    console = Console(str(local.where), dict(os.environ), time.time)
    record(console, 2, HOSTILE)
    record(console, 1, "Choose a colour", "stuck")

    async def story() -> None:
        app = board(console)
        async with app.run_test(size=size) as pilot:
            text = await settled(pilot, "Dark mode")
            assert text.index("\u25cf question") < text.index("\u00b7 resting")
            assert "[bold red]x" in text
            assert "\u258c1 " in text
            if size[0] < 100:
                await pilot.press("tab")
            text = await settled(pilot, "What about Choose a colour?")
            assert "1  red" in text or "1. red" in text or "red" in text
            assert of_the_terminal(app)
            await pilot.press("escape" if size[0] < 100 else "home")
            await pilot.press("slash", *"dark")
            text = await settled(pilot, "\u258c3 ")
            assert "Choose a colour" not in text
            await pilot.press("escape")
            await settled(pilot, "Choose a colour")
            await pilot.press("home", "down")
            if size[0] >= 100:
                await settled(pilot, "issue-2 from main")
            record(console, 7, "A new one")
            await settled(pilot, "A new one")
            await pilot.press("home", "y")
            await settled(pilot, "Enter answers")
            await pilot.pause(GUARD_SECONDS)
            await pilot.press("1")
            await settled(pilot, "#1: g1 is queued")
            for other in ((100, 30), (60, 15), size):
                await pilot.resize_terminal(*other)
                await pilot.pause(0.1)
                text = await settled(pilot, "\u258c")
                assert {cell_len(line) for line in text.split("\n")} == {other[0]}
            assert of_the_terminal(app)
            await pilot.press("ctrl+c")

    asyncio.run(story())
    assert not list(local.where.rglob("canary"))


def of_the_terminal(app: Orchestra) -> bool:
    """Whether every colour is one of the terminal's own sixteen, or its default."""
    styles = [segment.style for strip in app.screen._compositor.render_strips() for segment in strip if segment.style]
    colours = {colour for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
    return all(colour.type.name in ("DEFAULT", "STANDARD") for colour in colours)


def test_the_board_has_all_about_the_selected_worker(local: Person, git: Callable[..., str], tmp_path: Path) -> None:
    """Question and options, plan, files, pull request, timeline; on its line age, changes, checks, tokens."""
    tree, plan, transcript = tmp_path / "tree", tmp_path / "plan.md", tmp_path / "t.jsonl"
    git("-C", local.where, "worktree", "add", "-q", tree)
    (local.where / ".git" / "worktrees" / "tree" / READY).touch()
    (tree / "README.md").write_text("# widgets\nmore\n")
    plan.write_text("Ask first.\n\x1b[31mThen paint.\n")
    usage = {"id": "m", "usage": {"input_tokens": 500, "output_tokens": 1_700_000}}
    transcript.write_text(json.dumps({"type": "assistant", "message": usage}) + "\n")
    console = Console(str(local.where), dict(os.environ), time.time)
    record(console, 1, "Paint it", worktree=str(tree), baseCommit=git("-C", local.where, "rev-parse", "HEAD"))
    store = console.project.store
    store.record("1", happened("started", "hook", session="s", transcript=str(transcript)))
    store.record("1", happened("reported", "worker", status="working", plan=str(plan)))
    store.record("1", happened("shipped", "worker", url="https://github.com/acme/widgets/pull/9"))
    pull = {"number": 9, "state": "open", "headSha": "a" * 40, "checks": "failing", "reviewDecision": None,
            "unresolved": 2, "mergeable": False, "observedAt": stamp(time.time() - 90)}  # fmt: skip
    store.record("1", happened("pull", "monitor", pullRequest=pull, url="https://github.com/acme/widgets/pull/9"))

    async def story() -> None:
        async with board(console).run_test(size=(160, 60)) as pilot:
            await settled(pilot, "1 +1 -0  #9 \u2718")
            text = await settled(pilot, "\u2500\u2500 what happened")
            for words in ("README.md | 1 +", "1.7M tokens", "https://github.com/acme/widgets/pull/9", "2 threads open",
                          "pull request opened: https"):  # fmt: skip
                assert words in text, (words, text)
            await pilot.resize_terminal(80, 24)
            await settled(pilot, "+1 -0")
            await pilot.press("tab")
            before = await settled(pilot, "\u2500\u2500 pull request")
            await pilot.press("ctrl+d")
            await pilot.pause(0.1)
            assert drawn(pilot.app) != before

    asyncio.run(story())


def test_a_click_chooses_and_a_double_click_spawns(local: Person) -> None:
    """By one click alone an issue would be spawned by a slip of the hand."""
    console = Console(str(local.where), dict(os.environ), time.time)

    async def story() -> None:
        app = board(console)
        spawned: list[str] = []
        app.verbs.spawn = lambda numbers: spawned.extend(numbers) or f"#{numbers[0]} spawned"  # type: ignore[func-returns-value,method-assign]
        async with app.run_test(size=(120, 40)) as pilot:
            text = await settled(pilot, "Dark mode")
            row = next(y for y, line in enumerate(text.split("\n")) if "Dark mode" in line)
            await pilot.click(offset=(8, row))
            text = await settled(pilot, "blocked by #2")
            assert "#3 Dark mode" in text
            assert "```script" in text
            assert not spawned
            await pilot.click(offset=(8, row), times=2)
            await settled(pilot, "#3 spawned")
            assert spawned == ["3"]

    asyncio.run(story())


def test_what_came_of_each_of_several_is_said(local: Person, mocker: MockerFixture) -> None:
    console = Console(str(local.where), dict(os.environ), time.time)
    verbs = Verbs(console, Place())
    went = [Spawned("2", "spawned"), Spawned("3", "failed", "it is closed", "open it again"), Spawned("4", "queued")]
    mocker.patch("orchestra.commands.spawn.spawn", return_value=went)
    with pytest.raises(OrchestraError, match="#2 spawned, #3 failed: it is closed, #4 queued") as wrong:
        verbs.spawn(["2", "3", "4"])
    assert wrong.value.hint == "open it again"
    mocker.patch("orchestra.commands.spawn.spawn", return_value=[went[0], went[2]])
    assert verbs.spawn(["2", "4"]) == "#2 spawned, #4 queued"


def test_the_first_screen_waits_for_neither_git_nor_the_tracker(local: Person) -> None:
    console = Console(str(local.where), dict(os.environ), time.time)
    record(console, 1, "Choose a colour", "stuck")
    answers = Event()
    repository, tracker = console.project.repository, console.project.tracker
    ready, issues = repository.ready, tracker.issues
    asked: list[bool] = []  # whether the screen was there when the answer came

    def late() -> None:
        asked.append(answers.wait(15))

    repository.ready = lambda path: late() or ready(path)  # type: ignore[func-returns-value,method-assign]
    tracker.issues = lambda: late() or issues()  # type: ignore[func-returns-value,method-assign]

    async def story() -> None:
        async with board(console).run_test(size=(120, 40)) as pilot:
            text = await settled(pilot, "\u258c1 ")
            assert "What about Choose a colour?" in text
            assert "Dark mode" not in text
            await pilot.press("tab", "tab")
            answers.set()
            await settled(pilot, "Dark mode")
            await settled(pilot, "\u2500\u2500 what happened")

    asyncio.run(story())
    assert asked
    assert all(asked)


def test_its_keys_are_those_of_the_config(local: Person) -> None:
    configure(local.where, "agent: scripted", "tracker: local", "keys: {approve: M-y, spawn: ',', back: null}")
    console = Console(str(local.where), dict(os.environ), time.time)
    record(console, 1, "Choose a colour", "stuck")

    async def story() -> None:
        async with board(console).run_test(size=(160, 40)) as pilot:
            await settled(pilot, ", spawn")
            await pilot.press("question_mark")
            text = await settled(pilot, "any key closes this")
            assert "M-y            approve what it asks" in text
            assert "back to where you came from" not in text
            await pilot.press("x", "y", "q")
            await pilot.pause(0.1)
            assert "Workers" in drawn(pilot.app)
            await pilot.press("alt+y")
            await settled(pilot, "Enter answers")

    asyncio.run(story())


def test_without_unicode_the_board_is_ascii(local: Person) -> None:
    console = Console(str(local.where), {**os.environ, "LC_ALL": "C"}, time.time)
    record(console, 1, "Fenêtre \u4e16\u754c")

    async def story() -> None:
        async with board(console).run_test(size=(80, 24)) as pilot:
            await settled(pilot, "Fen")

    asyncio.run(story())


@pytest.mark.fast
@pytest.mark.parametrize(
    ("key", "name"),
    [("s", "s"), ("S", "S"), ("?", "?"), ("C-s", "ctrl+s"), ("C-M-Up", "ctrl+alt+up"), ("F5", "f5"), (",", "comma")],
)
def test_a_key_of_tmux_in_the_words_of_textual(key: str, name: str) -> None:
    assert textual_key(key) == name


@pytest.mark.fast
@pytest.mark.parametrize("columns", [40, 53, 80, 110, 180])
@pytest.mark.parametrize("title", ["Short", "x" * 200, "\u4e16\u754c" * 60, HOSTILE])
def test_a_worker_s_line_fits(columns: int, title: str) -> None:
    worker = Worker(id="12345", title=title, status=Status.SHIPPING, status_since="", pull=Pull(1234, "open"))
    row = WorkerRow(
        ObservedWorker(worker),
        None,
        Shown(State.WAITING, "waiting for CI"),
        86400.0 * 40,
        Changes(12, 3456, 7890),
        86400.0 * 40,
        tokens=Tokens(Usage(written=12_345_678)),
    )
    paper = Paper(columns, 3, Look())
    line = "".join(span.text for span in board_rows.worker_line(row, worker_table.columns([row], columns), paper))
    assert cell_len(line) <= max(columns, 46)
    assert "\u25cc waiting for CI" in line
    assert line.startswith("12345 ")
    assert "\x1b" not in line


@pytest.mark.journey
def test_the_board_by_real_keys(local: Person) -> None:
    local.runs("up", "-d")
    terminal = Terminal(120, 40)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("0:")
    terminal.key_table()
    terminal.press("b")
    terminal.shows("Dark mode")
    terminal.press("Home", "Down")
    terminal.shows("#2 [bold red]x[/] #(touch canary)")
    terminal.click(*terminal.place("Dark mode"))
    terminal.shows("blocked by #2")
    assert not local.asks("list")["workers"]
    terminal.press("Up", "Up", "Enter")
    local_seen(local, "1")
    local.sees("1", "stuck")
    terminal.press("Home")
    terminal.shows("Which colour?")
    terminal.press("t")
    terminal.shows("Enter answers")
    unguarded()
    terminal.press("2")
    local.sees("1", "complete")
    terminal.shows("Dark mode")
    terminal.press("Home", "Enter")
    eventually(lambda: local.tmux("display-message", "-p", "#{@orchestra_worker}") == "1", 8, terminal.text)
    terminal.shows("scripted agent")
    terminal.key_table()
    terminal.press("q")
    terminal.shows("Dark mode")
    terminal.press("q")
    eventually(lambda: local.tmux("display-message", "-p", "#{window_name}") == "orchestrator", why="back")
    board = ["env", "-C", str(local.where), sys.executable, "-P", "-m", "orchestra", "board"]
    for key, window in (("w", "1"), ("o", "")):  # outside of the workspace: the terminal goes there
        terminal.run(board)
        terminal.shows("Dark mode")
        terminal.press(key)
        if key == "w":
            terminal.shows("Enter goes there")
            terminal.shows("\u258c")
            terminal.type("#1")
            terminal.press("Enter")
        terminal.shows("[widgets-")
        here = "#{@orchestra_worker}"
        eventually(lambda w=window, h=here: local.tmux("display-message", "-p", h) == w, why=f"at {window}")  # type: ignore[misc]
    assert not list(local.where.rglob("canary"))
    terminal.end()


def local_seen(local: Person, number: str) -> None:
    eventually(lambda: number in {one["id"] for one in local.asks("list")["workers"]}, why=f"#{number}")
