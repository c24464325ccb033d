"""A worker's branch on the remote: before its first push another one may have been made there under the same name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.branch_names import next_free, why_taken
from orchestra.core.models import Worker
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git import pull_head, push_check

if TYPE_CHECKING:
    from orchestra.project.context import Project


def on_its_own(project: Project, worker: Worker, token: str | None, say: Callable[[str], None]) -> Worker:
    """The worker, on the next free name where somebody else's branch is in the way of its first push.

    Nothing is asked once it has pushed: the branch is its own then.
    """
    if worker.pushed or worker.pull is not None:
        return worker
    heads = push_check.remote_heads(project.repository, worker.branch, token).heads or {}
    sha = heads.get(worker.branch)
    if sha is not None and pull_head.is_own(project.repository, worker.branch, sha, worker.base_commit, ()):
        return worker  # its agent has pushed by itself
    others = {name: commit for name, commit in heads.items() if name != worker.branch or sha is not None}
    other = why_taken(worker.branch, others)
    if not other:
        return worker
    claimed = [one.branch for one in project.store.listing().workers if one.id != worker.id]
    here = [name for name in project.repository.branch_names() if name != worker.branch]
    name = next_free(worker.branch, (*others, *claimed, *here))
    if not name:
        raise OrchestraError(f"{clean(other)} is on the remote already", "set `branch:` in orchestra.yaml")
    project.repository.rename_branch(worker.worktree, worker.branch, name)
    recorded = project.store.record(worker.id, events.renamed("ship", name))
    if recorded.worker is None or recorded.refused:
        raise OrchestraError(f"#{worker.id} could not be shipped: {recorded.refused}")
    say(f"{clean(other)} on {project.where(name).push} is somebody else's: your branch is {name} from now on")
    return recorded.worker
