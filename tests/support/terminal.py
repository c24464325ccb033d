"""A terminal of any size that a user sits at, drawn by another tmux server so that the screen can be read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

import pytest

from support.polling import eventually

# The tmux that draws a test's terminal: it need not be the one that is tested.
DRAWN_BY = os.environ.get("ORCHESTRA_TEST_TERMINAL", "tmux")


def quick_fingers(home: str | None = None) -> None:
    """A tmux.conf line: keys of a test come faster than a user's, and must not be taken for a paste."""
    with open(os.path.join(home or os.environ["HOME"], ".tmux.conf"), "a", encoding="utf-8") as file:
        file.write("set -g assume-paste-time 0\n")


class Terminal:
    """One terminal: run a program in it, press keys, click, and read what is drawn."""

    def __init__(self, columns: int, rows: int, environ: Mapping[str, str] | None = None) -> None:
        self.environ = {**os.environ, **(environ or {})}
        self.socket = f"screen-{columns}x{rows}"
        self("new-session", "-d", "-x", str(columns), "-y", str(rows), "--", "sh", "-c", "exec sleep 1000")
        self("set-option", "-g", "status", "off")
        self("set-option", "-g", "remain-on-exit", "on")
        self("set-option", "-s", "escape-time", "0")

    def __call__(self, *argv: str) -> str:
        command = [DRAWN_BY, "-u", "-L", self.socket, "-f", "/dev/null", *argv]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, check=False).stdout

    def run(self, argv: Sequence[str]) -> None:
        self("respawn-pane", "-k", "--", "env", "-u", "TMUX", "-u", "TMUX_PANE", *argv)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, one after the other."""
        for key in keys:
            self("send-keys", key)

    def type(self, text: str) -> None:
        self("send-keys", "-l", text)

    def click(self, column: int, row: int, button: int = 0, times: int = 1) -> None:
        """Press and release a mouse button (0 left, 2 right); columns and rows count from 0."""
        for _ in range(times):
            at = f"{button};{column + 1};{row + 1}"
            self("send-keys", "-l", f"\x1b[<{at}M\x1b[<{at}m")

    def press_right(self, column: int, row: int) -> None:
        self("send-keys", "-l", f"\x1b[<2;{column + 1};{row + 1}M\x1b[<2;{column + 1};{row + 1}m")

    def lines(self) -> list[str]:
        return self("capture-pane", "-p").split("\n")[:-1]

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines())

    def shows(self, words: str, timeout: float = 20) -> str:
        """Wait until these words are on the screen; returns the screen."""
        try:
            eventually(lambda: words in self.text, timeout)
        except pytest.fail.Exception:
            pytest.fail(f"{words!r} has not come to the screen in {timeout:.0f} s, which is\n{self.text}")
        return self.text

    def key_table(self, prefix: str = "C-b", key: str = "O") -> None:
        """Press the prefix and the key of the table, again where a popup that was closing has taken them."""

        def opened() -> bool:
            self.press(prefix, key)
            try:
                eventually(lambda: "which key?" in self.text, 3)
            except pytest.fail.Exception:
                self.press("BSpace")  # it took the prefix alone: the key is at the prompt of the pane
                return False
            return True

        eventually(opened, 30, "the key table")

    def place(self, words: str) -> tuple[int, int]:
        """Column and row of these words."""
        for row, line in enumerate(self.lines()):
            if words in line:
                return line.index(words), row
        raise AssertionError(f"{words!r} is not on\n{self.text}")

    def end(self) -> None:
        self("kill-server")
