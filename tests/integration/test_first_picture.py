"""A screen is there before Textual has laid it out: its first picture is written as soon as it is painted."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from support.person import configure

SLOW = """
from textual.app import App

from orchestra.cli.main import main

App._display = lambda *_: None
main()
"""


def test_the_first_picture_does_not_wait_for_the_layout(repo: Path) -> None:
    configure(repo)
    here, terminal = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color"}
    program = subprocess.Popen(
        [sys.executable, "-c", SLOW, "board"], cwd=repo, env=environ, stdin=terminal, stdout=terminal, stderr=terminal
    )
    drawn = b""
    try:
        while b"? all keys" not in drawn and select.select([here], [], [], 30)[0]:
            drawn += os.read(here, 65536)
    finally:
        program.kill()
        program.wait()
        os.close(terminal)
        os.close(here)
    assert drawn.count(b"\x1b[1;1H") == 1
    assert b"? all keys" in drawn
