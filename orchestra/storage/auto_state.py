"""What the monitor starts by itself: whether the user has stopped that, by which rules, and what was started when.

`sessions/<project>/auto`. A file that cannot be read counts as stopped. Standard library only: the bar's hook reads it.
"""

from __future__ import annotations

import os

from orchestra.core import fast_json
from orchestra.core.records import Record
from orchestra.storage.files import locked, make_private, read_text, write_atomic

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

NAME = "auto"
MOST_DAYS = 60


class AutoState(Record):
    """`rules`: the labels of the rules that hold here, as the monitor saw them; `started`: by day, number and label."""

    off: bool = False
    rules: tuple[str, ...] = ()
    started: Mapping[str, Mapping[str, str]] = {}


def notice(state: AutoState) -> str:
    """What the bar says: `auto: ready`, or nothing where there is no rule."""
    return f"{'auto is off' if state.off else 'auto'}: {', '.join(state.rules)}" if state.rules else ""


def read(root: str) -> AutoState:
    """The state of a project, whose session files are below `root`."""
    try:
        return _parsed(fast_json.loads(read_text(os.path.join(root, NAME))))
    except FileNotFoundError:
        return AutoState()
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return AutoState(off=True)


def change(root: str, make: Callable[[AutoState], AutoState]) -> AutoState:
    """Replace the state by what `make` makes of it, under a lock; raises OSError where it cannot be written."""
    make_private(root)
    path = os.path.join(root, NAME)
    with locked(f"{path}.lock", wait=10):
        before = read(root)
        after = make(before)
        if after != before:
            days = {day: dict(found) for day, found in sorted(after.started.items())[-MOST_DAYS:]}
            write_atomic(path, fast_json.dumps({"off": after.off, "rules": list(after.rules), "started": days}))
    return after


def _parsed(found: Any) -> AutoState:
    started = {
        str(day): {str(number): str(label) for number, label in numbers.items()}
        for day, numbers in found["started"].items()
    }
    return AutoState(found["off"] is not False, tuple(map(str, found["rules"])), started)
