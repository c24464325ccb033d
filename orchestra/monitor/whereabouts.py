"""Whether a worker's conversation is in its pane and its worktree, and which version of its program runs there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import agents, processes
from orchestra.core import events
from orchestra.core.text import clean
from orchestra.git import worktree_state
from orchestra.workers import delivery, hook_silence, worktree_setup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestra.agents.records import RunningSession
    from orchestra.core.models import Event, Pane, Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store


def record_whereabouts(project: Project, worker: Worker, pane: Pane | None, say: Callable[[str], None]) -> Worker:
    """Record when a conversation has left its pane or its worktree, and when it is back; the worker as it is then."""
    if not worker.agent:
        return worker
    told = agents.agent(worker.agent).running_sessions(worker.transcript)
    running = [one for one in told or () if processes.is_running(one.pid, one.began)]
    alive = pane.pid if pane is not None and not pane.dead else None
    worker = _record_version(project.store, worker, version_of(worker, alive, running))
    where = elsewhere(worker, alive, running) or _misplaced(project, worker)
    if not where and pane is not None and not pane.dead:
        where = hook_silence.unheard(project, worker) or hook_silence.unheard_start(project, worker, pane)
        where = where or delivery.cramped(project.panes, worker, pane)
    if where == worker.elsewhere:
        return worker

    def made(now: Worker | None) -> Event | None:
        same = now is not None and (now.elsewhere, now.agent_session) == (worker.elsewhere, worker.agent_session)
        return events.moved("monitor", where) if same else None

    after = project.store.decide(worker.id, made).worker or worker
    say(f"#{worker.id} {after.elsewhere}" if after.elsewhere else f"#{worker.id} is in its pane and heard again")
    return after


def version_of(worker: Worker, pane_pid: int | None, running: Sequence[RunningSession]) -> str:
    """The version of the program in the worker's pane; empty: not told.

    The pane's process may be a script that runs the program, and then the conversation tells which session is meant.
    """
    own = [one for one in running if one.pid == pane_pid]
    same = [one for one in running if one.session == worker.agent_session and not one.background]
    return next((one.version for one in (own or same) if one.version), "")


def _record_version(store: Store, worker: Worker, version: str) -> Worker:
    """Record it when it is another one. What is not told now was told before: it goes by the next start only."""
    if not version or version == worker.agent_version:
        return worker

    def made(now: Worker | None) -> Event | None:
        return events.version_seen("monitor", version) if now is not None and now.agent_version != version else None

    return store.decide(worker.id, made).worker or worker


def _misplaced(project: Project, worker: Worker) -> str:
    """Where its worktree is, as a sentence, when it is not where it was made; empty: it is there, or not made yet."""
    if not worktree_setup.is_prepared(project.store, worker):
        return ""
    wrong = worktree_state.gone(project.repository, worker.worktree, worker.branch)
    if wrong is None:
        return ""
    again = f"if you moved it, move it back; if not: orchestra restart {worker.id} makes it again"
    return f"{wrong.what}; {wrong.hint or again}"


def elsewhere(worker: Worker, pane_pid: int | None, running: Sequence[RunningSession]) -> str:
    """Where the conversation goes on besides its pane and its worktree, as a sentence; empty: nowhere."""
    own = next((one for one in running if one.pid == pane_pid), None)
    for one in running:
        if one.pid == pane_pid:
            continue
        if one.session == worker.agent_session:
            if one.background:
                return (
                    f"its conversation goes on outside its pane, in the background (process {one.pid}); "
                    f"back into its pane: orchestra restart {worker.id}"
                )
            return f"its conversation is also open in another terminal (process {one.pid}): close one of them"
        if one.background and inside(one.directory, worker.worktree):
            return f"another session works in its worktree, in the background (process {one.pid}, {one.session[:8]})"
    if own is None:
        return ""
    if own.session != worker.agent_session:
        shown = clean(own.session, 40)
        return f"its pane shows another conversation, {shown}; back to its own: orchestra restart {worker.id}"
    if not inside(own.directory, worker.worktree):
        return (
            f"it works in {clean(own.directory, 200)}, which is not its worktree; back: orchestra restart {worker.id}"
        )
    return ""


def inside(directory: str, worktree: str) -> bool:
    """Whether a directory belongs to the worktree: below it, and in no further worktree that begins there."""
    place, top = os.path.realpath(directory), os.path.realpath(worktree)
    while place != top:
        if not place.startswith(top + "/") or _is_linked(place):
            return False
        place = os.path.dirname(place)
    return True


def _is_linked(place: str) -> bool:
    """Whether a worktree of its own begins here; a submodule's `.git` points into `modules`."""
    try:
        with open(f"{place}/.git", "rb") as file:
            return b"/worktrees/" in file.read(4096)
    except OSError:
        return False
