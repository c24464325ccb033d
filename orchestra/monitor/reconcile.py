"""Wanted versus seen: one idempotent, level-triggered pass. Killing it between any two steps loses nothing.

Nothing here is driven by an event: each step looks at what is, and does what is missing. Decisions over time need two
observations on the monotonic clock, kept in `Memory`; ages for people come from the wall clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import ActivityState, Pane, Status, Worker
from orchestra.core.records import Record
from orchestra.core.start_hold import StartHold
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError, Unreachable
from orchestra.monitor import (
    api_retries,
    auto,
    budgets,
    conflicts,
    dismissed_dialogs,
    recovery,
    stall,
    unrecorded,
    unreported_dialogs,
    whereabouts,
)
from orchestra.monitor.pull_requests import PullRequests
from orchestra.monitor.recovery import Restart
from orchestra.workers import delivery, git_config_guard, launch, queue, spending, stacks, start_problems, stop
from orchestra.workers.alerts import announce
from orchestra.workers.figures import Journals
from orchestra.workers.overview import Overview, WorkerRow, overview
from orchestra.workers.statusbar import refresh, unrecorded_because

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

BLOCKERS_POLLS = 3  # times `github.poll`: between two questions to GitHub whether an issue is still blocked
SPENT_SECONDS = 2.0  # between two looks at what the workers have used, unless one costs much of a core
MOST_SPENT_SECONDS = 5.0  # a limit is met this late at most; the first look, which also imports, costs the most
AUTO_SECONDS = 5.0  # between two looks for issues of the user's own rules, where no request is made
BRING_SECONDS = 8.0  # in a pass, for words to all workers: an agent that does not take its own holds up nothing else
RADAR_SECONDS = 10.0  # between two looks for conflicts


class Memory:
    """What one monitor remembers between passes; losing it costs a few seconds of patience, nothing else."""

    def __init__(self, start: auto.Start) -> None:
        self.start = start
        self.gone: dict[str, float] = {}
        self.retried: dict[str, float] = {}  # when the screen of a worker last said that its API is asked again
        self.asked: dict[str, float] = {}  # queued workers, and when the tracker was asked what they wait for
        self.to_bring: list[Worker] = []  # those whose agent can hear words, in this pass
        self.brought: dict[str, float] = {}  # when words were last brought to a worker
        self.radar_due = 0.0
        self.spent_due = 0.0
        self.auto_due = 0.0
        self.unrecorded = False  # whether nothing could be recorded at the last look
        self.limited = False  # whether a worker with a budget is at work
        self.journals = Journals()
        self.holds: tuple[StartHold, ...] = ()
        self.forge = PullRequests()


class PassResult(Record):
    """What one pass did, in sentences, and whether any worker is at work."""

    said: tuple[str, ...]
    running: bool


def reconcile(project: Project, memory: Memory) -> PassResult:
    """One pass over everything; a step that fails for one worker says so and never stops the others."""
    said: list[str] = []
    over, memory.unrecorded = memory.unrecorded, bool(unrecorded_because(project.store.root))
    _guarded(said, "github", lambda: memory.forge.look(project, said.append))  # first: what it tells is then brought
    view = overview(project, changes=False)
    for row in view.rows:  # after a killed write; this pass may still see what was before
        if project.store.behind(row.worker):
            _guarded(said, f"#{row.worker.id}", lambda row=row: project.store.settle(row.worker.id))  # type: ignore[misc]
    if over and not memory.unrecorded:
        workers = [row.worker for row in view.rows]
        _guarded(said, "records", lambda: unrecorded.doubt_the_busy(project, workers, said.append))
    memory.holds = queue.start_holds(project, [row.worker for row in view.rows])
    memory.to_bring = []
    if view.open:
        for row in view.rows:
            _guarded(said, f"#{row.worker.id}", lambda row=row: _worker(project, memory, row, said.append))  # type: ignore[misc]
        _bring_words(project, memory, said)
        for child in _stacked(project.store):
            _guarded(said, f"#{child.id}", lambda child=child: stacks.follow(project, child, said.append))  # type: ignore[misc]
        _guarded(said, "budgets", lambda: _keep_budgets(project, memory, said.append))
        _guarded(said, "conflicts", lambda: _look_for_conflicts(project, memory, said.append))
        _guarded(said, "queue", lambda: _ask_blockers(project, memory, said.append))
        _guarded(said, "queue", lambda: _dispatch(project, said.append))
        _guarded(said, "auto", lambda: _start_by_itself(project, memory, said.append))
    _guarded(said, "git", lambda: git_config_guard.settle(project, said.append))
    after = overview(project, changes=False)
    said.extend(announce(project, after))
    refresh(project)
    return PassResult(tuple(said), _running(after))


def _stacked(store: Store) -> list[Worker]:
    """The workers that build on another one, the lowest first."""
    found = [worker for worker in store.listing().workers if worker.parent and worker.status in LIVE]
    parents = {worker.id: worker.parent for worker in found}

    def depth(number: str) -> int:
        deep = 0
        while number in parents and deep <= len(parents):
            number, deep = parents[number], deep + 1
        return deep

    return sorted(found, key=lambda worker: (depth(worker.id), int(worker.id)))


def _look_for_conflicts(project: Project, memory: Memory, say: Callable[[str], None]) -> None:
    """Compare the workers' changes now and then: at most a hundredth of the time goes into it."""
    start = time.monotonic()
    if start >= memory.radar_due:
        conflicts.look(project, say)
        took = time.monotonic() - start
        memory.radar_due = start + max(RADAR_SECONDS, 100 * took)


