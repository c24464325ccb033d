"""What a command says while it works: on a terminal, in place, and nowhere else."""

from __future__ import annotations

import fcntl
import io
import pty
import struct
import sys
import termios
from pathlib import Path

import pytest
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal
from support.tmux_version import this_tmux

from orchestra.tmux.capabilities import QUIET_DEATH
from orchestra.ui.progress import Progress

ORCHESTRA = f"{sys.executable} -P -m orchestra"


@pytest.mark.journey
def test_spawn_says_how_far_each_worker_is_until_its_agent_works(repo: Path) -> None:
    go = repo.parent / "go"
    configure(repo, "agent: scripted", "tracker: local", f"setup: until test -e {go}; do sleep 0.1; done")
    for number in (1, 2):
        write_issue(repo, number, "Dark mode", HANG)
    terminal = Terminal(60, 20, {"PS1": "$ "})
    terminal.run(["sh", "-c", f"cd {repo} && exec sh"])
    terminal.type(f"clear; {ORCHESTRA} spawn 1 2")
    terminal.press("Enter")
    terminal.shows("#1 setup: until test -e")
    terminal.shows("#2 setup: until test -e")
    terminal.press("C-c")
    terminal.shows("orchestra: interrupted; what has been started goes on")
    assert "setup:" not in terminal.text
    go.touch()
    person = Person(repo)
    for name in ("1", "2"):
        person.sees(name, "working")

    go.unlink()
    person.runs("cancel", "1", "2")
    terminal.type(f"clear; {ORCHESTRA} prune; {ORCHESTRA} spawn 1 2")
    terminal.press("Enter")
    terminal.shows("#2 setup: until test -e")
    go.touch()
    eventually(lambda: terminal.lines()[-1:] and "#2 spawned" in terminal.text, 60, why="both to work")
    assert "setup:" not in terminal.text
    terminal.end()
    person.runs("cancel", "1", "2")
    person.runs("prune")
    assert person.runs("spawn", "1", "2") == (0, "#1 spawned\n#2 spawned\n", "")  # no terminal, no progress
    person.runs("down")


@pytest.mark.journey
def test_a_failed_setup_names_what_does_it_again_where_it_is_seen(repo: Path) -> None:
    good = repo.parent / "good"
    configure(repo, "agent: scripted", "tracker: local", f"setup: echo it looks; test -e {good}")
    write_issue(repo, 1, "Dark mode", HANG)
    person = Person(repo)
    said = person.runs("spawn", "1", code=1)
    assert f"#1 failed: setup failed with status 1: echo it looks; test -e {good}" in said.out
    assert said.out.rstrip().endswith("again: orchestra restart 1)")
    terminal = Terminal(60, 16)  # smaller than the pane was when its program ended
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("#1 stuck: setup failed")
    if this_tmux().has(QUIET_DEATH):
        terminal.shows("see its output: orchestra attach 1; fix it, then orchestra")
        terminal.shows("it looks")
    terminal.end()
    good.touch()
    person.runs("restart", "1")
    person.sees("1", "working")
    assert "approved by you: setup failed with status 1" in person.runs("show", "1").out
    person.runs("down")


@pytest.mark.fast
def test_lines_fit_the_terminal_and_are_taken_away() -> None:
    wide = "wide \u5e83 "
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as out, open(ours, "rb", buffering=0) as seen:
        shown = Progress(lambda: [f"#{number} {wide * 40}" for number in range(50)], out)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 30, 0, 0))
        shown._draw()
        first = seen.read(100_000).decode()
        assert first.count("\n") == 8
        assert "and 42 more" in first
        shown._draw()
        assert seen.read(100_000).decode().startswith("\x1b[8A\r\x1b[J")
        shown._wipe()
        assert seen.read(100_000).decode() == "\x1b[8A\r\x1b[J"


@pytest.mark.fast
def test_nothing_is_drawn_or_asked_for_without_a_terminal() -> None:
    def lines() -> list[str]:
        raise AssertionError

    out = io.StringIO()
    shown = Progress(lines, out)
    shown.begin()
    with shown.aside():
        pass
    shown.end()
    assert out.getvalue() == ""
