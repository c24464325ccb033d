"""`orchestra layout [NAME]`: bring a running workspace into a layout, or say which there are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestra.config import layout as layouts
from orchestra.config.resources import find_layout, layout_names
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.project import layout_plan
from orchestra.storage import project_info
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Offered(Record):
    """A layout by name: what it is for, and whether it is the present one."""

    name: str
    words: str
    present: bool


def layout(project: Project, name: str) -> Sequence[str]:
    """Rearrange the windows of the running workspace. Every program goes on in its own pane; none is ended.

    Returns what of the layout is left out, with file and line.
    """
    wanted = layout_plan.desired_layout(project, name)
    if not project.tmux.running():
        raise OrchestraError("the workspace is not open", f"open it so: orchestra up {clean(name, 60)}")
    project.workspace.arrange(wanted.windows, per_window=wanted.per_window, forget=_options(project))
    known = project.bearings
    if known is not None:  # the next worker's pane goes by it, and the next `up`
        project_info.write(project.store.cache, known._replace(layout=name))
    project.bind_keys()
    refresh(project)
    return wanted.ignored


def offered(project: Project) -> tuple[Offered, ...]:
    """Every layout that a name brings: the repository's own and those that ship."""
    here = layout_plan.current_layout(project)
    return tuple(Offered(name, _words(project.root, name), name == here) for name in layout_names(project.root))


def _options(project: Project) -> tuple[str, ...]:
    """The window options that the present layout has set; none when it cannot be read any more."""
    try:
        windows = layout_plan.desired_layout(project, layout_plan.current_layout(project)).windows
    except OrchestraError:
        return ()
    return tuple(dict.fromkeys(option for window in windows for option in window.options))


def _words(root: str, name: str) -> str:
    """The first sentence of the comment that a layout begins with, else its windows."""
    try:
        found, text = find_layout(name, root)
        loaded = layouts.load(text, found)
    except OrchestraError as wrong:
        return f"does not load: {clean(wrong.message)}"
    comment = re.match(r"(?:#[^\n]*\n)+", text)
    words = re.sub(r"(?m)^#\s*", "", comment[0]) if comment else ""
    sentence = clean(words.split("\n\n")[0], 400).split(". ")[0].rstrip(".")
    return sentence or "windows: " + ", ".join(clean(window.name, 30) for window in loaded.windows)
