"""A folder of a monorepo as a project of its own: where an `orchestra.yaml` is, and the user is in it or below."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra.core.text import clean
from orchestra.errors import UsageError
from orchestra.storage import project_info

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

CONFIG_NAME = "orchestra.yaml"
_SEPARATOR = "--"


def folder_of(repository: RepositoryFacts, home: str, environ: Mapping[str, str]) -> str:
    """The folder that the project is, below the repository's root; empty for the whole repository.

    A worker's agent may be anywhere in its worktree: its environment names the project.
    """
    named = environ.get("ORCHESTRA_PROJECT", "")
    known = project_info.read(os.path.join(home, "cache", named)) if re.fullmatch(r"[A-Za-z0-9_-]+", named) else None
    if known is not None and known.common == str(repository.common):
        inside = os.path.relpath(known.root, repository.root)
        return "" if inside == "." or inside.startswith("..") else inside
    parts = repository.below.split("/") if repository.below else []
    for count in range(len(parts), 0, -1):
        folder = "/".join(parts[:count])
        if os.path.isfile(os.path.join(repository.root, folder, CONFIG_NAME)):
            if not folder.isprintable() or clean(folder) != folder:
                raise UsageError(f"the folder {clean(folder)} cannot be a project", "give it a name of plain letters")
            return folder
    return ""


def suffix(folder: str) -> str:
    """What the project's id has beside the repository's: the folder's name, and a hash where two could be alike."""
    if not folder:
        return ""
    slug = re.sub(r"[^A-Za-z0-9_]", "-", folder)
    plain = slug == folder.replace("/", "-") and "-" not in folder
    return f"{_SEPARATOR}{slug}" + ("" if plain else f"-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]}")


def seen_from(folder: str, path: str) -> str:
    """A path of the repository as a project in this folder writes it; `../` leads to the rest of the repository."""
    return os.path.relpath(path, folder) if folder else path
