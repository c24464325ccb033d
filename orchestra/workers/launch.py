"""Open a worker's pane, and make in it what is missing: the one idempotent path of spawn, resume, restart and `up`."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestra import agents, processes
from orchestra.config import schema
from orchestra.core import events, fast_json
from orchestra.core.attention import ObservedWorker
from orchestra.core.bar import border
from orchestra.core.guidance import as_one_message
from orchestra.core.models import (
    ActivityState,
    Delivery,
    Escalation,
    Gate,
    Guidance,
    Launch,
    Pane,
    Status,
    Worker,
    WorkerPlan,
)
from orchestra.core.state import shown
from orchestra.core.text import seconds_of
from orchestra.errors import OrchestraError
from orchestra.git import trash
from orchestra.project import entry_points
from orchestra.storage.files import make_private, read_text, write_atomic
from orchestra.workers import git_config_guard, start_slots, trust

if TYPE_CHECKING:
    from orchestra.project.context import Project

FIRST = "first-prompt.md"  # prompt.md holds what the present launch says, this what the first one said
PREPARED = "prepared"  # holds the nonce of the worker whose worktree was made
FRESH_SECONDS = 30.0  # a base fetched this lately is not fetched again
FETCH_SECONDS = 15.0
STAGGER_SECONDS = 0.1  # `worker run` is 0.1 s of a core until it becomes the agent
SETUP_SECONDS = 1800.0
START_SECONDS = 90.0  # from the agent's start to its first accepted prompt; a loaded machine needs 10


def open_pane(project: Project, worker: Worker, per_window: int) -> Pane:
    """Open the worker's pane, running `orchestra worker run ID`; a live one of its own is kept as it is."""
    project.remember()
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
    keep_environment(project, worker.agent, project.store.file(worker.id, "environment"))
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
        git_config_guard.check(project)  # a fetch asks what the config names for a credential or a connection
        project.repository.fetch(base, timeout=FETCH_SECONDS)
        project.fetched[base] = now
    return project.repository.resolve(base)


def check_installed(project: Project, name: str) -> None:
    """Raise OrchestraError, with the command that installs it, when the agent's program does not answer."""
    command = project.options(name).command
    agent = agents.agent(name)
    if not agents.installed(command, project.environ):
        raise OrchestraError(f"the agent {command!r} is not installed", f"install it: {agent.INSTALL}")


def keep_environment(project: Project, agent: str, path: str) -> None:
    """Keep what an agent may have of the caller's environment: 0600, never in argv or in tmux (failures.md 3.6)."""
    if "ORCHESTRA_PROJECT" in project.environ and os.path.exists(path):
        return
    extra = project.config.agents[agent].env if agent in project.config.agents else ()
    allowed = schema.environment_allowed(extra, project.environ)
    text = json.dumps(allowed, sort_keys=True)
    if _text(path) != text:
        make_private(os.path.dirname(path))
        write_atomic(path, text)


def keep_token(project: Project) -> None:
    """Keep the token that only the caller's environment holds: `down` has forgotten it, and the monitor needs it."""
    if project.tracker_name == "github":
        from orchestra.github import auth

        auth.keep_given(project.remote[0], project.environ, Path(project.home))


def agent_environment(project: Project, worker: Worker) -> dict[str, str]:
    """The whole environment of a worker's agent: the kept part, who it is, and a tmux of its own (failures.md O13)."""
    private = project.store.file(worker.id, "tmux")
    make_private(private)
    kept = _environment(project, project.store.file(worker.id, "environment"))
    return {**kept, "TMUX_TMPDIR": private, "ORCHESTRA_WORKER": worker.id, processes.MARK: worker.nonce}


def orchestrator_environment(project: Project) -> dict[str, str]:
    """The whole environment of the orchestrator's agent."""
    return _environment(project, os.path.join(project.orchestrator_directory, "environment"))


def _environment(project: Project, path: str) -> dict[str, str]:
    try:
        found = fast_json.loads(read_text(path))
    except (OSError, ValueError):
        found = None
    kept: Mapping[str, str] = found if _speakable(found) else schema.environment_allowed((), project.environ)
    return {
        **kept,
        "PATH": os.path.dirname(entry_points.shim_path(project.home)) + os.pathsep + kept.get("PATH", os.defpath),
        "TERM": project.environ.get("TERM", "screen-256color"),
        "ORCHESTRA_PROJECT": project.key,
        "ORCHESTRA_HOME": project.home,
    }


def _speakable(found: Any) -> bool:
    """Whether these are variables that a program can be started with."""
    try:
        return all(name and "=" not in name and b"\0" not in os.fsencode(name + value) for name, value in found.items())
    except (AttributeError, TypeError, UnicodeEncodeError):
        return False


def prepare(project: Project, worker: Worker, say: Callable[[str], None]) -> None:
    """Make what is missing of the worktree: branch, files, copies, links, setup. Safe to run again after any kill."""
    repository, path = project.repository, worker.worktree
    if not repository.ready(path):
        git_config_guard.check(project)
        trust.check_again(project, worker)
        say(f"worktree {path} on branch {worker.branch} from {worker.base} ({worker.base_commit[:10]})")
        repository.add(path, worker.branch, _start(project, worker), f"orchestra #{worker.id}", adopt=True)
        repository.checkout(path)
    elif is_prepared(project, worker):
        return
    for line in repository.copy_and_link(path, project.config.copy, project.config.link):
        say(line)
    if project.config.setup:
        say(f"setup: {project.config.setup}")
        unchanged = not git_config_guard.changed(project)
        _setup(project, worker)
        if unchanged:  # what the project's own setup installs, as hooks of husky or pre-commit, is known
            git_config_guard.accept(project)
    write_atomic(project.store.file(worker.id, PREPARED), worker.nonce)


