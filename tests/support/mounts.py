"""A file system of its own for a test, which is unmounted whatever ends the test."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

# Its standard input ends with the process that holds the other end, also when that is killed. More than one file system
# may be mounted there by then.
_KEEPER = 'while read -r _; do :; done; while umount -l "$1" 2>/dev/null; do :; done'


@contextlib.contextmanager
def tmpfs(place: Path, *options: str) -> Iterator[Path]:
    """An empty file system at `place`, with these mount options; skips the test where none can be mounted."""
    remove_leftovers()
    place.mkdir(exist_ok=True)
    argv = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root only")
    keeper = subprocess.Popen(["sh", "-c", _KEEPER, "sh", str(place)], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield place
    finally:
        keeper.communicate()
    assert not is_mounted(place)


def mounted() -> list[Path]:
    """Where a tmpfs is mounted."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return []
    return [
        Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), line.split()[4]))
        for line in lines
        if " - tmpfs " in line
    ]


def is_mounted(place: Path) -> bool:
    """Whether a file system is mounted there."""
    return place in mounted()


def remove_leftovers() -> None:
    """Unmount what killed runs of earlier versions of the tests have left: pytest has moved it away to delete it."""
    for place in mounted():
        if any(part.startswith("garbage-") for part in place.parts) and any(
            "pytest-of-" in part for part in place.parts
        ):
            subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)
