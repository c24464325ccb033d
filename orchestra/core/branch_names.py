"""Which branch name is free: here, on the remote, among the workers. Pure."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 1000  # names that are tried


def why_taken(name: str, taken: Iterable[str]) -> str:
    """The branch because of which `name` cannot be used; empty when it is free.

    Branches are files: `a` excludes `a/b`, and on many disks `Issue-1` is `issue-1`.
    """
    lower = name.lower()
    for other in sorted(taken):
        there = other.lower()
        if there == lower or there.startswith(f"{lower}/") or lower.startswith(f"{there}/"):
            return other
    return ""


def next_free(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, else the first of `wanted-2`, `wanted-3` ... that is free; empty when none of a thousand is.

    Beside a branch that is above it, as `issue` is above `issue/1`, its `/` becomes `-`: no number would help.
    """
    known = frozenset(taken)
    names = {one.lower() for one in known}
    parts = wanted.lower().split("/")
    above = any("/".join(parts[:count]) in names for count in range(1, len(parts)))
    stem = wanted.replace("/", "-") if above else wanted
    tried = (stem if number == 1 else f"{stem}-{number}" for number in range(1, MOST))
    return next((name for name in tried if not why_taken(name, known)), "")
