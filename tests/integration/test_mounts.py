"""The support for tests on a file system of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from support.mounts import is_mounted, tmpfs
from support.paths import SUPPORT
from support.polling import eventually


def test_a_killed_test_leaves_nothing_mounted(tmp_path: Path) -> None:
    with tmpfs(tmp_path / "probe", "size=64k"):
        assert is_mounted(tmp_path / "probe")
    assert not is_mounted(tmp_path / "probe")
    place = tmp_path / "small disk"
    code = f"""
import subprocess, sys
from pathlib import Path
from support.mounts import tmpfs
place = Path({str(place)!r})
with tmpfs(place, "size=64k"):
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    print("mounted", flush=True)
    sys.stdin.read()
"""
    environ = {**os.environ, "PYTHONPATH": str(SUPPORT.parent)}
    killed = subprocess.Popen([sys.executable, "-c", code], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"mounted\n"
    assert is_mounted(place)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    eventually(lambda: not is_mounted(place), why="it to be unmounted")
