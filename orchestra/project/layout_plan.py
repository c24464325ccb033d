"""A layout with our programs that its roles run: what `up` opens and `layout` brings a session into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.config import layout
from orchestra.config.resources import find_layout
from orchestra.core.models import WindowPlan
from orchestra.core.records import Record
from orchestra.errors import Unreachable
from orchestra.project import entry_points

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.tmux.session import Session


FIRST_SECONDS = 0.1  # until the workspace is whole, and `up` has told so


class DesiredLayout(Record):
    """A layout, checked, as windows; `ignored` says what of it orchestra leaves out, with file and line."""

    windows: Sequence[WindowPlan]
    per_window: int
    ignored: Sequence[str] = ()


def desired_layout(project: Project, name: str) -> DesiredLayout:
    """The layout of this name; raises UsageError when there is none or it does not hold."""
    found, text = find_layout(name, project.root)
    loaded = layout.load(text, found)
    monitor = entry_points.kept_running((*project.program(), "monitor"))
    argvs = {role: (*project.program(), role) for role in ("orchestrator", "board")} | {"monitor": monitor}
    argv_of = {role: entry_points.delayed(argv, FIRST_SECONDS, role) for role, argv in argvs.items()}
    home = project.environ.get("HOME", "/")
    windows = layout.plan(loaded, root=project.root, home=home, argv_of=argv_of)
    return DesiredLayout(windows, loaded.panes_per_window, loaded.ignored)


def current_layout(project: Project) -> str:
    """The name of the layout that is open; of the configured one while nothing is."""
    known, usual = project.bearings, project.config.layout
    return known.layout if known and known.layout not in ("", usual) and _is_open(project.tmux) else usual


def _is_open(tmux: Session) -> bool:
    """Whether our session is there; a server that gives no answer may have it."""
    try:
        return tmux.running()
    except Unreachable:
        return True
