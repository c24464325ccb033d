"""A layout with the programs of ours that its roles run: what `up` opens and `layout` brings a session into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.config import layout
from orchestra.config.resources import find_layout
from orchestra.core.models import WindowPlan
from orchestra.errors import Unreachable
from orchestra.project import entry_points as programs

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


FIRST_SECONDS = 0.1  # until the workspace is whole, and `up` has told so


class Desired(NamedTuple):
    """A layout, checked, as windows."""

    windows: Sequence[WindowPlan]
    per_window: int


def desired(orchestra: Orchestra, name: str) -> Desired:
    """The layout of this name; raises UsageError when there is none or it does not hold."""
    found, text = find_layout(name, orchestra.root)
    loaded = layout.load(text, found)
    monitor = programs.kept_running((*orchestra.program(), "monitor"))
    argvs = {role: (*orchestra.program(), role) for role in ("orchestrator", "board")} | {"monitor": monitor}
    argv_of = {role: programs.later(argv, FIRST_SECONDS, role) for role, argv in argvs.items()}
    home = orchestra.environ.get("HOME", "/")
    return Desired(layout.plan(loaded, root=orchestra.root, home=home, argv_of=argv_of), loaded.panes_per_window)


def present(orchestra: Orchestra) -> str:
    """The name of the layout that is open; of the configured one while nothing is."""
    known, usual = orchestra.bearings, orchestra.config.layout
    return known.layout if known and known.layout not in ("", usual) and _is_open(orchestra) else usual


def _is_open(orchestra: Orchestra) -> bool:
    """Whether our session is there; a server that gives no answer may have it."""
    try:
        return orchestra.tmux.running()
    except Unreachable:
        return True
