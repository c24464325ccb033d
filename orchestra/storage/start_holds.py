"""Why no worker may start for a while, as the monitor or a command found it last. Standard library only: hooks read it.

`cache/<project>/holds.json`; what is over is left out, so an old file holds up nothing.
"""

from __future__ import annotations

import os

from orchestra.core.start_hold import StartHold
from orchestra.storage import json_cache

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

NAME = "holds.json"


def read(cache: str, now: float) -> tuple[StartHold, ...]:
    """The holds that are not over."""
    none: tuple[StartHold, ...] = ()
    found = json_cache.read(os.path.join(cache, NAME), _parsed, none)
    return tuple(one for one in found if one.until > now)


def write(cache: str, holds: Iterable[StartHold]) -> None:
    """Write them, unless the file says the same already."""
    path, wanted = os.path.join(cache, NAME), tuple(holds)
    none: tuple[StartHold, ...] = ()
    if json_cache.read(path, _parsed, none) != wanted:
        json_cache.write(path, [list(one) for one in wanted])


def _parsed(found: Any) -> tuple[StartHold, ...]:
    return tuple(StartHold(float(until), str(what), str(agent)) for until, what, agent in found)
