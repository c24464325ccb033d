"""What the board shows beside the list: one worker in full, and whether anything has changed. No polling of panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.text import clean_lines
from orchestra.errors import OrchestraError
from orchestra.storage.files import read_text
from orchestra.ui.happened import history

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.workers.overview import WorkerRow

LAST_LINES = 12  # of a pane
LAST_EVENTS = 10
MOST_PLAN = 20  # lines

Part = tuple[str, list[str]]


def parts(project: Project, row: WorkerRow) -> tuple[Part, ...]:
    """All that costs a question to tmux or git about one worker, by name."""
    return (
        ("plan", plan(row)),
        ("the end of its pane", screen(project, row)),
        ("files", changed(project, row)),
        ("what happened", timeline(project, row)),
    )


def plan(row: WorkerRow) -> list[str]:
    """The beginning of the worker's plan, if it has written one."""
    try:
        lines = clean_lines(read_text(row.worker.plan or "", most=256 * 1024)).strip().splitlines()
    except OSError:
        return []
    return lines if len(lines) <= MOST_PLAN else [*lines[:MOST_PLAN], f"... {len(lines) - MOST_PLAN} lines more"]


def screen(project: Project, row: WorkerRow) -> list[str]:
    """The last lines of the worker's pane; none where it has no pane."""
    if row.seen.pane is None:
        return []
    try:
        shown = clean_lines(project.panes.capture(row.seen.pane)).rstrip().splitlines()
    except OrchestraError:
        return []
    return [line for line in shown if line.strip()][-LAST_LINES:]


def timeline(project: Project, row: WorkerRow) -> list[str]:
    """The last things that happened to the worker, the newest first."""
    found = history(project.store.journal(row.worker.id))
    return [f"{one.at[11:16]} {one.words}" for one in found[: -LAST_EVENTS - 1 : -1]]


def changed(project: Project, row: WorkerRow) -> list[str]:
    """The files the worker has changed, as `git diff --stat` tells."""
    worker = row.worker
    if not project.repository.ready(worker.worktree):
        return []
    try:
        return clean_lines(project.change_of(worker).stat()).splitlines()[-20:]
    except OrchestraError:
        return []
