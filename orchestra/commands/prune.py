"""`orchestra prune`: remove worktrees and branches that provably hold nothing to lose; say why others stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.git import remote as git_remote
from orchestra.workers import git_config_guard, preflight, removal, stop
from orchestra.workers.git_config_guard import Act
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.git.remotes import Choice
    from orchestra.project.context import Project


class KeptWorker(Record):
    """A worker that stays, and why."""

    id: str
    why: str


class RemoteBranch(Record):
    """The branch of a merged pull request that the remote still has; `why` it was not deleted, where it should be."""

    id: str
    remote: str
    branch: str
    deleted: bool = False
    why: str = ""


class Pruned(Record):
    """What `prune` removed (or would remove), what it kept, and the merged branches that the remote still has."""

    removed: tuple[str, ...]
    kept: tuple[KeptWorker, ...]
    remote: tuple[RemoteBranch, ...] = ()


def prune(
    project: Project,
    *,
    dry_run: bool,
    only: str = "",
    remote: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Pruned:
    """Remove merged and cancelled workers whose content is proven to be elsewhere; a doubt keeps the worker.

    `only`: this one alone; raises OrchestraError where there is none. `remote`: delete the branches of merged pull
    requests on the remote, too. `tell` hears what is looked at.
    """
    if only:
        worker_of(project.store, only)
    if not dry_run:
        git_config_guard.check(project, Act.WORKTREE)
    removed, kept = [], []
    merged: list[tuple[Worker, Choice]] = []
    looked_at = [worker for worker in project.store.listing().workers if only in ("", worker.id)]
    for place, worker in enumerate(looked_at, 1):
        tell(f"checking #{worker.id}, {place} of {len(looked_at)}")
        try:
            if project.config.teardown and not dry_run and not removal.reason(project, worker, before_teardown=True):
                stop.close(project, worker, for_good=True)
            why = removal.reason(project, worker)
            if not why and worker.pull is not None and worker.pull.state == "merged":
                merged.append((worker, project.where(worker.branch)))  # known by the branch's own configuration
            if not why and not dry_run:
                removal.remove(project, worker)
        except OrchestraError as wrong:
            why = wrong.message  # an inspection that failed proves nothing
        if why:
            kept.append(KeptWorker(worker.id, why))
        else:
            removed.append(worker.id)
    tell("asking the remote")
    refresh(project)
    gone = [(worker, where) for worker, where in merged if worker.id in removed]
    return Pruned(tuple(removed), tuple(kept), tuple(_on_the_remote(project, gone, delete=remote and not dry_run)))


def _on_the_remote(
    project: Project, merged: Sequence[tuple[Worker, Choice]], *, delete: bool
) -> Iterator[RemoteBranch]:
    """The branches that the remote still has at the commit that was merged, and deletes them if that is wanted."""
    for where in dict.fromkeys(where for _, where in merged if where.push):
        workers = [worker for worker, its in merged if its == where]
        try:
            git_config_guard.check(project, Act.FETCH)
        except OrchestraError as harmful:  # what was removed is said all the same
            yield from (RemoteBranch(one.id, where.push or "", one.branch, why=harmful.message) for one in workers)
            continue
        token = preflight.token_of(project)
        there, silent = git_remote.branches_there(project.repository, where, [one.branch for one in workers], token)
        if silent and delete:
            yield from (RemoteBranch(one.id, where.push or "", one.branch, why=silent) for one in workers)
        for worker in workers:
            sha, remote = there.get(worker.branch), where.push or ""
            if sha is None or worker.pull is None or sha != worker.pull.head_sha:
                continue
            why = git_remote.delete_branch(project.repository, where, worker.branch, sha, token) if delete else ""
            yield RemoteBranch(worker.id, remote, worker.branch, delete and not why, why)
