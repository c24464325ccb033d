"""`orchestra down`: end the workspace of this project. Worktrees, branches and session files stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.workers import stop

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Closed(Record):
    """What `down` ended: whether a session was there, and how many workers ran in it."""

    was_open: bool
    workers: int


def down(project: Project) -> Closed:
    """Close the session; every worker keeps its worktree and conversation, and `up` brings it back."""
    was_open = project.tmux.running()
    panes = project.tmux.panes() if was_open else ()
    project.workspace.shutdown()
    stop.end_processes(project.store.listing().workers)
    project.forget_tokens()
    return Closed(was_open, sum(not pane.dead for pane in panes))
