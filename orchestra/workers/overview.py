"""Look at every worker once: session files, panes, heartbeats: what `list`, `show`, `wait` and the bar see."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orchestra.core import backlog, serialization
from orchestra.core.attention import ObservedWorker, attention
from orchestra.core.budget import Budget, Spent
from orchestra.core.dialogs import open_questions
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Attention, Changes, Pane, Status, Worker
from orchestra.core.radar import Meeting
from orchestra.core.records import Record
from orchestra.core.state import Shown, states
from orchestra.core.text import age, clean, seconds_of
from orchestra.core.verdict import notes_of
from orchestra.errors import OrchestraError, Unreachable
from orchestra.storage import json_cache, pruned, start_holds
from orchestra.storage.github_heard import last_heard
from orchestra.storage.session_store import Problem
from orchestra.workers import radar, token_usage
from orchestra.workers.statusbar import notices

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store
    from orchestra.workers.token_usage import Tokens

OLD_SECONDS = 180.0  # the monitor asks every 15 to 60 seconds
_STILL = frozenset({Status.QUEUED, Status.MERGED, Status.CANCELLED})
Seen = list[tuple[ObservedWorker, Shown]]
Known = dict[str, tuple[str, list[int]]]  # by number: what these counts were made of, and the counts


class WorkerRow(Record):
    """One worker as it is shown. `age` in seconds since its status began; `changes` None where nothing is known."""

    seen: ObservedWorker
    attention: Attention | None
    shown: Shown
    age: float
    changes: Changes | None
    state_age: float = 0.0  # seconds since the state that is shown began
    warning: str = ""
    tokens: Tokens | None = None
    spent: Spent | None = None  # what it has used, as of the monitor's last look
    budget: Budget = Budget()  # that holds for it
    meets: tuple[Meeting, ...] = ()  # what it changes that others, or its base, change too
    notes: tuple[str, ...] = ()  # what is worth knowing of its pull request, and decides nothing

    @property
    def worker(self) -> Worker:
        """The worker's snapshot."""
        return self.seen.worker

    @property
    def why(self) -> str:
        """The reason behind the state, as one clean line."""
        return self.shown.reason


class Overview(Record):
    """Every worker, most urgent first, what could not be read, and whether the workspace is open (None: unknown)."""

    project: str
    rows: tuple[WorkerRow, ...]
    problems: tuple[Problem, ...]
    open: bool | None
    forge: str = ""  # how old what GitHub said is, where that matters, and why
    heard: str = ""  # `GitHub 12s ago`, where a worker has a pull request
    warning: str = ""  # what concerns all of them
    notices: tuple[str, ...] = ()  # until when nothing starts, and what of a budget is nearly used up
    conflicts: tuple[Meeting, ...] = ()  # between two workers, or a worker and its base


def overview(project: Project, *, changes: bool = True) -> Overview:
    """One look at all workers. A server that does not answer leaves panes unknown; nothing ends."""
    panes, is_open = _panes(project)
    found = project.store.listing()
    now, silent = project.now(), project.config.limits.silent
    heard = last_heard(project.store.cache)
    holds, awake = start_holds.read(project.store.cache, now), project.store.awake_since()
    items = states(found.workers, panes, is_open, project.store.heartbeat, now, silent, heard, holds, awake)
    items = _queue_in_order(items, project.config.queue.priorities)
    held, failed = changes_of(project, [seen for seen, _ in items]) if changes else ({}, "")
    met = radar.meetings(project, found.workers)
    rows = tuple(
        _row(seen, shown, now, silent, held.get(seen.worker.id))._replace(
            meets=tuple(one for one in met if seen.worker.id in (one.first, one.second))
        )
        for seen, shown in items
    )
    trouble, heard = _forge(project, found.workers)
    clashes = tuple(one for one in met if one.conflict)
    told = notices(project.store)
    return Overview(project.key, rows, found.problems, is_open, trouble, heard, failed, told, clashes)


def _queue_in_order(items: Seen, priorities: Sequence[str]) -> Seen:
    """The same with the queued workers in the order of their starts, at the places that they have among the others."""
    queued = {seen.worker.id: (seen, shown) for seen, shown in items if seen.worker.status is Status.QUEUED}
    in_order = iter(backlog.in_order([seen.worker for seen, _ in queued.values()], priorities))
    return [queued[next(in_order).id] if seen.worker.id in queued else (seen, shown) for seen, shown in items]


def _row(seen: ObservedWorker, shown: Shown, now: float, silent: float, held: Changes | None) -> WorkerRow:
    since = seconds_of(seen.worker.status_since)
    old = max(0.0, now - since) if since else 0.0
    notes = notes_of(seen.worker, seen.heard, now) if seen.worker.status in LIVE else ()
    return WorkerRow(seen, attention(seen, now, silent), shown, old, held, max(0.0, now - shown.since), notes=notes)


