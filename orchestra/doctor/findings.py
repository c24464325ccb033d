"""What `doctor` looks at: the machine (E...) and the invariants of the state (I...). Each finding has its mend."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that is not as it should be. `severity` is `error` or `warning`."""

    id: str
    severity: str
    what: str
    mend: str


def warning(id: str, what: str, mend: str) -> Finding:  # noqa: A002 - the finding's
    """Something to look at; the workspace goes on."""
    return Finding(id, "warning", what, mend)


def error(id: str, what: str, mend: str) -> Finding:  # noqa: A002 - the finding's
    """Something that stands in the way, or that loses work."""
    return Finding(id, "error", what, mend)
