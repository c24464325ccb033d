"""`orchestra pr ID`: the worker's pull request in the browser, or its address where there is none."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from orchestra.errors import OrchestraError
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._/-]+", re.ASCII)


class Address(NamedTuple):
    """A pull request's address, and what opens it, the first that does (none: there is no browser to be reached)."""

    url: str
    openers: tuple[tuple[str, ...], ...]


def pr(project: Project, number: str) -> Address:
    """Where the worker's pull request is; raises OrchestraError when it has none."""
    url = worker_of(project, number).pull_url or ""
    if _ADDRESS.fullmatch(url) is None:
        raise OrchestraError(f"#{number} has no pull request yet", f"see what it has: orchestra diff {number}")
    return Address(url, tuple(openers(url, project.environ)))


def openers(url: str, environ: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The person's $BROWSER (several, by `:`; `%s` is the address), then what this system opens addresses with."""
    for command in filter(None, environ.get("BROWSER", "").split(os.pathsep)):
        try:
            words = shlex.split(command)
        except ValueError:
            continue
        yield tuple(word.replace("%s", url) for word in words) if "%s" in command else (*words, url)
    path = environ.get("PATH")
    if shutil.which("xdg-open", path=path):
        if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
            yield ("xdg-open", url)
    elif shutil.which("open", path=path):  # macOS
        yield ("open", url)
