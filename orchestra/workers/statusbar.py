"""Bar, borders and window marks, brought up to date by whoever notices a change: a hook's child, a verb, the monitor.

Standard library only, and no configuration is read: hooks call it.
"""

from __future__ import annotations

import os

from orchestra.core import bar, state
from orchestra.core.look import Look
from orchestra.errors import Unreachable
from orchestra.storage import auto_state, project_info, start_holds
from orchestra.storage.files import is_full
from orchestra.storage.github_heard import last_heard

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra.core.attention import ObservedWorker
    from orchestra.core.state import Shown
    from orchestra.project.context import Project
    from orchestra.storage.project_info import ProjectInfo
    from orchestra.storage.session_store import Store
    from orchestra.tmux.session import Session


def push(store: Store, tmux: Session, silent: float, look: Look) -> None:
    """Show every worker's state in tmux; nothing happens while the workspace is not open or tmux does not answer."""
    from orchestra.tmux.status_bar import StatusBar

    try:
        panes = tmux.panes_if_open()
        if panes is None:
            return
        items = _items(store, {(pane.worker, pane.nonce): pane for pane in panes}, silent, is_open=True)
        borders = {seen.pane.id: bar.border(seen, shown) for seen, shown in items if seen.pane}
        StatusBar(tmux).show(bar.bar(items, store.now(), notices(store)), look, borders, bar.window_marks(items))
    except Unreachable:
        return


def push_from_hook(store: Store, environ: Mapping[str, str]) -> None:
    """The same from a hook, by what `up` or `spawn` has written down of the workspace."""
    known, tmux = project_info.read(store.cache), session_of(store, environ)
    if known is not None and tmux is not None:
        push(store, tmux, known.silent, look_of_workspace(known))


def session_of(store: Store, environ: Mapping[str, str]) -> Session | None:
    """The project's session as `up` or `spawn` knew it; None when neither has run."""
    known = project_info.read(store.cache)
    if known is None:
        return None
    from orchestra.tmux.client import Server
    from orchestra.tmux.session import Session

    return Session(Server(known.socket, project_info.person_environ(known, environ)), store.project)


def _items(
    store: Store, panes: state.Panes, silent: float, *, is_open: bool | None
) -> list[tuple[ObservedWorker, Shown]]:
    heard = last_heard(store.cache)
    now, awake = store.now(), store.awake_since()
    holds = start_holds.read(store.cache, now)
    return state.states(store.listing().workers, panes, is_open, store.heartbeat, now, silent, heard, holds, awake)


def refresh(project: Project) -> None:
    """Bring bar, borders and window marks of the project up to date."""
    push(project.store, project.tmux_direct, project.config.limits.silent, look_of_workspace(project.bearings))


def bar_of(project: Project) -> bar.Bar:
    """The bar by the session files alone: before the panes are open, a worker without one has not crashed."""
    items = _items(project.store, {}, project.config.limits.silent, is_open=False)
    return bar.bar(items, project.now(), notices(project.store))


def notices(store: Store) -> tuple[str, ...]:
    """What the bar says of the whole project: what keeps it from recording or starting, and what starts by itself."""
    now = store.now()
    told = (
        unrecorded_because(store.root),
        *(one.notice(now) for one in start_holds.read(store.cache, now)),
        auto_state.notice(auto_state.read(store.root)),
    )
    return tuple(filter(None, told))


def unrecorded_because(root: str) -> str:
    """Why what the workers do is not recorded, so that what is shown of them grows old; empty: it is."""
    if is_full(root):
        return "the disk is full, nothing new is recorded: orchestra doctor"
    if os.path.isdir(root) and not os.access(root, os.W_OK):
        return "session files cannot be written, nothing new is recorded: orchestra doctor"
    return ""


def look_of_workspace(known: ProjectInfo | None) -> Look:
    """What the terminal that opened the workspace can show."""
    return Look(ascii=known.ascii, plain=known.plain) if known else Look()
