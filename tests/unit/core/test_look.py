"""Which terminals this machine has no description of."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("term", "unknown"), [("xterm", False), ("no-such-terminal", True), ("dumb", True), ("", True)]
)
def test_a_terminal_of_which_there_is_no_description(term: str, unknown: bool) -> None:
    code = "import sys; from orchestra.core.look import is_unknown_terminal as asked; print(asked(sys.argv[1]))"
    argv = [sys.executable, "-c", code, term]  # a process of its own: curses is set up once
    assert subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip() == str(unknown)
