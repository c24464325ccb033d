"""Our programs that others run: the hook, this `orchestra` for panes, and the same for workers."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence

import orchestra
from orchestra.errors import OrchestraError
from orchestra.storage.files import make_private, text_or_empty, write_atomic

HOOK, PROGRAM = "orchestra-hook", "orchestra"
PRELOADED_SOCKET = "tmux/preloaded.sock"  # in ORCHESTRA_HOME; who copies that leaves directories of this name out
NOEXEC_HINT = "set ORCHESTRA_HOME to a directory of a file system from which programs can be started"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

OTHER_NAME = f"{shlex.quote(sys.executable)} -m orchestra"  # works whatever is on PATH


def hook_argv(home: str, project: str, agent: str) -> tuple[str, ...]:
    """Argv of `orchestra-hook` for an agent: by a path that outlives an upgrade, because agents keep it for days."""
    shim = os.path.join(home, "bin", HOOK)
    if agent != "tmux":
        return (shim, agent)
    return ("env", f"ORCHESTRA_HOME={home}", f"ORCHESTRA_PROJECT={project}", shim, agent)


def hook_program() -> tuple[str, ...]:
    """Argv of the hook of this very version; the interpreter without site packages starts 4 ms sooner."""
    return (sys.executable, "-I", "-S", os.path.join(_PACKAGE, "hooks", "entry.py"))


STARTED_BY = "ORCHESTRA_STARTED_BY"  # in the environment of what tmux starts for us: no user typed it


def pane_argv(home: str) -> tuple[str, ...]:
    """Argv for one of our panes, and for a key."""
    return ("env", f"ORCHESTRA_HOME={home}", f"{STARTED_BY}=tmux", shim_path(home))


# The window of the monitor: a shell starts it again when it ends, later each time while it ends soon.
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
    """`$ORCHESTRA_HOME/bin/orchestra`: this very program, for panes and workers, whatever is on the user's PATH."""
    return os.path.join(home, "bin", PROGRAM)


# Where this version is gone, the one that the user's PATH has takes its place, and never the file itself.
_SHIM = """#!/bin/sh
# Written by orchestra: its path stays when orchestra is upgraded, or its environment moves.
{first}[ -x {python} ] && [ -e {entry} ] && exec {argv} "$@"
[ -z "$ORCHESTRA_SHIM" ] || exit 127
here=${{0%/*}}
case $PATH in "$here":*) PATH=${{PATH#*:}} ;; esac
ORCHESTRA_SHIM={name} exec {name} "$@"
"""

# What tmux starts for a key asks the process that has the screens loaded, where one runs (`monitor/preloading.py`).
# An agent never does: what it starts is known by the environment that the process was started with.
_PRELOADED = """case $1 in popup|key|board)
  socket=${{0%/*}}/../{socket}
  [ -z "$ORCHESTRA_NONCE" ] && [ -S "$socket" ] && [ -x {python} ] && [ -e {client} ] &&
    exec {python} -I -S {client} "$socket" "$@" ;;
esac
"""


def _shims() -> dict[str, str]:
    # `-P`: a worktree may hold a directory of our name, and it must not be run.
    programs = {
        PROGRAM: ((sys.executable, "-P", "-m", "orchestra"), os.path.join(_PACKAGE, "__main__.py")),
        HOOK: (hook_program(), hook_program()[-1]),
    }
    python = shlex.quote(sys.executable)
    client = shlex.quote(os.path.join(_PACKAGE, "cli", "ask_preloaded.py"))
    first = {PROGRAM: _PRELOADED.format(python=python, client=client, socket=PRELOADED_SOCKET)}
    return {
        name: _SHIM.format(
            first=first.get(name, ""), python=python, entry=shlex.quote(entry), argv=shlex.join(argv), name=name
        )
        for name, (argv, entry) in programs.items()
    }


def write_shims(home: str, *, only_dead: bool = False) -> None:
    """Write both shims, unless they lead here already; `only_dead`: unless they lead anywhere.

    Raises OrchestraError where the machine starts no program in that place.
    """
    for name, text in _shims().items():
        path = os.path.join(home, "bin", name)
        present = text_or_empty(path)
        if only_dead and (not present or leads_somewhere(present)):
            continue
        if present == text and os.access(path, os.X_OK):
            continue
        make_private(os.path.dirname(path))
        write_atomic(path, text, mode=0o700)
        if not os.access(path, os.X_OK):
            raise OrchestraError(f"{path} cannot be started: its file system is mounted noexec", NOEXEC_HINT)


def broken_shims(home: str) -> list[str]:
    """The shims that are missing, or whose program is gone while nothing on PATH takes its place."""
    paths = (os.path.join(home, "bin", name) for name in (HOOK, PROGRAM))
    return [path for path in paths if not os.access(path, os.X_OK) or not leads_somewhere(text_or_empty(path))]


def installed_version() -> str:
    """The version that is installed, and when it was: an upgrade in place changes no path. Empty: it is gone."""
    try:
        return f"{orchestra.__version__}-{os.stat(os.path.join(_PACKAGE, '__init__.py')).st_mtime_ns:x}"
    except OSError:
        return ""


def is_current(home: str, version: str) -> bool:
    """Whether `version` is still installed, and the shims lead to it; False after an upgrade."""
    return version == installed_version() and all(
        text_or_empty(os.path.join(home, "bin", name)) in (text, "") for name, text in _shims().items()
    )


def leads_somewhere(shim: str) -> bool:
    """Whether the program that a shim names is there."""
    found = re.search(r"^\[ -x (.*) \] && \[ -e (.*) \] && exec ", shim, re.MULTILINE)
    if not found:
        return False  # of an earlier version
    try:
        python, entry = (shlex.split(found[at])[0] for at in (1, 2))
    except (ValueError, IndexError):
        return False
    return os.access(python, os.X_OK) and os.path.exists(entry)
