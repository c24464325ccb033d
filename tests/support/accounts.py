"""Another account of this machine, which reaches Python, the program and the packages by paths of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support import mounts
from support.paths import ROOT

UID = GID = 54321


class Account(NamedTuple):
    """`before` a command: it is run as this account; `python` has the program; `place` is a directory of its own."""

    before: tuple[str, ...]
    python: str
    place: Path


@contextlib.contextmanager
def other_account(umask: str = "077") -> Iterator[Account]:
    """An account that is not root: for root another one, for a user who is not root the own one."""
    shell = ("sh", "-c", f'umask {umask}; exec "$@"', "sh")
    top = Path(tempfile.mkdtemp(prefix="oa-", dir="/tmp"))  # short: a tmux socket is in it
    try:
        if os.geteuid():
            yield Account(shell, sys.executable, top)
            return
        top.chmod(0o755)
        with mounts.tmpfs(top, "mode=0755") as place:  # also where the tests run below a directory of root's own
            change = ("setpriv", f"--reuid={UID}", f"--regid={GID}", "--clear-groups")
            python = _python(place, change)
            own = place / "own"
            own.mkdir(mode=0o700)
            os.chown(own, UID, GID)
            yield Account((*change, *shell), python, own)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _python(place: Path, change: tuple[str, ...]) -> str:
    """A virtual environment at `place` of an interpreter that all may run, with these packages and this program."""
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for base in map(Path, (f"/usr/bin/{minor}", f"/usr/local/bin/{minor}", os.path.realpath(sys.executable))):
        if not subprocess.run(
            [*change, str(base), "-I", "-c", "import ssl"], capture_output=True, check=False
        ).returncode:
            break
    else:
        pytest.skip("no other account can run a Python of this version")
    for name, source in (("packages", sysconfig.get_path("purelib")), ("program", str(ROOT))):
        (place / name).mkdir()
        subprocess.run(["mount", "--bind", source, str(place / name)], check=True)
    environment = place / "environment"
    packages = environment / "lib" / minor / "site-packages"
    packages.mkdir(parents=True)
    (packages / "program.pth").write_text(f"{place / 'packages'}\n{place / 'program'}\n")
    (environment / "bin").mkdir()
    (environment / "bin" / "python").symlink_to(base)
    (environment / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    return str(environment / "bin" / "python")
