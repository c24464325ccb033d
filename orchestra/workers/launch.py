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
from orchestra.config import schema as configs
from orchestra.core import fast_json as quick_json
from orchestra.core.attention import border
from orchestra.core.guidance import all_said
from orchestra.core.models import Delivery, Doing, Gate, Guidance, Launch, Pane, Status, Worker, WorkerPlan
from orchestra.core.text import seconds_of
from orchestra.errors import OrchestraError
from orchestra.git import trash
from orchestra.project import entry_points as programs
from orchestra.storage.files import make_private, read_text, write_atomic
from orchestra.workers import git_config_guard as tripwire
from orchestra.workers import start_slots as starts
from orchestra.workers import trust

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra

FIRST = "first-prompt.md"  # prompt.md holds what the present launch says, this what the first one said
PREPARED = "prepared"  # holds the nonce of the worker whose worktree was made
FRESH_SECONDS = 30.0  # a base fetched this lately is not fetched again
FETCH_SECONDS = 15.0
STAGGER_SECONDS = 0.1  # `worker run` is 0.1 s of a core until it becomes the agent
SETUP_SECONDS = 1800.0
START_SECONDS = 90.0  # from the agent's start to its first accepted prompt; a loaded machine needs 10


def open_pane(orchestra: Orchestra, worker: Worker, per_window: int) -> Pane:
    """Open the worker's pane, running `orchestra worker run ID`; a live one of its own is kept as it is."""
    orchestra.remember()
    return orchestra.tmux.open_worker(_plan(orchestra, worker), per_window=per_window)


def plans(orchestra: Orchestra, workers: Sequence[Worker], by: str) -> list[WorkerPlan]:
    """Record a launch of each, and say how to open its pane: what `up` does after a crash or a reboot.

    They start one after the other: a dozen at once would take the machine from the one that is looked at.
    """
    found: list[WorkerPlan] = []
    for worker in workers:
        recorded = orchestra.store.record(worker.id, orchestra.store.event("launched", by))
        if recorded.worker is not None and not recorded.refused:
            plan = _plan(orchestra, recorded.worker)
            late = programs.later(plan.argv, (len(found) + 1) * STAGGER_SECONDS, f"#{worker.id}")
            found.append(plan._replace(argv=late))
    return found


def _plan(orchestra: Orchestra, worker: Worker) -> WorkerPlan:
    keep_environment(orchestra, worker.agent, orchestra.store.file(worker.id, "environment"))
    argv = (*orchestra.program(), "worker", "run", worker.id)
    told = border(worker, None)
    return WorkerPlan(worker.id, worker.nonce, argv, orchestra.root, told.label, told.title, told.since)


def start_again(orchestra: Orchestra, number: str, by: str, session: str = "") -> Worker:
    """Record a launch and open the pane; `session` begins a new conversation. Raises OrchestraError when refused."""
    event = orchestra.store.event("launched", by, session=session)
    recorded = orchestra.store.record(number, event)
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number} cannot be started: {recorded.refused}")
    open_pane(orchestra, recorded.worker, per_window=orchestra.per_window)
    return recorded.worker


def newest(orchestra: Orchestra, base: str) -> str:
    """The commit of a base, as the remote has it now where it answers: work begun on an old one conflicts later."""
    now = time.monotonic()
    if orchestra.tracker_name == "github" and now - orchestra.fetched.get(base, -FRESH_SECONDS) >= FRESH_SECONDS:
        tripwire.check(orchestra)  # a fetch asks what the config names for a credential or a connection
        orchestra.repository.fetch(base, timeout=FETCH_SECONDS)
        orchestra.fetched[base] = now
    return orchestra.repository.resolve(base)


def check_installed(orchestra: Orchestra, name: str) -> None:
    """Raise OrchestraError, with the command that installs it, when the agent's program does not answer."""
    command = orchestra.options(name).command
    agent = agents.agent(name)
    if not agents.installed(command, orchestra.environ):
        raise OrchestraError(f"the agent {command!r} is not installed", f"install it: {agent.INSTALL}")


def keep_environment(orchestra: Orchestra, agent: str, path: str) -> None:
    """Keep what an agent may have of the caller's environment: 0600, never in argv or in tmux (failures.md 3.6)."""
    if "ORCHESTRA_PROJECT" in orchestra.environ and os.path.exists(path):
        return
    extra = orchestra.config.agents[agent].env if agent in orchestra.config.agents else ()
    allowed = configs.environment_allowed(extra, orchestra.environ)
    text = json.dumps(allowed, sort_keys=True)
    if _text(path) != text:
        make_private(os.path.dirname(path))
        write_atomic(path, text)


