"""A user at the command line, in a directory, with an environment: what the journeys are told through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from orchestra.core.waiting import pause

# What the scripted agent does about an issue.
ASK = """
```script
status working
escalate "Which colour?" --gate domain --option red --option blue --context "Both are in the palette."
write colour.txt "{answer}"
commit "Use {answer}"
ship
```
"""
HANG = "```script\nstatus working\nhang\n```\n"


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


class Person:
    """Runs `orchestra` (and tmux, and git) the way a user does, from `where`."""

    def __init__(
        self,
        where: Path,
        environ: Mapping[str, str] | None = None,
        socket: str = "orchestra",
        python: str = sys.executable,
        before: tuple[str, ...] = (),
    ) -> None:
        self.where = where
        self.environ = {**os.environ, **(environ or {})}
        self.socket = socket
        self.python = python  # the one that has the program
        self.before = before  # what every command goes through: to another account

    def at(self, where: Path) -> Person:
        """The same person in another directory."""
        return Person(where, self.environ, self.socket, self.python, self.before)

    def runs(self, *argv: str, code: int | None = 0, text: str | None = None, timeout: float = 110) -> Said:
        """Run `orchestra argv`; fails the test when it ends with another code than `code` (None: any)."""
        done = subprocess.run(
            [*self.before, self.python, "-P", "-m", "orchestra", *argv],
            cwd=self.where,
            env=self.environ,
            input=text if text is not None else "",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        said = Said(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in said.out + said.err, said
        assert code is None or said.code == code, said
        return said

    def asks(self, *argv: str, code: int | None = 0) -> Any:
        """Run `orchestra argv --json` and return the document."""
        return json.loads(self.runs(*argv, "--json", code=code).out)

    def status(self, number: str) -> str:
        """The status in the session file."""
        return str(self.asks("show", number)["status"])

    def sees(self, number: str, status: str, timeout: float = 60) -> dict[str, Any]:
        """Wait until the worker has this status; returns it as `show --json` gives it."""

        end, seen, asked = time.monotonic() + timeout, None, 0.0
        while True:
            changed = self._written(number)
            if changed != seen or time.monotonic() - asked > 2.0:  # to ask costs a fifth of a second of a core
                seen, asked = changed, time.monotonic()
                found: dict[str, Any] = self.asks("show", number)
                if found["status"] == status:
                    return found
                if asked > end:
                    reason = found["stateReason"]
                    pytest.fail(f"#{number} is {found['status']}, not {status}, after {timeout:.0f} s: {reason}")
            pause(0.05)

    def _written(self, number: str) -> list[int]:
        """When the session files of this number were written."""
        home = Path(self.environ.get("ORCHESTRA_HOME") or Path(self.environ["HOME"], ".orchestration"))
        with suppress(OSError):  # removed meanwhile
            return [path.stat().st_mtime_ns for path in home.glob(f"sessions/*/{number}.json")]
        return []

    def tmux(self, *argv: str) -> str:
        """Ask our tmux server."""
        done = subprocess.run(
            [*self.before, "tmux", "-L", self.socket, *argv],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip()

    def screen(self, number: str) -> str:
        """What a worker's pane shows."""
        for line in self.tmux("list-panes", "-a", "-F", "#{pane_id} #{@orchestra_worker}").splitlines():
            pane, _, worker = line.partition(" ")
            if worker == number:
                return self.tmux("capture-pane", "-p", "-t", pane)
        return ""


def write_issue(repo: Path, number: int, title: str, body: str, **front: str) -> None:
    """A local issue."""
    directory = repo / ".orchestra" / "issues"
    directory.mkdir(parents=True, exist_ok=True)
    lines = [f"title: {json.dumps(title)}", *(f"{key}: {value}" for key, value in front.items())]
    (directory / f"{number:04}-issue.md").write_text("---\n" + "\n".join(lines) + f"\n---\n{body}\n")


def configure(repo: Path, *lines: str) -> None:
    """The repository's orchestra.yaml, with the scripted agent unless the lines say otherwise."""
    (repo / "orchestra.yaml").write_text("\n".join(lines or ("agent: scripted", "tracker: local")) + "\n")
