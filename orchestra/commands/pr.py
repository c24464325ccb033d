"""`orchestra pr ID`: the worker's pull request in the browser, or its address where there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra.core.regex import regex
from orchestra.errors import OrchestraError
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project

_ADDRESS = regex(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._/-]+", re.ASCII)


OPEN_SECONDS = 3.0
# webbrowser waits for some browsers to end, so it runs in a process that may stay.
_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def pr(project: Project, number: str) -> str:
    """The address of the worker's pull request; raises OrchestraError when it has none."""
    url = worker_of(project.store, number).pull_url or ""
    if _ADDRESS.fullmatch(url) is None:
        raise OrchestraError(f"#{number} has no pull request yet", f"see what it has: orchestra diff {number}")
    return url


def open_in_browser(url: str, environ: Mapping[str, str]) -> bool:
    """Whether the user's $BROWSER, or what the system opens addresses with, has taken the address."""
    null = subprocess.DEVNULL
    argv = [sys.executable, "-I", "-c", _OPEN, url]
    try:
        begun = subprocess.Popen(
            argv, stdin=null, stdout=null, stderr=null, start_new_session=True, env=browser_environ(environ)
        )
        return begun.wait(OPEN_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return True  # it stays: it is the browser, or waits for it
    except OSError:
        return False


def browser_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """What webbrowser is to know: without a terminal it leaves out the browsers that would need one.

    Words behind a name in $BROWSER are arguments to other programs; webbrowser wants `%s` among them.
    """
    found = {name: value for name, value in environ.items() if name != "TERM"}
    if choices := environ.get("BROWSER"):
        named = (f"{one} %s" if " " in one and "%s" not in one else one for one in choices.split(os.pathsep))
        found["BROWSER"] = os.pathsep.join(named)
    return found
