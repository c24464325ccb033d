"""A worker can write to the git configuration that its worktree shares with yours: a change is shown, and stops us.

Our git runs nothing that stands there (see git_run); the tripwire is for what the person's own git would run.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError
from orchestra.storage.files import make_private, read_text, write_atomic

if TYPE_CHECKING:
    from orchestra.project.context import Project

NAME = "shared-git"  # in the project's cache: the fingerprint that a person knows
WARNING = "the shared git configuration, attributes or hooks have changed since the workers were spawned"
MEND = "look: git config --local --list; ls .git/hooks; then accept it: orchestra doctor --accept-git"


def arm(project: Project) -> None:
    """Before the first of the workers on record: keep what is there now."""
    if not project.store.ids() or not _kept(project):
        accept(project)


def accept(project: Project) -> None:
    """What is there now is known to the person."""
    make_private(project.store.cache)
    write_atomic(_path(project), project.repository.fingerprint())


def changed(project: Project) -> str:
    """The present fingerprint when it is another one than the kept one; empty when nothing has changed."""
    kept = _kept(project)
    now = project.repository.fingerprint() if kept else ""
    return now if now != kept else ""


def warning(project: Project) -> str:
    """The sentence to show, empty when all is well."""
    return f"{WARNING}; {MEND}" if changed(project) else ""


def check(project: Project) -> None:
    """Raise OrchestraError, before git changes anything, when somebody should look first."""
    if changed(project):
        raise OrchestraError(WARNING, MEND)


def _kept(project: Project) -> str:
    try:
        return read_text(_path(project))
    except OSError:
        return ""


def _path(project: Project) -> str:
    return os.path.join(project.store.cache, NAME)
