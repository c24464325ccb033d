"""What an outsider can write into a title, told whole: spawn, border, bar, list, show, log, board."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest
from support import boards
from support.boards import settled
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal, quick_fingers

from orchestra.core.text import clean
from orchestra.ui.console import Console

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

# Short enough for a pane's border; `cnry` is what a program would leave.
TITLES = (
    "#(touch cnry) #{E:#(touch cnry)} #{T:#(touch cnry)}",
    "$(touch cnry) `touch cnry` '; touch cnry; ' \"; touch cnry",
    "x\ntouch\tcnry\n. #{q:@orchestra_label} '#{@x}' %% x;",
    "-x --help #[fg=red]red #[align=right] %H%M #{pid} ##{pid}",
    "#{p2000000000:x} #{p-2000000000:x} #{W:#{@x}} #[",
    "\x1b]2;owned\x07\x1b[2J\x9b31m\u202egnp\u200b\u2066\ufeff\u241e\x1bkx\x1b\\",
    "'; run-shell 'touch cnry' #{l:#(touch cnry)} {{TOKEN}} {0}",
    "../../etc/x #{?#(touch cnry),#(touch cnry),b} #{s/x/#(y)/:z}",
)
ASK = '```script\nstatus working\nescalate "#(touch cnry) #[fg=red]which? #{pid} %H"\nhang\n```\n'
BEYOND = {"\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\u2066", "\ufeff", "\u241e"}


@pytest.fixture
def person(repo: Path) -> Person:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 30}")
    for number, title in enumerate(TITLES, 1):
        write_issue(repo, number, title, ASK if number == 1 else HANG)
    found = Person(repo)
    found.runs("up", "-d")
    return found


def test_no_title_runs_hides_or_delays_anything(person: Person, repo: Path, tmp_path: Path) -> None:
    numbers = [str(number) for number in range(1, len(TITLES) + 1)]
    terminal = Terminal(250, 50)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    person.runs("spawn", *numbers, timeout=170)
    person.sees("1", "stuck")
    terminal.shows("#(touch cnry) #[fg=red]which? #{pid} %H")
    drawn = terminal.text
    for window in person.tmux("list-windows", "-a", "-F", "#{window_id}").splitlines():
        person.tmux("select-window", "-t", window)
        eventually(lambda window=window: person.tmux("display", "-p", "#{window_id}") == window)  # type: ignore[misc]
        terminal.press("C-b", ",")
        terminal.shows("(rename-window)")
        terminal.press("Enter")
        eventually(lambda: "(rename-window)" not in terminal.text)
        drawn += terminal.text
    for number, title in zip(numbers, TITLES, strict=True):
        if title.isprintable():
            assert clean(title, 60) in drawn, f"the border of #{number}"
    said = [person.runs(verb).out for verb in ("list", "issues", "gates", "status")]
    said += [person.runs(verb, number).out for verb in ("show", "log") for number in numbers]
    said.append(person.tmux("list-panes", "-a", "-F", "#{window_name} #{pane_title} #{@orchestra_label}"))
    said.append(by_board(repo))
    assert not BEYOND & set("".join(said) + drawn)
    assert "#(" not in person.tmux("list-windows", "-a", "-F", "#{window_name}"), "a name can be run later (3.1 H)"
    begun = time.monotonic()
    person.tmux("display", "-p", "x")
    assert time.monotonic() - begun < 1, "the server hangs"
    assert [*tmp_path.rglob("cnry"), *Path(os.environ["HOME"]).rglob("cnry")] == []
    terminal.end()


def by_board(repo: Path) -> str:
    async def story() -> str:
        app = boards.board(Console(str(repo), dict(os.environ), time.time))
        async with app.run_test(size=(200, 50)) as pilot:
            await settled(pilot, "'; run-shell")
            text = await settled(pilot, "what happened")
            await pilot.press("ctrl+c")
            return text

    return asyncio.run(story())
