"""What `make` asks for first: tmux, git, and a Python that can make a venv. Standard library only.

What is missing is installed by the system's package manager where that asks for no password; else its command is said.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # nothing is installed yet

from orchestra.core.packages import found_installer
from orchestra.tmux import capabilities

# A version is numbers and a letter: tmux's letters come after the bare number.
OLDEST = {"tmux": capabilities.OLDEST, "git": (2, 31, "")}


class Missing(NamedTuple):
    """A tool that is not here, or too old, and the package that has it."""

    what: str
    package: str


def main() -> int:
    """Install what is missing, or say how; returns the exit status."""
    missing = look()
    if not missing:
        return 0
    print(f"missing: {', '.join(one.what for one in missing)}", flush=True)
    commands = plan([one.package for one in missing])
    prefix = privilege(commands[0][0]) if commands else None
    if prefix is None:
        shown = [shlex.join(command) for command in commands if "update" not in command]
        start = "" if "brew" in "".join(shown) else "sudo "
        print("install it with your package manager" + "".join(f": {start}{line}" for line in shown), file=sys.stderr)
        return 1
    for command in commands:
        print(shlex.join([*prefix, *command]), flush=True)
        done = subprocess.run([*prefix, *command], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False)
        if done.returncode and "update" not in command:
            return 1
    left = look()
    for one in left:
        print(f"still missing: {one.what}", file=sys.stderr)
    return 1 if left else 0


def look() -> list[Missing]:
    """What is not here."""
    lacking = {name: oldest for name, oldest in OLDEST.items() if old(name, oldest)}
    missing = [Missing(f"{name} {number(oldest)} or newer", name) for name, oldest in lacking.items()]
    try:
        import ensurepip  # noqa: F401 - Debian has it in a package of its own
        import venv  # noqa: F401
    except ImportError:
        python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        missing.append(Missing(f"venv of {python}", f"{python}-venv"))
    return missing


def old(name: str, oldest: tuple[int, int, str]) -> bool:
    """True when the program is not here, does not answer, or is older than that."""
    flag = {"tmux": "-V", "git": "--version"}[name]
    try:
        said = subprocess.run([name, flag], capture_output=True, text=True, check=False).stdout
    except OSError:
        return True
    if "master" in said:  # tmux's own name for what is newer than any release
        return False
    found = re.search(r"(\d+)\.(\d+)([a-z]?)", said)
    return found is None or (int(found[1]), int(found[2]), found[3]) < oldest


def number(version: tuple[int, int, str]) -> str:
    """`3.2a`."""
    return f"{version[0]}.{version[1]}{version[2]}"


def plan(packages: Sequence[str]) -> list[list[str]]:
    """The commands that install the packages; none where no package manager is known."""
    manager = found_installer()
    if manager is None:
        return []
    return [*([list(manager.refresh)] if manager.refresh else []), [*manager.install, *packages]]


def privilege(manager: str) -> list[str] | None:
    """What goes in front of the manager's command; None where a password would be asked for."""
    if manager == "brew" or os.geteuid() == 0:
        return []
    try:
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    except OSError:
        return None
    return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"] if asked.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main())
