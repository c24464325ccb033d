"""Which variables direnv has put into a shell. Pure; direnv 2.x keeps the difference in DIRENV_DIFF."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Mapping

_MOST = 1 << 20
_ITS_OWN = ("DIRENV_", "VIRTUAL_ENV", "PATH")


def set_by_direnv(environ: Mapping[str, str], root: str) -> tuple[str, ...]:
    """The names of the variables that an `.envrc` at `root`, above or below it has set, but for PATH."""
    place = os.path.normpath(environ.get("DIRENV_DIR", "").removeprefix("-") or "/")
    if not os.path.isabs(place) or os.path.commonpath((place, root)) not in (place, root) or place == "/":
        return ()
    try:
        held = zlib.decompressobj().decompress(base64.urlsafe_b64decode(environ["DIRENV_DIFF"]), _MOST)
        made = json.loads(held)["n"]
    except (KeyError, ValueError, TypeError, zlib.error):
        return ()
    return tuple(sorted(name for name in made if not name.startswith(_ITS_OWN))) if isinstance(made, dict) else ()
