"""A bug in a screen ends the command as any other: one line, an exit code of its own, and the traceback in a log."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from support.person import configure

BROKEN = """
from orchestra.cli.main import main
from orchestra.ui.screens.board import BoardView

BoardView.paint = lambda *_: 1 / 0
main()
"""


def test_a_bug_in_a_screen_is_one_line_and_a_log(repo: Path, home: Path) -> None:
    configure(repo)
    here, terminal = pty.openpty()
    argv = [sys.executable, "-c", BROKEN, "board"]
    done = subprocess.run(
        argv, cwd=repo, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(terminal)
    os.close(here)
    assert done.returncode == 3
    assert "orchestra: orchestra broke: ZeroDivisionError: division by zero\n" in done.stderr  # after the screen itself
    assert "Traceback" not in done.stderr
    log = Path(os.environ.get("ORCHESTRA_HOME") or home / ".orchestration", "orchestra.log")
    assert "ZeroDivisionError" in log.read_text()
