"""Open a worker's pane: the one idempotent path of spawn, resume, restart and `up`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core import events
from orchestra.core.attention import ObservedWorker
from orchestra.core.bar import border
from orchestra.core.models import Pane, Worker, WorkerPlan
from orchestra.core.state import shown
from orchestra.core.text import age, clean
from orchestra.errors import OrchestraError
from orchestra.project import entry_points
from orchestra.workers import git_config_guard, slots
from orchestra.workers.environment import orchestrator_environment
from orchestra.workers.git_config_guard import Act

if TYPE_CHECKING:
    from orchestra.project.context import Project

FRESH_SECONDS = 30.0  # a base fetched this lately is not fetched again
FETCH_SECONDS = 15.0
STAGGER_SECONDS = 0.1  # `worker run` is 0.1 s of a core until it becomes the agent


def open_pane(project: Project, worker: Worker, per_window: int) -> Pane:
    """Open the worker's pane, running `orchestra worker run ID`; a live one of its own is kept as it is."""
    project.remember()
    slots.take(project, worker)
    return project.workspace.open_worker(_plan(project, worker), per_window=per_window)


def resume_plans(project: Project, workers: Sequence[Worker], by: str) -> list[WorkerPlan]:
    """Record a launch of each, and say how to open its pane: what `up` does after a crash or a reboot.

    They start one after the other: a dozen at once would take the machine from the one that is looked at.
    """
    found: list[WorkerPlan] = []
    for worker in workers:
        recorded = project.store.record(worker.id, events.launched(by))
        if recorded.worker is not None and not recorded.refused:
            plan = _plan(project, recorded.worker)
            late = entry_points.delayed(plan.argv, (len(found) + 1) * STAGGER_SECONDS, f"#{worker.id}")
            found.append(plan._replace(argv=late))
    return found


def _plan(project: Project, worker: Worker) -> WorkerPlan:
    argv = (*project.program(), "worker", "run", worker.id)
    seen = ObservedWorker(worker, None, open=True)
    told = border(seen, shown(seen, project.now(), project.config.limits.silent))
    return WorkerPlan(worker.id, worker.nonce, argv, project.root, told.label, told.title, told.since)


def start_again(project: Project, number: str, by: str, session: str = "") -> Worker:
    """Record a launch and open the pane; `session` begins a new conversation. Raises OrchestraError when refused."""
    recorded = project.store.record(number, events.launched(by, session))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be started: {recorded.refused}")
    open_pane(project, recorded.worker, per_window=project.per_window)
    return recorded.worker


def fetched_base(project: Project, base: str) -> str:
    """The commit of a base, as the remote has it now where it answers: work begun on an old one conflicts later."""
    now = time.monotonic()
    if project.tracker_name == "github" and now - project.fetched.get(base, -FRESH_SECONDS) >= FRESH_SECONDS:
        git_config_guard.check(project, Act.FETCH)  # it asks what the config names for a credential
        fetched = project.repository.fetch(base, timeout=FETCH_SECONDS)
        project.fetched[base] = now
        project.stale_bases.pop(base, None)
        if not fetched:
            old = age(project.now() - project.repository.committed_at(project.repository.resolve(base)))
            why = f"{base} could not be fetched; its last commit here is {old} old"
            project.stale_bases[base] = f"{why}: {clean(fetched.why, 200)}"
    return project.repository.resolve(base)


def check_installed(project: Project, name: str) -> None:
    """Raise OrchestraError, with the command that installs it, when the agent's program does not answer."""
    command = project.options(name).command
    if not agents.installed(command, project.environ):
        raise OrchestraError(f"the agent {command!r} is not installed", agents.how_to_install(name))


def check_agent(project: Project, name: str) -> None:
    """Raise OrchestraError when a worker of this agent could not begin, or when nothing would be heard of it."""
    check_installed(project, name)
    off = agents.agent(name).hooks_off(orchestrator_environment(project), str(project.repository.root))
    if off:
        what = f"hooks are switched off in {clean(off)}: nothing would be known of what a worker does"
        raise OrchestraError(what, "allow hooks there (disableAllHooks, allowManagedHooksOnly), then start it again")


def keep_token(project: Project) -> None:
    """Keep the token that only the caller's environment holds: `down` has forgotten it, and the monitor needs it."""
    if project.tracker_name == "github":
        from orchestra.github import auth

        auth.keep_given(project.remote[0], project.environ, Path(project.home))