def _start_by_itself(project: Project, memory: Memory, say: Callable[[str], None]) -> None:
    """Ask the tracker now and then for issues that the user's rules name."""
    state = auto.note_rules(project)
    now = time.monotonic()
    if state.rules and not state.off and now >= memory.auto_due:
        every = AUTO_SECONDS if project.tracker_name == "local" else BLOCKERS_POLLS * project.config.github.poll
        memory.auto_due = now + every
        auto.take(project, memory.start, say)


def _keep_budgets(project: Project, memory: Memory, say: Callable[[str], None]) -> None:
    """Read what the workers have used, now and then, and hold them to their budgets."""
    start, worked = time.monotonic(), time.thread_time()
    memory.limited = budgets.any_at_work(
        project.store.listing().workers, project.config.limits
    )  # at each pass: it says how soon the next one is
    if start >= memory.spent_due:
        budgets.keep(project, spending.look(project, memory.journals), say)
        took = time.thread_time() - worked  # not the wall's: a busy machine must not let a worker go beyond its limit
        memory.spent_due = start + min(MOST_SPENT_SECONDS, max(SPENT_SECONDS, 100 * took))


def _running(view: Overview) -> bool:
    busy = (ActivityState.STARTING, ActivityState.BUSY)
    return any(r.worker.activity.state in busy or r.worker.status is Status.SHIPPING for r in view.rows)


def _guarded(said: list[str], what: str, act: Callable[[], None]) -> None:
    try:
        act()
    except Unreachable as wrong:
        said.append(f"{what}: {wrong.message}")
    except OrchestraError as wrong:
        said.append(f"{what}: {wrong.message}" + (f" ({wrong.hint})" if wrong.hint else ""))


def _worker(project: Project, memory: Memory, row: WorkerRow, say: Callable[[str], None]) -> None:
    worker, pane = row.worker, row.seen.pane
    if worker.status not in LIVE:
        _fold(project, worker, pane, say)
        return
    worker = whereabouts.record_whereabouts(project, worker, pane, say)
    if worker.elsewhere:
        return  # neither started a second time, nor spoken to in a pane that shows something else
    if pane is None or pane.dead:
        _bring_back(project, memory, row, say)
        return
    memory.gone.pop(worker.id, None)
    _forget_restarts(project, worker)
    _alive(project, memory, worker, pane, say)


def _alive(project: Project, memory: Memory, worker: Worker, pane: Pane, say: Callable[[str], None]) -> None:
    """What an agent that runs may wait for: the user at its first screen, the end of a dialog or a limit, words."""
    if worker.status is Status.REGISTERED and worker.activity.state is ActivityState.STARTING:
        trouble = start_problems.record_startup_problem(project, worker, pane)
        if trouble:
            say(f"#{worker.id} {trouble}")
    elif worker.activity.state is ActivityState.BLOCKED:
        dismissed_dialogs.record_dismissed(project, worker, pane)
    elif worker.activity.state is ActivityState.LIMITED:
        _after_limit(project, worker, say)
    elif worker.activity.state is ActivityState.WAITING:
        stall.remind_or_ask(project, worker.id, say)
    api_retries.record_retries(project, worker, pane, memory.retried, say)
    unreported_dialogs.record_unreported(project, worker, pane, say)
    at_rest = worker.activity.state is ActivityState.WAITING
    held = at_rest and queue.is_held(memory.holds, worker, project.now())
    if (at_rest or worker.activity.state is ActivityState.BUSY) and not held:
        memory.to_bring.append(worker)