def keep_token(orchestra: Orchestra) -> None:
    """Keep the token that only the caller's environment holds: `down` has forgotten it, and the monitor needs it."""
    if orchestra.tracker_name == "github":
        from orchestra.github import auth as token

        token.keep_given(orchestra.remote[0], orchestra.environ, Path(orchestra.home))


def agent_environment(orchestra: Orchestra, worker: Worker) -> dict[str, str]:
    """The whole environment of a worker's agent: the kept part, who it is, and a tmux of its own (failures.md O13)."""
    private = orchestra.store.file(worker.id, "tmux")
    make_private(private)
    kept = _environment(orchestra, orchestra.store.file(worker.id, "environment"))
    return {**kept, "TMUX_TMPDIR": private, "ORCHESTRA_WORKER": worker.id, processes.MARK: worker.nonce}


def orchestrator_environment(orchestra: Orchestra) -> dict[str, str]:
    """The whole environment of the orchestrator's agent."""
    return _environment(orchestra, os.path.join(orchestra.orchestrator_directory, "environment"))


def _environment(orchestra: Orchestra, path: str) -> dict[str, str]:
    try:
        found = quick_json.loads(read_text(path))
    except (OSError, ValueError):
        found = None
    kept: Mapping[str, str] = found if _speakable(found) else configs.environment_allowed((), orchestra.environ)
    return {
        **kept,
        "PATH": os.path.dirname(programs.shim(orchestra.home)) + os.pathsep + kept.get("PATH", os.defpath),
        "TERM": orchestra.environ.get("TERM", "screen-256color"),
        "ORCHESTRA_PROJECT": orchestra.project,
        "ORCHESTRA_HOME": orchestra.home,
    }


def _speakable(found: Any) -> bool:
    """Whether these are variables that a program can be started with."""
    try:
        return all(name and "=" not in name and b"\0" not in os.fsencode(name + value) for name, value in found.items())
    except (AttributeError, TypeError, UnicodeEncodeError):
        return False


def prepare(orchestra: Orchestra, worker: Worker, say: Callable[[str], None]) -> None:
    """Make what is missing of the worktree: branch, files, copies, links, setup. Safe to run again after any kill."""
    repository, path = orchestra.repository, worker.worktree
    if not repository.ready(path):
        tripwire.check(orchestra)
        trust.check_again(orchestra, worker)
        say(f"worktree {path} on branch {worker.branch} from {worker.base} ({worker.base_commit[:10]})")
        repository.add(path, worker.branch, _start(orchestra, worker), f"orchestra #{worker.id}", adopt=True)
        repository.checkout(path)
    elif prepared(orchestra, worker):
        return
    for line in repository.copy_and_link(path, orchestra.config.copy, orchestra.config.link):
        say(line)
    if orchestra.config.setup:
        say(f"setup: {orchestra.config.setup}")
        unchanged = not tripwire.changed(orchestra)
        _setup(orchestra, worker)
        if unchanged:  # what the project's own setup installs, as hooks of husky or pre-commit, is known
            tripwire.accept(orchestra)
    write_atomic(orchestra.store.file(worker.id, PREPARED), worker.nonce)


def prepared(orchestra: Orchestra, worker: Worker) -> bool:
    """Whether this worker's worktree was made once, setup and all."""
    return _text(orchestra.store.file(worker.id, PREPARED)) == worker.nonce


def _start(orchestra: Orchestra, worker: Worker) -> str:
    """Where the branch begins; of a worktree that was removed since, by whomever, where its work has come."""
    if not prepared(orchestra, worker):
        return worker.base_commit
    try:
        return trash.bring_branch(orchestra.repository, worker.branch)
    except OrchestraError:  # it never had a commit that anything kept
        return worker.base_commit


def _text(path: str) -> str:
    try:
        return read_text(path)
    except OSError:
        return ""


def _setup(orchestra: Orchestra, worker: Worker) -> None:
    """Run the project's `setup` in the new worktree; its output is the pane's."""
    command = orchestra.config.setup or ""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=worker.worktree,
            env=agent_environment(orchestra, worker),
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


