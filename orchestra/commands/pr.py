"""`orchestra pr ID`: the worker's pull request in the browser, or its address where there is none."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

from orchestra.errors import OrchestraError
from orchestra.view import worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._/-]+", re.ASCII)


class Address(NamedTuple):
    """A pull request's address, and what opens it (nothing: there is no browser to be reached)."""

    url: str
    opener: tuple[str, ...]


def pr(orchestra: Orchestra, number: str) -> Address:
    """Where the worker's pull request is; raises OrchestraError when it has none."""
    url = worker_of(orchestra, number).pull_url or ""
    if _ADDRESS.fullmatch(url) is None:
        raise OrchestraError(f"#{number} has no pull request yet", f"see what it has: orchestra diff {number}")
    environ = orchestra.environ
    if shutil.which("open") and not shutil.which("xdg-open"):  # macOS
        return Address(url, ("open", url))
    if shutil.which("xdg-open") and (environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")):
        return Address(url, ("xdg-open", url))
    return Address(url, ())
