"""`python kill_at.py STEP COUNTED -- ARGV`: run `orchestra ARGV` and kill it with SIGKILL at its step number STEP.

A step is about to be made: a file opened for writing, a rename, a removal, a directory, a lock, a program started; or
an outside program has just ended. Imports and reads are no steps. Where it would become another program it is killed at
the latest. Without a kill (STEP 0) the number of steps is
written to the file COUNTED, and what they were.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

EFFECTS = frozenset(
    {
        *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.utime", "os.link"),
        *("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.kill", "fcntl.flock", "shutil.rmtree"),
    }
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Steps:
    """Counts, and ends the process at the chosen one."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.seen: list[str] = []
        self.on = False

    def hear(self, event: str, facts: tuple[Any, ...]) -> None:
        if not self.on or not (event in EFFECTS or _is_write(event, facts)):
            return
        if event == "os.exec":  # behind it nobody counts
            os.kill(os.getpid(), signal.SIGKILL)
        self.step(f"{event} {str(facts[0])[-80:] if facts else ''}")

    def step(self, what: str) -> None:
        self.seen.append(what)
        if len(self.seen) == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def after(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """`call`, and a step when it has returned: what an outside program did is done."""

        def called(*args: Any, **kwargs: Any) -> Any:
            done = call(*args, **kwargs)
            self.step("a program has ended")
            return done

        return called


def _is_write(event: str, facts: tuple[Any, ...]) -> bool:
    if event != "open" or not isinstance(facts[2], int) or not facts[2] & WRITES:
        return False
    return "__pycache__" not in str(facts[0]) and str(facts[0]) != os.devnull


def main() -> None:
    last, counted, argv = int(sys.argv[1]), sys.argv[2], sys.argv[4:]
    steps = Steps(last)
    subprocess.Popen.communicate = steps.after(subprocess.Popen.communicate)  # type: ignore[method-assign]
    sys.addaudithook(steps.hear)
    sys.argv = ["orchestra", *argv]
    from orchestra.cli import main as orchestra

    steps.on = True
    try:
        orchestra()
    finally:
        steps.on = False
        if not last:
            with open(counted, "w") as file:
                file.write("\n".join(steps.seen))


if __name__ == "__main__":
    main()
