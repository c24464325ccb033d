"""Packages that a worker's programs would take from the main checkout: editable installs and linked workspaces.

`pip install -e .` writes the checkout's path into the environment. A worktree that uses this environment, wherever it
is, then tests the main checkout's code, whatever its own says.
"""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.storage.files import read_text

_MOST = 512 * 1024
_VENVS = (".venv", "venv", "env", ".env")
_FINDER = regex(r"['\"](/[^'\"\n]+)['\"]")


class Foreign(Record):
    """A package whose code is in another checkout: how it is called, where its code and where that is written."""

    name: str
    source: str
    written_in: str


def python_sources(environ: Mapping[str, str], worktree: str, checkouts: Sequence[str]) -> tuple[Foreign, ...]:
    """What the Pythons on a worker's PATH, and those of its worktree, import from one of the checkouts."""
    found: dict[tuple[str, str], Foreign] = {}
    for site in _sites(environ, worktree):
        for name, source, file in _written(site):
            place = os.path.realpath(source)
            if any(_is_below(place, one) for one in checkouts) and not _is_below(place, worktree):
                found.setdefault((name, place), Foreign(name, place, file))
    return tuple(one for one in found.values() if not _is_named_closer(one, found.values()))


def _is_named_closer(one: Foreign, others: Iterable[Foreign]) -> bool:
    """Whether another line names the directory of its code, where this one names the project's."""
    return any(other.source != one.source and _is_below(other.source, one.source) for other in others)


def linked_packages(worktree: str, checkouts: Sequence[str]) -> tuple[Foreign, ...]:
    """Workspace packages of `node_modules` that lead into one of the checkouts."""
    top = os.path.join(worktree, "node_modules")
    real = os.path.realpath(top)
    found = []
    for pattern in ("*", "@*/*"):
        for path in sorted(glob.glob(os.path.join(glob.escape(top), pattern))):
            place = os.path.realpath(path)
            if not os.path.islink(path) or _is_below(place, worktree) or _is_below(place, real):
                continue
            if any(_is_below(place, one) for one in checkouts) and "node_modules" not in place.split("/"):
                found.append(Foreign(os.path.relpath(path, top), place, path))
    return tuple(found)


def _sites(environ: Mapping[str, str], worktree: str) -> list[str]:
    """The directories of packages of every Python that is found."""
    bins = [entry for entry in environ.get("PATH", "").split(os.pathsep) if os.path.isabs(entry)]
    homes = [os.path.dirname(entry.rstrip("/")) for entry in bins if os.path.basename(entry.rstrip("/")) == "bin"]
    homes += [os.path.join(worktree, name) for name in _VENVS]
    if environ.get("HOME"):
        homes.append(os.path.join(environ["HOME"], ".local"))
    patterns = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "lib64/python3*/site-packages")
    found = (path for home in homes for one in patterns for path in glob.glob(os.path.join(glob.escape(home), one)))
    return list(dict.fromkeys(map(os.path.realpath, found)))


def _written(site: str) -> Iterator[tuple[str, str, str]]:
    """Name, source and file of what is installed from a directory: in each way that an installer writes it down."""
    for file in glob.glob(os.path.join(glob.escape(site), "*.pth")):
        for line in _text(file).splitlines():
            if line.startswith("/"):
                yield _name(file), line.strip(), file
    for file in glob.glob(os.path.join(glob.escape(site), "*.egg-link")):
        yield _name(file), _text(file).partition("\n")[0].strip(), file
    for file in glob.glob(os.path.join(glob.escape(site), "__editable__*_finder.py")):
        for source in _FINDER.findall(_text(file)):
            package = os.path.dirname(source)
            yield _name(file), package, file
    for file in glob.glob(os.path.join(glob.escape(site), "*.dist-info", "direct_url.json")):
        try:
            value = json.loads(_text(file))
            editable, url = bool(value["dir_info"]["editable"]), urlsplit(value["url"])
        except (ValueError, KeyError, TypeError):
            continue
        if editable and url.scheme == "file":
            yield os.path.basename(os.path.dirname(file)).partition("-")[0], unquote(url.path), file


def _name(file: str) -> str:
    name = os.path.basename(file).removeprefix("__editable__").strip("_.")
    return re.split(r"\.egg-link$|\.pth$|_finder\.py$|-\d|_\d+_\d+", name)[0] or name


def _text(file: str) -> str:
    try:
        return read_text(file, most=_MOST)
    except (OSError, ValueError):
        return ""


def _is_below(place: str, directory: str) -> bool:
    return f"{place}/".startswith(f"{os.path.realpath(directory)}/")
