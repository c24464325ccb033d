"""What `doctor` looks at: the machine (E...) and the invariants of the state (I...). Each finding names its fix."""

from __future__ import annotations

from orchestra.core.records import Record


class Finding(Record):
    """One thing that is not as it should be. `severity` is `error` or `warning`."""

    id: str
    severity: str
    what: str
    fix: str


def warning(id: str, what: str, fix: str) -> Finding:  # noqa: A002 - the finding's
    """Something to look at; the workspace goes on."""
    return Finding(id, "warning", what, fix)


def error(id: str, what: str, fix: str) -> Finding:  # noqa: A002 - the finding's
    """Something that stops work, or that loses it."""
    return Finding(id, "error", what, fix)
