"""What a killed write leaves below `$ORCHESTRA_HOME`: a temporary file beside the one it was to replace."""

from __future__ import annotations

import os
import re
import time

from orchestra.core.regex import regex
from orchestra.storage.files import remove_if_present

_TEMPORARY = regex(r".*\.(\d+)-[0-9a-f]{8}\.tmp", re.DOTALL)
_OLD_SECONDS = 86_400.0  # another process may have the pid of the name by now


def abandoned(home: str) -> tuple[str, ...]:
    """The temporary files whose writer has ended."""
    found = []
    for directory, below, files in os.walk(home):
        if directory == home and "demo" in below:
            below.remove("demo")  # repositories and homes of the demo: the user deletes them
        for name in files:
            match = _TEMPORARY.fullmatch(name)
            if match and (_ended(int(match[1])) or _is_old(os.path.join(directory, name))):
                found.append(os.path.join(directory, name))
    return tuple(found)


def sweep(home: str) -> int:
    """Remove them; how many there were."""
    found = abandoned(home)
    for path in found:
        remove_if_present(path)
    return len(found)


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def _is_old(path: str) -> bool:
    try:
        return time.time() - os.lstat(path).st_mtime > _OLD_SECONDS
    except OSError:
        return False
