"""What hooks and workers' panes must know of a project, written by `up` and `spawn`. Standard library only."""

from __future__ import annotations

import os

from orchestra.core import fast_json
from orchestra.core.records import Record
from orchestra.storage import json_cache
from orchestra.storage.files import make_private, write_atomic

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAME = "project.json"


class ProjectInfo(Record):
    """`cache/<project>/project.json`."""

    root: str
    socket: str  # tmux -L, or -S where it is a path: the user's own server
    sockets: str  # TMUX_TMPDIR of the user who opened the workspace; a worker has another one
    silent: float  # seconds
    layout: str  # that `up` opened; empty: the configured one
    api: str  # GITHUB_API_URL of that user, for `ship` in a worker's clean environment
    common: str = ""  # the common git directory: that of a bare repository is in none of its worktrees
    ascii: bool = False  # the terminal that opened the workspace shows no UTF-8
    plain: bool = False  # and no colours


def read(cache: str) -> ProjectInfo | None:
    """What is known of a project, from its cache directory; None when nothing can be read there."""
    return json_cache.read(os.path.join(cache, NAME), _checked, None)


def _checked(value: Any) -> ProjectInfo | None:
    found = ProjectInfo(**value)
    texts = (found.root, found.socket, found.sockets, found.layout, found.api, found.common)
    sane = all(isinstance(text, str) and text.isprintable() for text in texts) and isinstance(found.silent, int | float)
    return found if sane and found.socket and ("/" not in found.socket or os.path.isabs(found.socket)) else None


def write(cache: str, info: ProjectInfo) -> None:
    """Write it, unless the file says the same already."""
    if read(cache) != info:
        make_private(cache)
        write_atomic(os.path.join(cache, NAME), fast_json.dumps_lines(info._asdict()))


def person_environ(info: ProjectInfo | None, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the socket directory of the user's tmux: in a worker's pane TMUX_TMPDIR is a private one."""
    found = {key: value for key, value in environ.items() if key not in ("TMUX_TMPDIR", "TMUX", "TMUX_PANE")}
    if info is not None and info.sockets:
        found["TMUX_TMPDIR"] = info.sockets
    return found
