"""Conflicts between living workers, seen while they work: the files that each changes, and what git says of pairs.

Only a worker that did something since the last look is asked for its files, and only pairs that share a file are
merged, in the object store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core import radar
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.models import Status, Worker
from orchestra.core.radar import Meeting
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git import local_merge
from orchestra.workers import delivery
from orchestra.workers.radar import Seen, keep, known

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository
    from orchestra.project.context import Project

MOST_PATHS = 5000  # of one worker: a generated tree is not compared file by file
TOLD = frozenset({Status.PLANNING, Status.WORKING})  # words would reopen what has shipped


def look(project: Project, say: Callable[[str], None]) -> None:
    """Compare every worker with every other and with its base, and tell those that conflict, once for each pair."""
    workers = [worker for worker in project.store.listing().workers if worker.status in LIVE]
    before = known(project)
    paths = {worker.id: _paths(project, worker, before) for worker in workers}
    held = {number: set(files) for number, (_, files) in paths.items() if files}
    by_number = {worker.id: worker for worker in workers}
    at = project.repository.branch_tips() if held else {}
    tips = {number: at.get(by_number[number].branch, "") for number in held}
    bases = {base: _commit(project.repository, base) for base in {by_number[number].base for number in held}}
    merges: dict[str, tuple[str, ...]] = {}

    def conflicts(one: str, other: str) -> tuple[str, ...]:
        if not one or not other:
            return ()
        pair = f"{one} {other}"
        merges[pair] = before.merges[pair] if pair in before.merges else _conflicts(project.repository, one, other)
        return merges[pair]

    found = []
    for meeting in radar.overlaps(held, radar.related(workers)):
        files = conflicts(tips[meeting.first], tips[meeting.second])
        found.append(meeting._replace(files=files[: radar.MOST_FILES], conflict=True) if files else meeting)
    for number in held:
        base = by_number[number].base
        if files := conflicts(tips[number], bases[base]):
            found.append(Meeting(number, base, files[: radar.MOST_FILES], conflict=True))
    seen = Seen(paths, merges, tuple(found))
    if seen != before:
        keep(project, seen)
    for meeting in found:
        if meeting.conflict and meeting.second in by_number:
            _tell(project, meeting, by_number, say)


def _paths(project: Project, worker: Worker, before: Seen) -> tuple[str, tuple[str, ...]]:
    """The files that a worker changes, asked of git when it did something since."""
    heartbeat = project.store.heartbeat(worker.id)
    key = f"{worker.nonce} {heartbeat} {worker.status_since} {worker.journal_bytes} {worker.base_commit}"
    kept = before.paths.get(worker.id)
    if kept is not None and kept[0] == key:
        return kept
    try:
        if not project.repository.ready(worker.worktree):
            return key, ()
        return key, project.change_of(worker).paths()[:MOST_PATHS]
    except OrchestraError:  # its worktree is being made or taken away: the next look asks again
        return "", ()


def _conflicts(repository: Repository, one: str, other: str) -> tuple[str, ...]:
    try:
        local_merge.merged_tree(repository, one, other)
    except local_merge.Conflicted as conflict:
        return conflict.files
    except OrchestraError:  # git is too old to merge without a checkout: the same files are still named
        return ()
    return ()


def _commit(repository: Repository, base: str) -> str:
    try:
        return repository.resolve(base)
    except OrchestraError:
        return ""


def _tell(project: Project, meeting: Meeting, workers: dict[str, Worker], say: Callable[[str], None]) -> None:
    files = ", ".join(clean(name, 120) for name in meeting.files[:10])
    told = []
    for mine, its in ((meeting.first, meeting.second), (meeting.second, meeting.first)):
        other = workers[its]
        text = (
            f"Your branch and that of #{its} ({other.title}) conflict in {files}. Nothing has to be done about it now. "
            f"`git diff {other.base_commit[:12]} heads/{other.branch}` shows the other change: where both ways "
            f"are as good, take the one that leaves those lines alone. Whoever is merged later resolves what is left."
        )
        if delivery.tell_once(project, mine, f"radar:{its}", text, among=TOLD):
            told.append(f"#{mine}")
    if told:
        say(f"{radar.sentence(meeting)}: {' and '.join(told)} told")
