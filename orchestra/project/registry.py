"""The projects of this machine: those that `up` or `spawn` has been run in, by what they have written down."""

from __future__ import annotations

import os
from collections.abc import Iterable

from orchestra.core.records import Record
from orchestra.storage import project_info
from orchestra.storage.files import names_in


class KnownProject(Record):
    """A project by its key, the directory of its main checkout, and the name that it is shown and addressed by."""

    key: str
    root: str
    name: str


def known_projects(home: str) -> tuple[KnownProject, ...]:
    """Every project below `home` whose directory is there, by name; the key where two directories have one name."""
    place = os.path.join(home, "cache")
    try:
        keys = names_in(place)
    except OSError:
        return ()
    infos = ((key, project_info.read(os.path.join(place, key))) for key in keys)
    found = [(key, info.root) for key, info in infos if info is not None and os.path.isdir(info.root)]
    names = [os.path.basename(root) for _, root in found]
    shown = (
        KnownProject(key, root, name if names.count(name) == 1 else key)
        for (key, root), name in zip(found, names, strict=True)
    )
    return tuple(sorted(shown, key=lambda one: one.name))


def named(projects: Iterable[KnownProject], name: str) -> tuple[KnownProject, ...]:
    """Those that `name` may mean: the name shown, the directory's, the key, or `owner/repo`."""
    wanted = name.casefold()
    keys = {wanted, wanted.replace("/", "-")}
    found = tuple(
        one
        for one in projects
        if one.key.casefold() in keys or wanted in (one.name.casefold(), os.path.basename(one.root).casefold())
    )
    exact = tuple(one for one in found if wanted == one.name.casefold())
    return exact or found
