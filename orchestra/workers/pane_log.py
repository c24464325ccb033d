"""What a worker's pane has shown: kept when the pane is closed, so that it can be read for as long as the worker is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Pane, Worker
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.storage.files import read_text, write_atomic
from orchestra.workers.overview import pane_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra

NAME = "screen.txt"  # in the worker's directory, 0600
LINES = 10_000  # of a pane's history
MOST = 1_000_000  # characters of all its panes; the newest stay


def keep(orchestra: Orchestra, pane: Pane) -> bool:
    """Add what the pane has shown to what is kept of this worker; False when that could not be written."""
    try:
        now, before = _shown(orchestra, pane), _kept(orchestra, pane.worker)
        if now and not before.endswith(now):  # a kill between this and the pane's end: it is there already
            heading = f"---- {stamp(orchestra.now())}: this pane was closed; it had shown\n"
            write_atomic(orchestra.store.file(pane.worker, NAME), (before + heading + now)[-MOST:])
    except (OSError, OrchestraError):
        return False
    return True


def read(orchestra: Orchestra, worker: Worker) -> str:
    """Everything that is kept, and what the worker's pane holds now, as clean lines; empty when there is nothing."""
    pane = pane_of(orchestra, worker)
    return _kept(orchestra, worker.id) + (_shown(orchestra, pane) if pane is not None else "")


def _shown(orchestra: Orchestra, pane: Pane) -> str:
    text = orchestra.tmux.capture(pane, LINES).strip("\n")
    return text + "\n" if text.strip() else ""


def _kept(orchestra: Orchestra, number: str) -> str:
    try:
        return read_text(orchestra.store.file(number, NAME))
    except FileNotFoundError:
        return ""