def with_tokens(project: Project, view: Overview) -> Overview:
    """The same with what each worker has used: transcripts are read on for it, so not for the table of `list`."""
    used = token_usage.tokens_of(project, [row.worker for row in view.rows])
    return view._replace(rows=tuple(row._replace(tokens=used.get(row.worker.id)) for row in view.rows))


def _panes(project: Project) -> tuple[dict[tuple[str, str], Pane], bool | None]:
    """Panes by worker and nonce: a pane of an earlier worker of the same number is not this worker's."""
    try:
        found = project.tmux_direct.panes_if_open()
        if found is None:
            return {}, False
        return {(pane.worker, pane.nonce): pane for pane in found}, True
    except Unreachable:
        return {}, None


def _forge(project: Project, workers: Iterable[Worker]) -> tuple[str, str]:
    """The age of what is shown of pull requests: as a warning once it is old or GitHub does not answer, and in short.

    No request is made.
    """
    if not any(worker.pull is not None and worker.status in LIVE for worker in workers):
        return "", ""
    from orchestra.github import rate_limit  # 8 ms, for those who have a pull request

    heard, trouble = rate_limit.last_words(os.path.join(project.store.cache, "github"), project.now())
    if heard is None:
        return "", ""
    if heard < OLD_SECONDS and not trouble:
        return "", f"GitHub {age(heard)} ago"
    return f"GitHub? {age(heard)}: pull requests as of {age(heard)} ago" + (
        f"; {clean(trouble)}" if trouble else ""
    ), ""


def worker_of(store: Store, worker: str) -> Worker:
    """The worker with this number; raises OrchestraError when there is none."""
    found = store.read(worker)
    if found is None and worker in pruned.numbers(store.root):
        hint = f"bring it back: orchestra restore {worker}; what it did: orchestra show {worker}"
        raise OrchestraError(f"#{worker} was removed by prune", hint)
    if found is None:
        raise OrchestraError(f"there is no worker #{worker}", f"spawn it: orchestra spawn {worker}")
    return found


def row_of(project: Project, worker: str) -> WorkerRow:
    """One worker as people see it."""
    worker_of(project.store, worker)
    return next(row for row in overview(project).rows if row.worker.id == worker)


def pane_of(project: Project, worker: Worker) -> Pane | None:
    """The worker's own pane, dead or alive; None when there is none. Raises Unreachable when tmux does not answer."""
    panes = project.tmux.panes()
    return next((pane for pane in panes if (pane.worker, pane.nonce) == (worker.id, worker.nonce)), None)


def row_json(row: WorkerRow) -> dict[str, Any]:
    """A worker as `--json` prints it: the snapshot, and what was seen beside it."""
    pane = row.seen.pane
    asked = [serialization.escalation_json(one) for one in open_questions(row.worker)]
    return {
        **serialization.to_json(row.worker),
        "escalation": asked[0] if asked else None,
        "escalations": asked,
        "state": row.shown.word,
        "needsYou": row.shown.needs_you,
        "stateReason": row.shown.reason,
        "stateSeconds": int(row.state_age),
        "attention": row.attention.value if row.attention else None,
        "pane": {"id": pane.id, "dead": pane.dead, "exitStatus": pane.exit_status} if pane else None,
        "ageSeconds": int(row.age),
        "changes": row.changes._asdict() if row.changes else Changes()._asdict(),
        "notes": [*filter(None, [row.worker.issue_note]), *row.notes],
        "meets": [{**one._asdict(), "files": list(one.files)} for one in row.meets],
        "tokens": token_usage.as_json(row.tokens),
        "spent": row.spent._asdict() if row.spent else None,
    }


def changes_of(project: Project, seens: Iterable[ObservedWorker]) -> tuple[dict[str, Changes], str]:
    """What each worktree holds, asked of git only for workers that did something since the last time.

    And why git does not tell it of one: a broken worktree must not hide the others.
    `git diff` takes 3 to 80 ms a worktree: 200 workers would cost seconds at every `list` (make bench).
    """
    path = os.path.join(project.store.cache, "changes.json")
    known: Known = json_cache.read(path, _known, {})
    held: dict[str, Changes] = {}
    asked, failed = {}, ""
    for seen in seens:
        worker = seen.worker
        key = f"{worker.nonce} {seen.heartbeat} {worker.status_since} {worker.journal_bytes}"
        kept = known.get(worker.id)
        if kept is not None and kept[0] == key:
            held[worker.id] = Changes(*kept[1])
        elif worker.status not in _STILL and project.repository.ready(worker.worktree):
            try:
                found = project.change_of(worker).counts()
            except OrchestraError as wrong:
                failed = failed or f"the changes of #{worker.id} are not known: {clean(wrong.message, 300)}"
                continue
            held[worker.id] = found
            asked[worker.id] = (key, list(found))
    if asked:
        json_cache.write(path, {**known, **asked})
    return held, failed


def _known(found: Any) -> Known:
    return {str(number): (str(key), [int(count) for count in counts]) for number, (key, counts) in found.items()}
