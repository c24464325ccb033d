"""`python fail_at.py STEP COUNTED ERRNO -- ARGV`: run `orchestra ARGV` on a disk that fails at its step number STEP.

A step is a call that writes, of the modules that hold all of our state (`files`, `store`): a file opened for writing,
written, synced, cut, renamed or removed, a directory made. A disk that answers EIO cannot be had without a driver of
its own: here `os` itself is not the real thing for these two modules. Without a fault (STEP 0) the steps are written to
the file COUNTED. What the process starts has a healthy disk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

STEPS = ("open", "fdopen", "write", "fsync", "ftruncate", "replace", "unlink", "mkdir", "utime")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Disk:
    """Replaces the module `os`: counts what writes, and fails once, at the chosen step or at it and ever after."""

    def __init__(self, last: int, errno: int, *, for_ever: bool) -> None:
        self.last, self.errno, self.for_ever = last, errno, for_ever
        self.seen: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return self.counted(name, real) if name in STEPS else real

    def counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if (name == "open" and not args[1] & WRITES) or (name == "fdopen" and args[1] == "rb"):
                return real(*args, **kwargs)
            self.seen.append(f"{name} {str(args[0])[-60:]}")
            late = self.for_ever and len(self.seen) > self.last
            if self.last and (late or len(self.seen) == self.last):
                if name == "fdopen":
                    os.close(args[0])
                raise OSError(self.errno, os.strerror(self.errno), args[0] if isinstance(args[0], str) else None)
            return real(*args, **kwargs)

        return call


def main() -> None:
    last, counted, errno, argv = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[5:]
    from orchestra.storage import files, session_store

    disk = Disk(abs(last), errno, for_ever=last < 0)
    files.os = session_store.os = disk  # type: ignore[attr-defined, assignment]
    sys.argv = ["orchestra", *argv]
    from orchestra.cli.main import main

    try:
        main()
    finally:
        if not last:
            with open(counted, "w") as file:
                file.write("\n".join(disk.seen))


if __name__ == "__main__":
    main()
