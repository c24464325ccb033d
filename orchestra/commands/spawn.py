"""`orchestra spawn ID...`: claim the issue, open its pane, return when the agent has accepted its prompt."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from orchestra.config import prompts, schema
from orchestra.config.resources import find_prompt
from orchestra.core import events
from orchestra.core.budget import Budget
from orchestra.core.lifecycle import machine
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import ActivityState, Issue, Pane, Status, Worker
from orchestra.core.records import Record
from orchestra.core.text import clean, is_id
from orchestra.core.waiting import wait_until
from orchestra.errors import OrchestraError, Unreachable, UsageError
from orchestra.git import cleanup
from orchestra.storage.files import locked, make_private, write_atomic
from orchestra.trackers.combined import is_local
from orchestra.workers import (
    conversation,
    git_config_guard,
    launch,
    queue,
    stacks,
    start_problems,
    start_slots,
    trust,
    worktree_setup,
)
from orchestra.workers.environment import sentences
from orchestra.workers.git_config_guard import Act
from orchestra.workers.overview import pane_of
from orchestra.workers.preflight import Preflight
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store


class Spawned(Record):
    """What came of one issue: `spawned`, `existing`, `queued` or `failed` with its error."""

    id: str
    result: str
    error: str | None = None
    hint: str = ""
    why: str = ""  # what a queued one waits for
    notes: tuple[str, ...] = ()  # what is not as usual or not known, of issue, branch, remote and environment


class SpawnOptions(Record):
    """What the person asked for beside the numbers."""

    base: str | None = None
    parent: str | None = None  # the worker to build on
    after: tuple[str, ...] = ()
    agent: str | None = None
    prompt: str | None = None
    model: str | None = None
    plan: str | None = None  # auto or review
    trust: bool = False
    budget: Budget = Budget()  # of its own
    now: bool = False  # do not wait for the issues that block it
    wait: bool = True
    by: str = ""  # who starts it, where that is not the user: `auto`


def spawn(
    project: Project, ids: Sequence[str], wishes: SpawnOptions, ask: Callable[[str], bool]
) -> tuple[Spawned, ...]:
    """Spawn a worker for each issue; one result each, in order. `ask` shows a text and returns the user's yes or no."""
    before = Preflight(project, unaccepted=check_wishes(project, wishes))
    begun = [_begin(project, number, wishes, ask, before) for number in dict.fromkeys(ids)]
    if wishes.wait:
        begun = [_finish(project, one) if one.result == "spawned" else one for one in begun]
    refresh(project)
    return tuple(begun)


def check_wishes(project: Project, wishes: SpawnOptions) -> bool:
    """Everything that would fail for every issue fails here, before anything is claimed.

    Returns whether the shared git configuration has changes that nobody has accepted.
    """
    name = wishes.agent or project.config.agent
    launch.check_agent(project, name)
    for number in wishes.after:
        if not is_id(number):
            raise UsageError(f"--after: {clean(number, 40)!r} is not an issue number")
        if project.store.read(number) is None:  # an issue that does not exist would be waited for without an end
            project.tracker.issue(number)
    if wishes.parent is not None:
        stacks.check_parent(project, wishes.parent)
        if wishes.base is not None:
            raise UsageError("--on and --base exclude each other", "--on begins at that worker's branch")
    project.tmux.check()
    git_config_guard.arm(project)
    unaccepted = git_config_guard.check(project, Act.WORKTREE)
    _template(project, wishes)
    _ = project.tracker
    project.remember()
    return unaccepted


def _template(project: Project, wishes: SpawnOptions) -> prompts.Prompt:
    name, text = find_prompt(wishes.prompt or project.config.prompt, project.root)
    return prompts.load(text, name)


def _begin(
    project: Project, number: str, wishes: SpawnOptions, ask: Callable[[str], bool], before: Preflight
) -> Spawned:
    try:
        found = _claimed(project, number, wishes, ask, before)
        said, before.notes = tuple(before.notes), []  # once, however many workers are started
        return found._replace(notes=(*found.notes, *said))
    except Unreachable as wrong:
        return Spawned(number, "failed", wrong.message, wrong.hint)
    except OrchestraError as wrong:
        return Spawned(clean(number, 40), "failed", wrong.message, wrong.hint)


