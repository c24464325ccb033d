"""The file that holds a project's environment: the variables of the user's shell. Standard library only."""

from __future__ import annotations

import os

from orchestra.core import fast_json
from orchestra.core.records import Record
from orchestra.storage.files import make_private, read_text, write_atomic

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAME = "environment.json"
_OF_THE_TERMINAL = ("TERM", "TMUX", "TMUX_PANE", "TMUX_TMPDIR")


class ProjectEnvironment(Record):
    """`cache/<project>/environment.json`. `noted`: the differences that the user was told of, by variable."""

    variables: Mapping[str, str]
    at: str = ""
    by: str = ""  # the command that wrote it last
    noted: Mapping[str, str] = {}


def effective(recorded: ProjectEnvironment | None, environ: Mapping[str, str], *, typed: bool) -> dict[str, str]:
    """What git, an editor or a notification is started with: the record over our own, but in a shell of the user's.

    In a worker's pane the PATH is its own: it begins with this orchestra, and may hold what the agent has set up.
    """
    if recorded is None:
        return dict(environ)
    if typed:
        return {**recorded.variables, **environ}
    mine = (*_OF_THE_TERMINAL, "PATH") if "ORCHESTRA_WORKER" in environ else _OF_THE_TERMINAL
    own = {name: environ[name] for name in mine if name in environ}
    return {**environ, **recorded.variables, **own}


def path(cache: str) -> str:
    """Where it is, in a project's cache directory."""
    return os.path.join(cache, NAME)


def read(cache: str) -> ProjectEnvironment | None:
    """What is recorded; None when there is nothing that a program can be started with."""
    try:
        found = fast_json.loads(read_text(path(cache)))
        at, by, noted = found.get("at") or "", found.get("by") or "", found.get("noted") or {}
        held = ProjectEnvironment(found.get("variables"), str(at), str(by), noted)
    except (OSError, ValueError, AttributeError):
        return None
    texts = isinstance(held.noted, dict) and all(isinstance(word, str) for word in held.noted.values())
    return held if texts and is_environment(held.variables) else None


def write(cache: str, recorded: ProjectEnvironment) -> None:
    """Write it, for the user alone."""
    import json  # for bytes that are not text: only its own encoder writes them; readers need not pay for it

    make_private(cache)
    write_atomic(path(cache), json.dumps(recorded._asdict(), indent=1, sort_keys=True) + "\n")


def is_environment(found: Any) -> bool:
    """Whether these are variables that a program can be started with."""
    try:
        return all(name and "=" not in name and b"\0" not in os.fsencode(name + value) for name, value in found.items())
    except (AttributeError, TypeError, UnicodeEncodeError):
        return False
