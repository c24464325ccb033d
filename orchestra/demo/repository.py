"""`orchestra up --demo`: a throw-away repository with four small issues that the scripted agent can solve."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Mapping

from orchestra.core.packages import install_hint
from orchestra.demo.content import FILES
from orchestra.errors import OrchestraError
from orchestra.git.process import OLDEST
from orchestra.project.context import home_of
from orchestra.storage.files import locked, make_private, names_in

FIRST = ("1", "2", "3")  # they start at once; the user spawns the fourth

# Its own identity, so that an empty HOME will do; and no signatures, hooks or line ends of the user's configuration.
_SETTINGS = (
    ("user.name", "Demo User"),
    ("user.email", "demo@example.invalid"),
    ("commit.gpgsign", "false"),
    ("core.autocrlf", "false"),
    ("core.hooksPath", os.devnull),
)


def demo(environ: Mapping[str, str]) -> str:
    """The path of the demo's repository, which is made when there is none.

    Each one lies in a directory of its own name: who removes it gets a new one, and not the old one's workers.
    """
    place = os.path.join(home_of(environ), "demo")
    try:
        make_private(place)
        with locked(os.path.join(place, "lock"), wait=60):
            return _found(place) or _made(place, environ)
    except OSError as wrong:
        raise OrchestraError(f"the demo cannot be made in {place}: {wrong.strerror}") from None


def _found(place: str) -> str | None:
    roots = (os.path.join(place, name, "widgets") for name in names_in(place))
    return next(filter(os.path.isdir, roots), None)


def _made(place: str, environ: Mapping[str, str]) -> str:
    root = os.path.join(place, secrets.token_hex(2), "widgets")
    begun = f"{root}.begun"  # becomes `root` in one step: a half-made demo is never opened
    make_private(begun)
    _make(begun, environ)
    os.rename(begun, root)
    return root


def _make(root: str, environ: Mapping[str, str]) -> None:
    for name, text in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    _git(root, environ, "init", "--quiet", "--template=", "--initial-branch=main")
    for key, value in _SETTINGS:
        _git(root, environ, "config", key, value)
    _git(root, environ, "add", "--all")
    _git(root, environ, "commit", "--quiet", "--message=A tiny shop for widgets")


def _git(root: str, environ: Mapping[str, str], *argv: str) -> None:
    """Run git on the demo alone, also when orchestra was started from a hook of another repository."""
    calm = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(["git", "-C", root, *argv], env=calm, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise OrchestraError("git is not installed, or not on the PATH", install_hint("git", OLDEST, environ)) from None
    if done.returncode != 0:
        raise OrchestraError(f"git {argv[0]} failed for the demo: {done.stderr.strip()}")
