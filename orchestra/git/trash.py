"""What removals kept in `refs/orchestra/trash/`: listed, and brought back. Nothing here removes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository

ROOT = "refs/orchestra/trash"
_OURS = "What the worktree of #"  # how the message of a snapshot begins


class TrashRef(Record):
    """A ref in the trash: of a branch, or of a worktree's files that were not committed."""

    ref: str
    commit: str
    owner: str  # `124`, or `branches/issue-124`
    at: str  # 20260108T111500Z


def list_trash(repository: Repository, owner: str = "") -> tuple[TrashRef, ...]:
    """What is kept, of one owner or of all, newest first."""
    place = f"{ROOT}/{owner}" if owner else ROOT
    rows = repository.ask("for-each-ref", "--format=%(refname) %(objectname)", place).splitlines()
    found = []
    for ref, _, commit in (row.partition(" ") for row in rows):
        name, _, mark = ref.removeprefix(f"{ROOT}/").rpartition("/")
        if not owner or name == owner:
            found.append(TrashRef(ref, commit, name, mark.partition("-")[0]))
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))


def restore_branch(repository: Repository, branch: str) -> str:
    """The branch's tip; one that is gone is made again where it was last. Raises when nothing is kept of it."""
    with repository.locked():
        tip = repository.branch_tip(branch)
        if tip is not None:
            return tip
        kept = list_trash(repository, f"branches/{branch}")
        if not kept:
            raise OrchestraError(f"nothing is kept of the branch {branch}", f"see all: git for-each-ref {ROOT}")
        repository.ask("update-ref", f"refs/heads/{branch}", kept[0].commit, "0" * 40)
        return kept[0].commit


def restore_files(repository: Repository, path: str, owner: str) -> str | None:
    """Write what was not committed into a clean worktree at the snapshot's commit; the ref, or None."""
    kept = list_trash(repository, owner)
    if (
        not kept
        or repository.dirty(path)
        or snapshot_base(repository, kept[0].commit) != repository.commit("HEAD", at=path)
    ):
        return None
    repository.ask("restore", f"--source={kept[0].commit}", "--worktree", "--", ".", at=path)
    return kept[0].ref


def snapshot_base(repository: Repository, commit: str) -> str:
    """The worker's own commit below a snapshot: what was staged and what was not are one commit each."""
    rows = repository.ask("rev-list", "-3", "--first-parent", "--format=%H %s", commit).splitlines()[1::2]
    return next((row.partition(" ")[0] for row in rows if not row.partition(" ")[2].startswith(_OURS)), "")
