"""The scripted agent, sloppy: it swallows every third Enter, and writes down what it was given.

`write(path, given)` makes a program for `agents.scripted.command` that is this, in the place of a Python.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SWALLOWED = 3  # every so many Enters


def write(path: Path, given: Path) -> Path:
    """The program, which appends everything it takes as words to the file `given`, a JSON text a line."""
    here = Path(__file__).parent
    lines = (
        "import sys",
        f"sys.path.insert(0, {str(here)!r})",
        "import sloppy_agent",
        f"sloppy_agent.run({str(given)!r})",
    )
    path.write_text(f"#!{sys.executable} -P\n" + "\n".join(lines) + "\n")
    path.chmod(0o755)
    return path


def run(given: str) -> None:
    """Be the agent: our argv is Python's, `-P -m MODULE ARGS`."""
    import os

    from orchestra.agents.scripted import program
    from orchestra.agents.scripted.screen import Key, Screen

    takes, key = program.Conversation._take, Screen.key
    enters = 0

    def take(self: Any, words: str) -> None:
        with open(given, "a", encoding="utf-8") as file:
            file.write(json.dumps(words) + "\n")
        takes(self, words)

    def sloppy(self: Any, other: int | None = None) -> Key | None:
        nonlocal enters
        found = key(self, other)
        if found is not None and found.kind == "enter":
            enters += 1
            if enters % SWALLOWED == 1:
                return Key("nothing")
        return found

    program.Conversation._take = take  # type: ignore[method-assign]
    Screen.key = sloppy  # type: ignore[method-assign]
    sys.exit(program.main(sys.argv[4:], os.environ))
