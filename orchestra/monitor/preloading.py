"""The process that has the screens loaded (`cli/preloaded.py`): the monitor starts it, and it ends with the monitor."""

from __future__ import annotations

import os
import subprocess
import sys

from orchestra.storage.files import is_held

LOCK = "preloaded.lock"  # in ORCHESTRA_HOME; held as long as the process runs
LINUX = sys.platform == "linux"  # on macOS a fork may not use the system's frameworks, as Python's network code does


def argv(home: str) -> tuple[str, ...]:
    """Argv of that process; it ends when its standard input does."""
    return (sys.executable, "-P", "-m", "orchestra.cli.preloaded", home)


class Preloading:
    """Keeps one such process for each ORCHESTRA_HOME: the first monitor that finds none starts it."""

    def __init__(self, home: str) -> None:
        self._home = home
        self.process: subprocess.Popen[bytes] | None = None
        self._failed = not LINUX

    def look(self) -> None:
        """Start it where none runs. One that fails is not started again: keys then start without it."""
        if self.process is not None and (status := self.process.poll()) is not None:
            self.process, self._failed = None, status != 0
        if self.process is None and not self._failed and not is_held(os.path.join(self._home, LOCK)):
            self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes] | None:
        try:
            return subprocess.Popen(
                argv(self._home), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                cwd=self._home, start_new_session=True,
            )  # fmt: skip
        except OSError:  # no memory, too many processes
            self._failed = True
            return None
