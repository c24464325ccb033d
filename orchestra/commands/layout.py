"""`orchestra layout [NAME]`: bring a running workspace into a layout, or say which there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from orchestra.config import layout as layouts
from orchestra.config.resources import find_layout, layout_names
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.project import layout_plan as workspace
from orchestra.storage import project_info as bearings
from orchestra.workers.overview import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


class Offered(NamedTuple):
    """A layout by name: what it is for, and whether it is the present one."""

    name: str
    words: str
    present: bool


def layout(orchestra: Orchestra, name: str) -> None:
    """Rearrange the windows of the running workspace. Every program goes on in its own pane; none is ended."""
    wanted = workspace.desired(orchestra, name)
    if not orchestra.tmux.running():
        raise OrchestraError("the workspace is not open", f"open it so: orchestra up {clean(name, 60)}")
    orchestra.tmux.arrange(wanted.windows, per_window=wanted.per_window, forget=_options(orchestra))
    known = orchestra.bearings
    if known is not None:  # the next worker's pane goes by it, and the next `up`
        bearings.write(orchestra.store.cache, known._replace(layout=name))
    orchestra.bind_keys()
    refresh(orchestra)


def offered(orchestra: Orchestra) -> tuple[Offered, ...]:
    """Every layout that a name brings: the repository's own and those that ship."""
    here = workspace.present(orchestra)
    return tuple(Offered(name, _words(orchestra, name), name == here) for name in layout_names(orchestra.root))


def _options(orchestra: Orchestra) -> tuple[str, ...]:
    """The window options that the present layout has set; none when it cannot be read any more."""
    try:
        windows = workspace.desired(orchestra, workspace.present(orchestra)).windows
    except OrchestraError:
        return ()
    return tuple(dict.fromkeys(option for window in windows for option in window.options))


def _words(orchestra: Orchestra, name: str) -> str:
    """The first sentence of the comment that a layout begins with, else its windows."""
    try:
        found, text = find_layout(name, orchestra.root)
        loaded = layouts.load(text, found)
    except OrchestraError as wrong:
        return f"does not load: {clean(wrong.message)}"
    comment = re.match(r"(?:#[^\n]*\n)+", text)
    words = re.sub(r"(?m)^#\s*", "", comment[0]) if comment else ""
    sentence = clean(words.split("\n\n")[0], 400).split(". ")[0].rstrip(".")
    return sentence or "windows: " + ", ".join(clean(window.name, 30) for window in loaded.windows)