def is_prepared(project: Project, worker: Worker) -> bool:
    """Whether this worker's worktree was made once, setup and all."""
    return _text(project.store.file(worker.id, PREPARED)) == worker.nonce


def _start(project: Project, worker: Worker) -> str:
    """Where the branch begins; of a worktree that was removed since, by whomever, where its work has come."""
    if not is_prepared(project, worker):
        return worker.base_commit
    try:
        return trash.restore_branch(project.repository, worker.branch)
    except OrchestraError:  # it never had a commit that anything kept
        return worker.base_commit


def _text(path: str) -> str:
    try:
        return read_text(path)
    except OSError:
        return ""


def _setup(project: Project, worker: Worker) -> None:
    """Run the project's `setup` in the new worktree; its output is the pane's."""
    command = project.config.setup or ""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=worker.worktree,
            env=agent_environment(project, worker),
            timeout=SETUP_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise OrchestraError(f"setup did not end in {SETUP_SECONDS / 60:.0f} minutes: {command}") from None
    if done.returncode != 0:
        raise OrchestraError(
            f"setup failed with status {done.returncode}: {command}",
            f"see its output: orchestra attach {worker.id}; mend it, then orchestra restart {worker.id}",
        )


def write_launch(project: Project, worker: Worker) -> Launch:
    """Write the agent's files and say what to run: the old conversation where there is one, else the prompt."""
    agent = agents.agent(worker.agent)
    environment = agent_environment(project, worker)
    resume = agent.conversation_exists(worker.agent_session, environment)
    if not resume:
        worker = _begun(project, worker, agent.session_to_begin(worker.agent_session, environment))
    words = resume_words(worker, _missed(worker)) if resume else _text(project.store.file(worker.id, FIRST))
    options = project.options(worker.agent)
    if options.plan == "review" and any(one.get("gate") == Gate.PLAN for one in worker.approvals):
        options = options._replace(plan="reviewed")
    launch = agent.launch(project.context(worker), options, resume=resume, say=words)
    for name, text in launch.files.items():
        write_atomic(project.store.file(worker.id, name), text, mode=0o700 if name.endswith(".sh") else 0o600)
    heartbeat = project.store.file(worker.id, "heartbeat")
    if not os.path.exists(heartbeat):  # the agent's `sh` touches it: it would make it readable for all
        write_atomic(heartbeat, "")
        os.utime(heartbeat, (0, 0))
    return launch


def _missed(worker: Worker) -> list[Guidance]:
    """Guidance that the conversation does not hold: never delivered, or lost with a killed agent's last moments."""
    open_ones = [g for g in worker.guidance if g.state is not Delivery.READ]
    path = worker.transcript
    had = agents.agent(worker.agent).accepted_in(path, 0, [g.id for g in open_ones]) if path else set()
    return [g for g in open_ones if g.id not in had]


def _begun(project: Project, worker: Worker, session: str) -> Worker:
    """The worker with the conversation it begins: the agent may not take an id twice, even of one that never began."""
    if session == worker.agent_session:
        return worker
    return project.store.record(worker.id, events.launched("worker run", session)).worker or worker


def resume_words(worker: Worker, missed: Sequence[Guidance]) -> str:
    """What a resumed agent is told: the guidance it has not had, or to go on when it was cut off in its work."""
    if missed:
        return as_one_message(missed)
    if worker.status in (Status.STUCK, Status.COMPLETE, Status.PAUSED):
        return ""
    if (
        worker.activity.detail in (ActivityState.WAITING, ActivityState.LIMITED)
        and worker.status is not Status.REGISTERED
    ):
        return ""
    return "Guidance g0 from orchestra:\nYou were interrupted by a restart. Look at where you were, and go on."


def record_lost_pane(project: Project, worker: Worker, pane: Pane | None) -> str:
    """The pane of a starting worker died: the worker waits for a person, with the reason and its pane's last words."""
    screen = project.panes.capture(pane) if pane else ""
    seen = agents.agent(worker.agent).startup_problem(screen)
    status = f" with status {pane.exit_status}" if pane and pane.exit_status is not None else ""
    reason = f"the agent ended{status} before it took its prompt" + (f". {seen.sentence} {seen.mend}" if seen else "")
    context = "\n".join(screen.strip().splitlines()[-5:])
    project.store.record(worker.id, events.failed("spawn", reason, context))
    return reason


def record_startup_problem(project: Project, worker: Worker, pane: Pane, patience: float) -> str | None:
    """A dialog or a login screen in the way of the first prompt, recorded as what the agent does; None: none seen."""
    seen = agents.agent(worker.agent).startup_problem(project.panes.drawn(pane))
    launched = max(worker.activity.since, worker.launched_at)  # after its wait for a place
    waited = project.now() - (seconds_of(launched) or project.now())
    if (
        seen is None
        and is_prepared(project, worker)
        and waited > patience
        and not start_slots.in_line(project, worker.id)
    ):
        seen = agents.StartupProblem(
            "silent", f"The agent took no prompt in {patience:.0f} s.", "Attach to it and look."
        )
    if seen is None:
        return None
    said = f"{seen.sentence} {seen.mend}"
    if seen.kind in agents.LIMITS:
        project.store.record(worker.id, events.limited("spawn", seen.kind, seen.sentence, seen.mend))
    else:
        project.store.record(worker.id, events.blocked("spawn", Escalation(Gate.PERMISSION, said)))
    return said