def _claimed(
    project: Project, number: str, wishes: SpawnOptions, ask: Callable[[str], bool], before: Preflight
) -> Spawned:
    if not is_id(number):
        raise UsageError(f"{clean(number, 40)!r} is not an issue number", "give a number such as 124")
    found = project.store.read(number)
    if found is not None and found.status is not Status.CANCELLED:
        return _existing(project, found)
    issue = project.tracker.issue(number)
    if issue.state != "open":
        raise OrchestraError(f"issue #{number} is closed", f"reopen it first, then orchestra spawn {number}")
    before.check()
    pin = trust.check(project, issue, given=wishes.trust, ask=ask)
    worker = _claim(project, issue, wishes, pin, before)
    if worker is None:
        return Spawned(number, "existing")
    notes = _assign(project, issue, worker)
    if worker.status is Status.QUEUED:
        return Spawned(number, "queued", why=queue.reason(project, worker), notes=notes)
    launch.open_pane(project, worker, per_window=project.per_window)
    return Spawned(number, "spawned", notes=notes)


def _assign(project: Project, issue: Issue, worker: Worker) -> tuple[str, ...]:
    """Assign the issue where `pull_request.assign` says so; what the user should know of the claim, in sentences."""
    notes = [worker.stale_base] if worker.stale_base else []
    assigned = [clean(login, 60) for login in issue.assignees]
    on_github = project.tracker_name == "github" and not is_local(issue.number)
    if on_github and (assigned or project.config.pull_request.assign):
        try:
            us = project.github.login()
            if us not in assigned and assigned:
                notes.append(f"issue #{issue.number} is assigned to {', '.join(assigned)}")
            elif not assigned:
                project.github.assign(issue.number, us)
        except OrchestraError as refused:
            notes.append(f"issue #{issue.number} was not assigned: {refused.message}")
    return tuple(notes)


def _existing(project: Project, worker: Worker) -> Spawned:
    """Open the worker that is there: bring back its pane if it is gone, and go to it."""
    if worker.status in LIVE:
        pane = pane_of(project, worker)
        if pane is None or pane.dead:
            launch.start_again(project, worker.id, "spawn")
        else:
            _go(project, pane)
    over = worker.status is Status.MERGED
    return Spawned(
        worker.id, "existing", hint="it is merged; to begin anew: orchestra prune, then spawn" if over else ""
    )


def _go(project: Project, pane: Pane) -> None:
    """Show the worker to who is attached; a worker that cannot be shown has still been spawned."""
    try:
        project.clients.goto(pane)
    except OrchestraError:
        return


def _claim(project: Project, issue: Issue, wishes: SpawnOptions, pin: str, before: Preflight) -> Worker | None:
    """Record the claim: the intent comes before any effect. None when somebody else was first."""
    number, config = issue.number, project.config
    start = stacks.start_of(project, wishes.parent or "", wishes.base or config.base)
    agent = wishes.agent or config.agent
    nonce = os.urandom(8).hex()
    repo = project.repository.name
    wanted = Worker(
        id=number,
        title=clean(issue.title),
        status=Status.REGISTERED,
        status_since="",
        url=issue.url,
        author=clean(issue.author, 60),
        branch=schema.fill(config.branch, repo, number),
        base=start.base,
        base_commit=start.commit,
        stale_base=start.stale,
        parent=start.parent,
        worktree=project.worktree_of(number),
        agent=agent,
        agent_session=str(uuid.uuid4()),
        nonce=nonce,
        after=queue.open_of(project, wishes.after),
        blocked_by=() if wishes.now else queue.blockers_of(project, issue),
        ignores_blockers=wishes.now,
        model=clean(wishes.model or "", 100),
        plan_mode=wishes.plan or "",
        labels=tuple(clean(one, 60) for one in issue.labels),
        trusted=pin,
        budget=wishes.budget,
    )
    queue.check_cycle(project, wanted)
    before.check_push(wanted.branch, start.commit)
    _ = before.heads  # asked before the lock
    make_private(project.store.cache)
    with locked(os.path.join(project.store.cache, "claim.lock"), wait=60):
        wanted = _on_free_branch(project.store, wanted, before)
        queued = not queue.may_start(project, wanted)
        claim = project.store.stamped(events.spawned(wishes.by or project.who, wanted, queued=queued))
        known = project.store.read(number)
        if known is not None and known.status is not Status.CANCELLED:
            return None
        make_private(project.store.directory(number))  # the prompt first: a claim without one could not be repaired
        text = _render(project, issue, machine.apply(None, claim), wishes)
        write_atomic(project.store.file(number, conversation.FIRST), text)
        return project.store.record(number, claim).worker