def _bring_words(project: Project, memory: Memory, said: list[str]) -> None:
    """Bring guidance, for a bounded time in each pass, first to those whose turn was the longest ago."""
    end = time.monotonic() + BRING_SECONDS
    for worker in sorted(memory.to_bring, key=lambda one: memory.brought.get(one.id, 0.0)):
        if time.monotonic() > end:
            return
        memory.brought[worker.id] = time.monotonic()
        _guarded(said, f"#{worker.id}", lambda worker=worker: delivery.attend(project, worker, said.append))  # type: ignore[misc]


def _fold(project: Project, worker: Worker, pane: Pane | None, say: Callable[[str], None]) -> None:
    if pane is not None and not pane.dead and budgets.close_paused(project, worker):
        say(f"#{worker.id} is paused: its agent, which worked on, has ended")
    elif worker.status in stop.FOLDED and pane is not None and stop.close_finished_pane(project, worker, pane):
        say(f"#{worker.id} is {worker.status.value}: its pane is put away; orchestra log {worker.id} --pane shows it")


def _bring_back(project: Project, memory: Memory, row: WorkerRow, say: Callable[[str], None]) -> None:
    """Start an agent that ended unexpectedly again, in its conversation: with patience, and not for ever."""
    worker, now = row.worker, time.monotonic()
    step = recovery.restart_step(worker, now - memory.gone.setdefault(worker.id, now), project.config.limits.restart)
    if step is Restart.WAIT or queue.is_held(memory.holds, worker, project.now()):
        return
    memory.gone.pop(worker.id, None)
    store, why, tried = project.store, row.why or "its pane is gone", worker.attempts.restart
    if step is Restart.ASK:
        store.record(worker.id, events.failed("monitor", f"started {tried} times in vain: {why}"))
        say(f"#{worker.id} ended {tried} times in a row; it waits for you")
    elif step is Restart.START:
        store.record(worker.id, events.attempt_failed("monitor", "restart", events.Failure("ended"), why=why))
        launch.start_again(project, worker.id, "monitor")
        say(f"#{worker.id} started again in its conversation ({why})")


def _forget_restarts(project: Project, worker: Worker) -> None:
    if recovery.started_well(worker, project.now()):
        project.store.record(worker.id, events.attempt_passed("monitor", "restart"))


def _after_limit(project: Project, worker: Worker, say: Callable[[str], None]) -> None:
    """When a limit is over the worker is told to go on; what only the user can fix waits for the user."""
    end = recovery.limit_end(worker, project.now())
    if end is None or project.now() < end:
        return
    store = project.store
    text = "The limit that stopped you is over. Look at where you were, and go on."
    store.record(worker.id, events.idle("monitor"))
    recorded = store.record(worker.id, events.told("monitor", text, sender="monitor"))
    if recorded.worker is not None and not recorded.refused:
        say(f"#{worker.id} goes on: its limit ended at {stamp(end)}")


def _ask_blockers(project: Project, memory: Memory, say: Callable[[str], None]) -> None:
    """Ask the tracker again about those blockers that no worker of this project will end."""
    every = 0.0 if project.tracker_name == "local" else BLOCKERS_POLLS * project.config.github.poll
    now = time.monotonic()
    for worker in queue.blocked_from_outside(project):
        if now - memory.asked.get(worker.id, -every) >= every:
            memory.asked[worker.id] = now
            found = queue.refreshed(project, worker)
            if (found.after, found.blocked_by) != (worker.after, worker.blocked_by):
                say(f"#{worker.id} waits {queue.reason(project, found)}")


def _dispatch(project: Project, say: Callable[[str], None]) -> None:
    for found in queue.startable(project):
        worker = queue.refreshed(project, found)
        if worker.status is not Status.QUEUED or worker not in queue.startable(project):
            continue  # the tracker says that it waits for something after all
        launch.check_agent(project, worker.agent)
        start = stacks.start_of(project, worker.parent, worker.base)
        if (start.parent, start.base) != (worker.parent, worker.base):
            project.store.record(worker.id, events.stacked("monitor", *start[:3]))
        recorded = project.store.record(worker.id, events.dispatched("monitor", start.commit, start.stale))
        if recorded.worker is not None and not recorded.refused:
            launch.open_pane(project, recorded.worker, per_window=project.per_window)
            say(f"#{worker.id} left the queue")
