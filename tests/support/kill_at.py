"""Runs `orchestra`, and kills it with SIGKILL at its step number so-and-so: forked from a process that is warm.

A step is about to be made: a file opened for writing, a rename, a removal, a directory, a lock, a program started; or
an outside program has just ended. Reads are not steps. Where it would become another program it is killed at the latest.

`python kill_at.py` has made the imports and forks for each command that its standard input names, a JSON line each:
a command then costs 0.02 s and not 0.1 s, and what is counted is what the command does.
"""

from __future__ import annotations

import json
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
        if event == "os.exec" and self.last:  # behind it nobody counts
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
            if self.on:
                self.step("a program has ended")
            return done

        return called


def _is_write(event: str, facts: tuple[Any, ...]) -> bool:
    if event != "open" or not isinstance(facts[2], int) or not facts[2] & WRITES:
        return False
    return "__pycache__" not in str(facts[0]) and str(facts[0]) != os.devnull


def be(wish: dict[str, Any]) -> None:
    """Become `orchestra` as the wish says: its words, where, as whom, and where it is killed (0: it runs to its end).

    `counted`: the file for what its steps were; none is counted without.
    """
    os.chdir(wish["cwd"])
    os.environ.clear()
    os.environ.update(wish["environ"])
    for number, name in enumerate(("in", "out", "err")):
        os.dup2(os.open(wish[name], os.O_RDONLY if number == 0 else os.O_WRONLY), number)
    steps = Steps(wish["step"])
    sys.argv = ["orchestra", *wish["argv"]]
    from orchestra.cli.main import main

    if wish["step"] or wish["counted"]:
        subprocess.Popen.communicate = steps.after(subprocess.Popen.communicate)  # type: ignore[method-assign]
        sys.addaudithook(steps.hear)
        steps.on = True
    try:
        main()
    finally:
        steps.on = False
        if wish["counted"]:
            with open(wish["counted"], "w") as file:
                file.write("\n".join(steps.seen))


def main() -> None:
    import git
    import libtmux

    import orchestra.cli.main
    import orchestra.commands.spawn
    import orchestra.commands.up
    import orchestra.project.context
    import orchestra.ui.json
    import orchestra.ui.text  # noqa: F401 - warm: what every command loads

    assert git
    assert libtmux
    wishes, answers = os.dup(0), os.dup(1)  # not inherited by what a command starts
    with os.fdopen(wishes) as lines:
        for line in lines:
            child = os.fork()
            if child == 0:
                be(json.loads(line))
                return
            _, status = os.waitpid(child, 0)
            os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main()
