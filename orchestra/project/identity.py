"""Which project a repository is: an id of its own, written once into its common git directory.

The remote's owner and name are where the id comes from, and nothing more: adding, renaming or removing a remote, or
moving the directory, leaves the workers where they are, and a second clone is another project.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.core import fast_json
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.errors import OrchestraError
from orchestra.git import main_checkout
from orchestra.git.cleanup import our_worktrees
from orchestra.git.process import read_git_file
from orchestra.storage import project_info
from orchestra.storage.files import locked, make_private, read_text, write_atomic

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts
    from orchestra.git.worktrees import Repository

NAME = "orchestra.id"  # in the common git directory, beside orchestra.lock
_ID = regex(r"[A-Za-z0-9_-]{1,120}", re.ASCII)


class Identity(Record):
    """The id of a project: `written` in the repository, or the one that it would get. `moved_from`: its last place."""

    key: str
    written: bool
    moved_from: str = ""
    repository: str = ""  # the repository's own id, where the project is a folder of it


def identity_of(repository: RepositoryFacts, home: str, suffix: str = "") -> Identity:
    """The identity of a repository, or of a folder of it with the `suffix` of that; nothing is written."""
    found = _identity_of(repository, home, suffix)
    return found._replace(key=found.key + suffix, repository=found.key)


def _identity_of(repository: RepositoryFacts, home: str, suffix: str) -> Identity:
    here = _read(str(repository.common))
    if not here:
        return Identity(_found(repository, home), written=False)
    last = _last_place(home, here + suffix)
    if last in ("", str(repository.common)):
        return Identity(here, written=True)
    if _read(last) == here and not _is_same(last, str(repository.common)):  # both are there: this one is the copy
        return Identity(_own(repository), written=False)
    return Identity(here, written=True, moved_from=last)


def claim(repository: Repository, home: str, key: str) -> None:
    """Write the id, once; raises OrchestraError when another clone has taken it a moment ago."""
    main_checkout.remember(repository.common, repository.root)
    if _read(str(repository.common)) == key:
        return
    make_private(home)
    with locked(os.path.join(home, "identity.lock"), wait=10.0), repository.locked():
        present = identity_of(repository, home)
        if present.key != key:
            raise OrchestraError("another clone of this repository has just been opened", "run the same again")
        if not present.written:
            write_atomic(str(repository.common / NAME), key + "\n", mode=0o644)


def _is_same(last: str, common: str) -> bool:
    """Whether the last place is a link to this one, which a user leaves behind who moves a repository."""
    try:
        return os.path.samefile(last, common)
    except OSError:
        return False


def _read(common: str) -> str:
    text = read_git_file(Path(common, NAME))
    return text if _ID.fullmatch(text) else ""


def _last_place(home: str, key: str) -> str:
    """The common git directory of the repository that this project was opened in last; empty when it is not known."""
    known = project_info.read(os.path.join(home, "cache", key))
    return (known.common or _common_of(known.root)) if known else ""


def _common_of(root: str) -> str:
    """The common git directory of a main checkout, as far as its files tell; else where it usually is."""
    usual = os.path.join(root, ".git")
    return usual if os.path.isdir(usual) or not os.path.isdir(root) else ""


def _found(repository: RepositoryFacts, home: str) -> str:
    """The id for a repository without one: of what an earlier version kept of it, else one that is free."""
    label, common = repository.label(), str(repository.common)
    known = {name: _last_place(home, name) for name in _projects(home) if not _is_folder(home, name)}
    opened = [name for name, place in known.items() if place == common]
    if opened:  # at this place, under whatever name its remote had then
        return label if label in opened else max(opened, key=lambda name: _last_opened(home, name))
    if label not in known:
        moved = [name for name, place in known.items() if _is_gone(place) and _is_of(repository, home, name)]
        return moved[0] if len(moved) == 1 else label
    place = known[label]
    return label if not place or (_is_gone(place) and _is_of(repository, home, label)) else _own(repository)


def _is_folder(home: str, name: str) -> bool:
    """Whether a project is a folder of a repository."""
    known = project_info.read(os.path.join(home, "cache", name))
    return (
        known is not None and os.path.basename(known.common) == ".git" and os.path.dirname(known.common) != known.root
    )


def _own(repository: RepositoryFacts) -> str:
    """An id that no other clone of the same remote has."""
    place = hashlib.sha256(os.fsencode(str(repository.common))).hexdigest()[:8]
    return f"{re.sub(r'-[0-9a-f]{8}$', '', repository.label())}-{place}"


def _projects(home: str) -> Iterator[str]:
    """The projects of which anything is kept."""
    found = {*_names(os.path.join(home, "sessions")), *_names(os.path.join(home, "cache"))}
    return (name for name in sorted(found) if _ID.fullmatch(name))


def _is_gone(place: str) -> bool:
    """Whether no repository is at a project's last place any more."""
    return bool(place) and not os.path.exists(os.path.join(place, "HEAD"))


def _is_of(repository: RepositoryFacts, home: str, key: str) -> bool:
    """Whether a project's workers are this repository's: git knows their worktrees; or there are none."""
    theirs = set(_worktrees(os.path.join(home, "sessions", key)))
    return not theirs or bool(theirs & {os.path.realpath(path) for _, path in our_worktrees(repository)})


def _worktrees(directory: str) -> Iterator[str]:
    for name in _names(directory):
        if name.endswith(".json"):
            try:
                found = fast_json.loads(read_text(os.path.join(directory, name)))
            except (OSError, ValueError):
                continue
            if isinstance(found, dict) and isinstance(found.get("worktreePath"), str):
                yield os.path.realpath(found["worktreePath"])


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _last_opened(home: str, key: str) -> float:
    try:
        return os.stat(os.path.join(home, "cache", key, project_info.NAME)).st_mtime
    except OSError:
        return 0.0
