"""The programs of ours that others run: the hook, this `orchestra` for panes, and the same for workers."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

from orchestra.storage.files import make_private, read_text, write_atomic

OTHER_NAME = f"{shlex.quote(sys.executable)} -m orchestra"  # works whatever is on PATH


def hook_argv(home: str, project: str, agent: str) -> tuple[str, ...]:
    """Argv of `orchestra-hook` for an agent: the interpreter without site packages starts 4 ms sooner."""
    script = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "hooks", "entry.py")
    if agent != "tmux":
        return (sys.executable, "-I", "-S", script, agent)
    places = (f"ORCHESTRA_HOME={home}", f"ORCHESTRA_PROJECT={project}")
    return ("env", *places, sys.executable, "-I", "-S", script, agent)


def pane_argv(home: str) -> tuple[str, ...]:
    """Argv for a pane of ours. `-P`: a worktree may hold a directory of our name, and it must not be run."""
    return ("env", f"ORCHESTRA_HOME={home}", sys.executable, "-P", "-m", "orchestra")


# The window of the monitor: a shell starts it again when it ends, later each time while it ends soon (O7).
_AGAIN = (
    'pause=1; while :; do began=$(date +%s); "$@"; status=$?; [ $(($(date +%s) - began)) -lt 60 ] || pause=1; '
    'echo "the monitor ended with status $status; it starts again in $pause s"; sleep $pause; '
    "[ $pause -ge 60 ] || pause=$((pause * 2)); done"
)


def kept_running(argv: Sequence[str]) -> tuple[str, ...]:
    """Argv of a pane in which a program is started again whenever it ends."""
    return ("/bin/sh", "-c", _AGAIN, "monitor", *argv)


def delayed(argv: Sequence[str], seconds: float, name: str) -> tuple[str, ...]:
    """Argv of a pane whose program starts in a moment, and says so until then; a shell and no Python waits."""
    wait = 'printf "%s starts in %s s\\n" "$0" "$1"; sleep "$1"; shift; exec "$@"'
    return ("/bin/sh", "-c", wait, name, f"{seconds:.1f}", *argv)


def shim_path(home: str) -> str:
    """`$ORCHESTRA_HOME/bin/orchestra`: this very program, for workers, whatever is on the person's PATH."""
    return os.path.join(home, "bin", "orchestra")


def write_shim(home: str) -> None:
    """Write the shim, unless it stands there already."""
    text = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m orchestra "$@"\n'
    try:
        if read_text(shim_path(home)) == text:
            return
    except OSError:
        make_private(os.path.dirname(shim_path(home)))
    write_atomic(shim_path(home), text, mode=0o700)
