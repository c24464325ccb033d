"""What a worker's pane has shown: kept when the pane is closed, so that it can be read for as long as the worker is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Pane, Worker
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.storage.files import read_text, write_atomic
from orchestra.workers.overview import pane_of

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store
    from orchestra.tmux.pane_io import PaneIO

NAME = "screen.txt"  # in the worker's directory, 0600
LINES = 10_000  # of a pane's history
MOST = 1_000_000  # characters of all its panes; the newest stay


def save(project: Project, pane: Pane) -> bool:
    """Add what the pane has shown to what is kept of this worker; False when that could not be written."""
    try:
        now, before = _shown(project.panes, pane), _kept(project.store, pane.worker)
        if now and not before.endswith(now):  # a kill between this and the pane's end: it is there already
            heading = f"---- {stamp(project.now())}: this pane was closed; it had shown\n"
            write_atomic(project.store.file(pane.worker, NAME), (before + heading + now)[-MOST:])
    except (OSError, OrchestraError):
        return False
    return True


def read(project: Project, worker: Worker) -> str:
    """Everything that is kept, and what the worker's pane holds now, as clean lines; empty when there is nothing."""
    pane = pane_of(project, worker)
    return _kept(project.store, worker.id) + (_shown(project.panes, pane) if pane is not None else "")


def _shown(panes: PaneIO, pane: Pane) -> str:
    text = panes.capture(pane, LINES).strip("\n")
    return text + "\n" if text.strip() else ""


def _kept(store: Store, number: str) -> str:
    try:
        return read_text(store.file(number, NAME))
    except FileNotFoundError:
        return ""
