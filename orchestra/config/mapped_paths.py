"""Variables that lead into the main checkout, as a worker gets them: into its own worktree, or not at all. Pure.

A shell in which a virtual environment of the main checkout is active, or direnv has put its `bin` on PATH, would have
every worker run and test the main checkout's programs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence

from orchestra.config.schema import ENVIRONMENT, PROGRAMS
from orchestra.core.globs import matches
from orchestra.core.records import Record

_LISTS = ("PATH", "*PATH", "*_PATHS")
# What an agent always gets stays as it is, a key file for one; but for what a project keeps below itself.
_AS_IT_IS = (*(one for one in ENVIRONMENT if one not in PROGRAMS), "ORCHESTRA_*", "PWD", "OLDPWD", "_")
_PLACES = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "GOBIN", "CARGO_TARGET_DIR", "MISE_PROJECT_ROOT")


class Moved(Record):
    """One entry that led into another checkout: where it leads now, empty when it was left out."""

    variable: str
    old: str
    new: str

    @property
    def told(self) -> str:
        """A sentence for the user."""
        if self.new == self.old:
            how = f"`env: {{{self.variable}: ...}}` in orchestra.yaml gives each worker its own"
            return f"{self.variable}: leads into {self.old} as it is; {how}"
        if self.new:
            return f"{self.variable}: {self.new} in place of {self.old}"
        return f"{self.variable}: without {self.old}, which the worktree does not have"


def mapped(
    variables: Mapping[str, str], checkouts: Sequence[str], worktree: str, exists: Callable[[str], bool]
) -> tuple[dict[str, str], tuple[Moved, ...]]:
    """The variables for a program in `worktree`. `checkouts`: the main one first, and those of other workers."""
    found, moved = dict(variables), []
    # A checkout that HOME is in, as one of dot files, holds all that the user has installed.
    homes = [one for one in checkouts if _below(variables.get("HOME", "/"), one) is not None]
    others = [one for one in checkouts if one not in homes]
    for name, value in variables.items():
        is_list = matches(name, _LISTS)
        if not (is_list or name in _PLACES):
            if not matches(name, _AS_IT_IS) and (one := _own(name, value, others, worktree, exists)):
                moved.append(one)
                found[name] = one.new if one.new != one.old else value
            continue
        entries, kept = value.split(os.pathsep) if is_list else [value], []
        for entry in entries:
            inside = _inside(entry, checkouts, worktree)
            if inside is None:
                kept.append(entry)
                continue
            new = os.path.normpath(os.path.join(worktree, inside))
            if _inside(entry, homes, worktree) is not None and not exists(new):
                kept.append(entry)
                continue
            moved.append(Moved(name, entry, new if exists(new) else ""))
            kept += [new] if exists(new) else []
        if kept:
            found[name] = os.pathsep.join(kept)
        else:
            del found[name]
    return found, tuple(moved)


def _own(name: str, value: str, checkouts: Sequence[str], worktree: str, exists: Callable[[str], bool]) -> Moved | None:
    """A variable of the project's own: a path that the worktree has too leads there, the rest is only told."""
    inside = _inside(value, checkouts, worktree)
    new = os.path.normpath(os.path.join(worktree, inside)) if inside is not None else ""
    if new and exists(new):
        return Moved(name, value, new)
    rest = value.replace(worktree, "")
    named = next((one for one in checkouts if re.search(re.escape(one) + r"(?![^/:;,?\"' ])", rest)), None)
    return Moved(name, named, named) if named else None


def moved_place(place: str, checkouts: Sequence[str], worktree: str) -> str:
    """The same place in `worktree` as `place` is in one of the checkouts."""
    inside = _inside(place, checkouts, worktree)
    return place if inside is None else os.path.normpath(os.path.join(worktree, inside))


def _inside(entry: str, checkouts: Sequence[str], worktree: str) -> str | None:
    """Where in one of the checkouts an entry leads, as it is written or with its links followed; None: in none."""
    if not os.path.isabs(entry) or _below(entry, worktree) is not None:
        return None
    for place in (os.path.normpath(entry), os.path.realpath(entry)):
        found = next((rest for one in checkouts if (rest := _below(place, one)) is not None), None)
        if found is not None:
            return found
    return None


def _below(place: str, directory: str) -> str | None:
    """The path of `place` below a directory; None when it is not below."""
    place, directory = os.path.normpath(place), directory.rstrip("/") or "/"
    return place[len(directory) :].lstrip("/") or "." if f"{place}/".startswith(f"{directory}/") else None
