"""No line that a command prints on a terminal is longer than the terminal, whatever the titles are."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from support.person import HANG, Person, configure, write_issue

from orchestra.core.cells import width

pytestmark = pytest.mark.journey

TITLES = (
    "Export \U0001f389 " + "a long title that goes on " * 12,
    "\u65e5\u672c\u8a9e\u306e\u30bf\u30a4\u30c8\u30eb" * 12,
    "tab\there #(touch x) #[fg=red]red " + "e\u0301" * 90,
    "\u0645\u0631\u062d\u0628\u0627 " * 20,
)
COMMANDS = (
    "list",
    "list --all",
    "show 1",
    "log 1",
    "log 4",
    "stats",
    "stats 2",
    "stats --by week",
    "issues",
    "queue",
    "keys",
)


def printed(person: Person, columns: int, *argv: str) -> str:
    """What a command prints on a terminal of so many columns, without its escape codes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    command = [sys.executable, "-P", "-m", "orchestra", *argv]
    done = subprocess.Popen(command, cwd=person.where, env=person.environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert done.wait(60) == 0
    return re.sub(r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-z]|\r", "", said.decode())


def test_no_line_is_longer_than_the_terminal(repo: Path) -> None:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 2}")
    for number, title in enumerate(TITLES, 1):
        write_issue(repo, number, title, HANG)
    person = Person(repo, {"TERM": "xterm-256color"})
    person.runs("spawn", "1", "2", "3", "4")
    for columns in (60, 120):
        for command in COMMANDS:
            for line in printed(person, columns, *command.split()).splitlines():
                assert width(line) <= columns, (columns, command, line)
    person.runs("down")
