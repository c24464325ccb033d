"""What hooks and workers' panes must know of a project, written by `up` and `spawn`. Standard library only."""

from __future__ import annotations

import os

from orchestra.core import fast_json
from orchestra.core.records import Record
from orchestra.storage.files import make_private, read_text, write_atomic

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "project.json"


class ProjectInfo(Record):
    """`cache/<project>/project.json`."""

    root: str
    socket: str  # tmux -L, or -S where it is a path: the person's own server
    sockets: str  # TMUX_TMPDIR of the person who opened the workspace; a worker has another one
    silent: float  # seconds
    layout: str  # that `up` opened; empty: the configured one
    api: str  # GITHUB_API_URL of that person, for `ship` in a worker's clean environment
    common: str = ""  # the common git directory: that of a bare repository is in none of its worktrees


def read(cache: str) -> ProjectInfo | None:
    """The bearings in a project's cache directory; None when there are none that can be read."""
    try:
        found = ProjectInfo(**fast_json.loads(read_text(os.path.join(cache, NAME))))
    except (OSError, ValueError, TypeError):
        return None
    texts = (found.root, found.socket, found.sockets, found.layout, found.api, found.common)
    sane = all(isinstance(text, str) and text.isprintable() for text in texts) and isinstance(found.silent, int | float)
    return found if sane and found.socket and ("/" not in found.socket or os.path.isabs(found.socket)) else None


def write(cache: str, bearings: ProjectInfo) -> None:
    """Write them, unless they stand there already."""
    if read(cache) != bearings:
        make_private(cache)
        write_atomic(os.path.join(cache, NAME), fast_json.dumps_lines(bearings._asdict()))


def person_environ(bearings: ProjectInfo | None, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the socket directory of the person's tmux: in a pane of ours TMUX_TMPDIR is a private one."""
    found = {key: value for key, value in environ.items() if key not in ("TMUX_TMPDIR", "TMUX", "TMUX_PANE")}
    if bearings is not None and bearings.sockets:
        found["TMUX_TMPDIR"] = bearings.sockets
    return found
