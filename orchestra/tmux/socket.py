"""Who listens on a socket whose file may be gone: a cleaner of /tmp removes it under a living server (failures.md O14).

Only Linux can tell. The proof is the socket's inode among the descriptors of a process of this person; a recorded pid
would be a stranger's after a reboot.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTENS = "00010000"  # __SO_ACCEPTCON in the flags of /proc/net/unix


def listens(path: str) -> bool:
    """Whether some process still listens on `path`, be its file there or not."""
    return any(True for _ in _inodes(path))


def revive(path: str) -> bool:
    """Have the tmux server that listens on `path` make its socket's file again; False when there is none of ours."""
    import signal  # hooks import this module, and seldom come here

    wanted = {f"socket:[{inode}]" for inode in _inodes(path)}
    found = [pid for pid in _mine() if wanted and _holds(pid, wanted)]
    for pid in found:
        os.kill(pid, signal.SIGUSR1)
    return bool(found)


def _inodes(path: str) -> Iterator[str]:
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as table:
            for line in table:
                row = line.rstrip("\n").split(" ")
                if row[-1] == path and _LISTENS in row:
                    yield line.split()[6]
    except (OSError, IndexError):
        return


def _mine() -> Iterator[int]:
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid() and _is_tmux(name):
                yield int(name)
        except OSError:
            continue


def _is_tmux(name: str) -> bool:
    """A tmux server makes its socket again at SIGUSR1; another program would end."""
    with open(f"/proc/{name}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().startswith("tmux")


def _holds(pid: int, wanted: set[str]) -> bool:
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") in wanted for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False
