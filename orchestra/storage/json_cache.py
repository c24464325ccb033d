"""Small JSON files that save a question to git, GitHub, tmux or a transcript: losing one costs time, and nothing else.

So a cache that is missing, cut, foreign or of another version reads as its default, and a full disk is not an error.
Standard library only: hooks read through it.
"""

from __future__ import annotations

import os

from orchestra.core import fast_json
from orchestra.storage.files import make_private, read_text, write_atomic

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")


def read(path: str, parse: Callable[[Any], T], default: T) -> T:
    """What `parse` makes of the file's JSON; `default` when there is none, or when `parse` cannot take it."""
    try:
        return parse(fast_json.loads(read_text(path)))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
        return default


def write(path: str, value: Any) -> bool:
    """Replace the file whole, for the user alone; False when the disk does not take it."""
    try:
        make_private(os.path.dirname(path))
        write_atomic(path, fast_json.dumps(value))
    except OSError:
        return False
    return True


def read_texts(path: str) -> dict[str, str]:
    """An object of texts; empty when there is none."""
    none: dict[str, str] = {}
    return read(path, lambda found: {str(key): str(value) for key, value in found.items()}, none)
