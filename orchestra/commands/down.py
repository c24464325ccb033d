"""`orchestra down`: end the workspace of this project. Worktrees, branches and session files stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestra.workers import stop as ending

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


class Closed(NamedTuple):
    """What `down` ended: whether a session was there, and how many workers ran in it."""

    was_open: bool
    workers: int


def down(orchestra: Orchestra) -> Closed:
    """Close the session; every worker keeps its worktree and conversation, and `up` brings it back."""
    was_open = orchestra.tmux.running()
    panes = orchestra.tmux.panes() if was_open else ()
    orchestra.tmux.shutdown()
    ending.end_processes(orchestra.store.listing().workers)
    orchestra.forget_tokens()
    return Closed(was_open, sum(not pane.dead for pane in panes))