def _on_free_branch(store: Store, wanted: Worker, before: Preflight) -> Worker:
    """The claim with a branch of its own. A path that exists is refused: it holds work, and removal would take it."""
    known = store.read(wanted.id)
    if known is not None:  # a cancelled worker: its worktree and branch are taken up again
        return wanted._replace(branch=known.branch or wanted.branch)
    path = wanted.worktree
    if owner := cleanup.other_account(path):
        what = f"{path} exists already and belongs to {clean(owner)}"
        raise OrchestraError(what, "set `worktree:` in orchestra.yaml, or spawn from a clone of your own")
    if os.path.lexists(path):
        raise OrchestraError(f"{path} exists already", "move it away, or set `worktree:` in orchestra.yaml")
    there = os.path.dirname(path)
    while not os.path.lexists(there):
        there = os.path.dirname(there)  # what is missing will be made below this one
    if not os.path.isdir(there) or not os.access(there, os.W_OK | os.X_OK):
        why = "cannot be written" if os.path.isdir(there) else "is not a directory"
        what = f"the worktree of #{wanted.id} cannot be made: {clean(there)} {why}"
        raise OrchestraError(what, "set `worktree:` in orchestra.yaml to a place that you can write to")
    found = before.free_branch(wanted.branch, wanted.id)
    if found.why:
        before.notes.append(f"#{wanted.id} works {found.why}")
    return wanted._replace(branch=found.name)


def _render(project: Project, issue: Issue, worker: Worker, wishes: SpawnOptions) -> str:
    """The worker's prompt; the issue's text goes in as quoted data behind a fence nobody can guess."""
    config = project.config
    fence = os.urandom(6).hex()
    values = {
        "id": worker.id,
        "title": worker.title,
        "url": worker.url or "(local issue)",
        "author": worker.author or "(unknown)",
        "body": prompts.quote(issue.body, fence),
        "branch": worker.branch,
        "base": worker.base,
        "worktree": worker.worktree,
        "verify": config.verify or "(this project names no verify command: run its tests as its documentation says)",
        "orchestra": "orchestra",
        "gates": ", ".join(f"{gate.name} ({gate.why})" if gate.why else gate.name for gate in config.gates) or "none",
        "plan_file": project.store.file(worker.id, "plan.md"),
    }
    return prompts.render(_template(project, wishes), values)


def _finish(project: Project, begun: Spawned) -> Spawned:
    """Wait until the agent has accepted its prompt; otherwise say what is in the way, never that it runs."""
    number = begun.id
    patience = start_slots.START_SECONDS + worktree_setup.SETUP_SECONDS
    wait_until(lambda: _started(project, number) is not None, patience)
    why = _started(project, number)
    worker = project.store.read(number)
    if why:
        again = f"; again: orchestra restart {number}" if worker and worker.status is Status.STUCK else ""
        return Spawned(number, "failed", why, f"see it: orchestra attach {number}{again}")
    there = worker is not None and project.repository.ready(worker.worktree)
    return begun._replace(notes=(*begun.notes, *sentences(project, worker))) if worker and there else begun


def _started(project: Project, number: str) -> str | None:
    """Empty: it works. A sentence: it does not. None: not known yet."""
    worker = project.store.read(number)
    if worker is None or worker.status not in (Status.REGISTERED, Status.STUCK):
        return ""
    if worker.status is Status.STUCK:
        return worker.stuck_reason or "it is stuck" if worker.resume_status is Status.REGISTERED else ""
    if worker.activity.state is ActivityState.LIMITED or worker.activity.state is ActivityState.BLOCKED:
        return worker.activity.detail
    pane = pane_of(project, worker)
    if pane is None or pane.dead:
        return start_problems.record_lost_pane(project, worker, pane)
    return start_problems.record_startup_problem(project, worker, pane)
