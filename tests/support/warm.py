"""A user whose `orchestra` is started already (tests/kill_at.py), and can be killed at any of its steps."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from support.person import Person, Said

SHIM = str(Path(__file__).with_name("kill_at.py"))
KILLED = -signal.SIGKILL


class Command(NamedTuple):
    """A command, the step to kill it at (0: none), and where and as whom it runs where that is not the person."""

    argv: Sequence[str]
    step: int = 0
    cwd: Path | None = None
    environ: Mapping[str, str] = {}


class Warm(Person):
    """A user who runs at most two commands at once."""

    started: SimpleQueue[subprocess.Popen[str]]

    def runs(self, *argv: str, code: int | None = 0, text: str | None = None, timeout: float = 110) -> Said:
        said = self.ends(Command(argv), text=text or "")
        assert code is None or said.code == code, said
        return said

    def ends(self, command: Command, *, text: str = "", counted: str = "") -> Said:
        """Run a command; how it ended. What it says is never a traceback."""
        with tempfile.TemporaryDirectory() as scratch:
            files = {name: f"{scratch}/{name}" for name in ("in", "out", "err")}
            for name, path in files.items():
                Path(path).write_text(text if name == "in" else "")
            wish = {
                "argv": list(command.argv),
                "step": command.step,
                "cwd": str(command.cwd or self.where),
                "environ": {**self.environ, **command.environ},
                "counted": counted,
            }
            process = self.started.get()
            try:
                assert process.stdin
                assert process.stdout
                process.stdin.write(json.dumps({**wish, **files}) + "\n")
                process.stdin.flush()
                ended = int(process.stdout.readline())
            finally:
                self.started.put(process)
            said = Said(ended, Path(files["out"]).read_text(), Path(files["err"]).read_text())
        assert "Traceback" not in said.out + said.err, said
        return said

    def steps(self, command: Command) -> list[str]:
        """What its steps are; it is run to its end for that."""
        with tempfile.NamedTemporaryFile("r") as counted:
            assert self.ends(command, counted=counted.name).code in (0, 1), command
            return counted.read().splitlines()


@contextmanager
def warm(person: Person) -> Iterator[Warm]:
    """The same person, with `orchestra` started."""
    found = Warm(person.where, person.environ, person.socket)
    found.started = SimpleQueue()
    argv = [sys.executable, "-P", SHIM]
    running = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in running:
        found.started.put(process)
    try:
        yield found
    finally:
        for process in running:
            process.communicate(timeout=60)