def write_launch(orchestra: Orchestra, worker: Worker) -> Launch:
    """Write the agent's files and say what to run: the old conversation where there is one, else the prompt."""
    agent = agents.agent(worker.agent)
    environment = agent_environment(orchestra, worker)
    resume = agent.conversation_exists(worker.agent_session, environment)
    if not resume:
        worker = _begun(orchestra, worker, agent.session_to_begin(worker.agent_session, environment))
    words = resume_words(worker, _missed(worker)) if resume else _text(orchestra.store.file(worker.id, FIRST))
    options = orchestra.options(worker.agent)
    if options.plan == "review" and any(one.get("gate") == Gate.PLAN for one in worker.approvals):
        options = options._replace(plan="reviewed")
    launch = agent.launch(orchestra.seat(worker), options, resume=resume, say=words)
    for name, text in launch.files.items():
        write_atomic(orchestra.store.file(worker.id, name), text, mode=0o700 if name.endswith(".sh") else 0o600)
    heartbeat = orchestra.store.file(worker.id, "heartbeat")
    if not os.path.exists(heartbeat):  # the agent's `sh` touches it: it would make it readable for all
        write_atomic(heartbeat, "")
        os.utime(heartbeat, (0, 0))
    return launch


def _missed(worker: Worker) -> list[Guidance]:
    """Guidance that the conversation does not hold: never delivered, or lost with a killed agent's last moments."""
    open_ones = [g for g in worker.guidance if g.state is not Delivery.READ]
    transcript = str(worker.extra.get("transcriptPath") or "")
    had = agents.agent(worker.agent).accepted_in(transcript, 0, [g.id for g in open_ones]) if transcript else set()
    return [g for g in open_ones if g.id not in had]


def _begun(orchestra: Orchestra, worker: Worker, session: str) -> Worker:
    """The worker with the conversation it begins: the agent may not take an id twice, even of one that never began."""
    if session == worker.agent_session:
        return worker
    event = orchestra.store.event("launched", "worker run", session=session)
    return orchestra.store.record(worker.id, event).worker or worker


def resume_words(worker: Worker, missed: Sequence[Guidance]) -> str:
    """What a resumed agent is told: the guidance it has not had, or to go on when it was cut off in its work."""
    if missed:
        return all_said(missed)
    if worker.status in (Status.STUCK, Status.COMPLETE, Status.PAUSED):
        return ""
    if worker.activity.detail in (Doing.WAITING, Doing.LIMITED) and worker.status is not Status.REGISTERED:
        return ""
    return "Guidance g0 from orchestra:\nYou were interrupted by a restart. Look at where you were, and go on."


def lost(orchestra: Orchestra, worker: Worker, pane: Pane | None) -> str:
    """The pane of a starting worker died: the worker waits for a person, with the reason and its pane's last words."""
    screen = orchestra.tmux.capture(pane) if pane else ""
    seen = agents.agent(worker.agent).trouble(screen)
    status = f" with status {pane.exit_status}" if pane and pane.exit_status is not None else ""
    reason = f"the agent ended{status} before it took its prompt" + (f". {seen.sentence} {seen.mend}" if seen else "")
    context = "\n".join(screen.strip().splitlines()[-5:])
    orchestra.store.record(worker.id, orchestra.store.event("failed", "spawn", reason=reason, context=context))
    return reason


def trouble(orchestra: Orchestra, worker: Worker, pane: Pane, patience: float) -> str | None:
    """A dialog or a login screen in the way of the first prompt, recorded as what the agent does; None: none seen."""
    seen = agents.agent(worker.agent).trouble(orchestra.tmux.drawn(pane))
    launched = max(worker.activity.since, str(worker.extra.get("launchedAt") or ""))  # after its wait for a place
    waited = orchestra.now() - (seconds_of(launched) or orchestra.now())
    if seen is None and prepared(orchestra, worker) and waited > patience and not starts.in_line(orchestra, worker.id):
        seen = agents.Trouble("silent", f"The agent took no prompt in {patience:.0f} s.", "Attach to it and look.")
    if seen is None:
        return None
    kind = "limited" if seen.kind in agents.LIMITS else "blocked"
    said = f"{seen.sentence} {seen.mend}"
    facts = {"gate": "permission", "summary": said, "detail": seen.sentence, "mend": seen.mend, "kind": seen.kind}
    orchestra.store.record(worker.id, orchestra.store.event(kind, "spawn", **facts))
    return said
