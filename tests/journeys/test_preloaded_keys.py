"""A key of an open workspace is served by the process that the monitor keeps, and nothing of it outlives `down`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal, quick_fingers

from orchestra.monitor import preloading
from orchestra.project.entry_points import PRELOADED_SOCKET

pytestmark = pytest.mark.skipif(not preloading.LINUX, reason="used on Linux only")


def serving(home: Path) -> list[psutil.Process]:
    """The processes of this home that have everything loaded, and the forks that have become something else."""
    wanted = list(preloading.argv(str(home)))[1:]
    return [one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [])[1:] == wanted]


def test_a_popup_is_a_fork_and_down_ends_them_all(repo: Path, home: Path) -> None:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local")
    write_issue(repo, 1, "One", "```script\nhang\n```\n")
    local = Person(repo)
    local.runs("up", "-d")
    own = Path(local.environ.get("ORCHESTRA_HOME") or home / ".orchestration")
    eventually(lambda: (own / PRELOADED_SOCKET).exists(), 30, "the monitor has started it")
    (server,) = serving(own)

    terminal = Terminal(100, 30)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.key_table()
    terminal.press("?")
    terminal.shows("┌ Keys ─")
    (fork,) = server.children()
    assert os.getsid(fork.pid) == fork.pid  # its terminal is its own
    terminal.press("Escape")
    eventually(lambda: not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE, why="the popup has ended")

    terminal.key_table()
    terminal.press("b")
    terminal.shows("One")
    board = eventually(lambda: [one for one in server.children() if one.status() != psutil.STATUS_ZOMBIE])
    assert len(board) == 1

    local.runs("down")
    eventually(lambda: not serving(own), why="nothing is left")
    assert not (own / PRELOADED_SOCKET).exists()
    assert subprocess.run(["tmux", "-L", "orchestra", "ls"], capture_output=True, check=False).returncode != 0
