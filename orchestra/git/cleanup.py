"""What a killed orchestra or git leaves in a repository: named when asked, removed only by who holds the lock."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git.process import gitdir_target, read_git_file, worktree_of_admin

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

_INDEX = regex(r"orchestra-[a-z0-9_]{8}", re.ASCII)  # of `temporary_index`
STALE_SECONDS = 60.0  # git holds a lock for moments


def remove_directory(path: Path) -> None:
    """Remove a directory so that a kill leaves it whole or gone: under another name first."""
    away = removal_path(path)
    if away.exists():
        shutil.rmtree(away)
    if path.exists():
        path.rename(away)
        shutil.rmtree(away)


def removal_path(path: Path) -> Path:
    """The name a worktree has while it is being removed."""
    return path.parent / f".{path.name}.orchestra-removed"


def leftovers(repository: RepositoryFacts) -> tuple[Path, ...]:
    """Our directories that a kill left inside git's: temporary indexes, half removed administrations."""
    places = (repository.common, *repository.admins())
    return tuple(
        found
        for place in places
        for found in sorted(place.iterdir())
        if found.is_dir() and (_INDEX.fullmatch(found.name) or (found.name, place) == (REMOVED, repository.common))
    )


REMOVED = "orchestra-removed"  # what git_run.forget renames to


def sweep(repository: RepositoryFacts) -> int:
    """Remove them; how many there were. The lock tells that nobody uses one; without any it is not taken."""
    if not leftovers(repository):
        return 0
    with repository.locked():
        found = leftovers(repository)
        for path in found:
            shutil.rmtree(path)
    return len(found)


def our_worktrees(repository: RepositoryFacts, folder: str | None = None) -> tuple[tuple[str, str], ...]:
    """Number and path of every worktree that is locked as a worker's; with `folder` of the workers of that project."""
    found = []
    for admin in repository.admins():
        words, place = read_git_file(admin / "locked").split(" "), worktree_of_admin(admin)
        if folder is not None and " ".join(words[2:]) != folder:
            continue
        if words[0] == "orchestra" and len(words) > 1 and place is not None and not _is_anothers(place, admin):
            found.append((words[1].removeprefix("#"), str(place)))
    return tuple(found)


def own_worktrees(repository: RepositoryFacts, folder: str | None = None) -> tuple[tuple[str, str], ...]:
    """The same without those of another account, which keeps records of its own."""
    return tuple(one for one in our_worktrees(repository, folder) if not other_account(one[1]))


def other_account(path: str) -> str:
    """The account that a file or directory belongs to, when it is not the one of this process; else empty."""
    try:
        owner = os.lstat(path).st_uid
    except OSError:
        return ""
    if owner == os.geteuid():
        return ""
    import pwd

    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:  # of a container or a file server
        return str(owner)


def _is_anothers(place: Path, admin: Path) -> bool:
    """Whether a worktree belongs to another repository, of which this one is a copy."""
    target = gitdir_target(place / ".git")
    return target is not None and target != admin and target.exists()


def was_created(repository: RepositoryFacts, path: str) -> bool:
    """Whether a worker's worktree was ever finished at `path`; it may have been removed since."""
    admin = repository.admin_of(path)
    return admin is not None and (admin / "orchestra-ready").exists()


def stale_locks(repository: RepositoryFacts, now: float | None = None) -> tuple[Path, ...]:
    """Locks that git left long ago: of refs, of the configuration, of an index."""
    when = time.time() if now is None else now
    common = repository.common
    found = [*common.glob("*.lock"), *(common / "refs").rglob("*.lock")]
    found += [lock for admin in repository.admins() for lock in admin.glob("*.lock")]
    return tuple(path for path in found if path.name != "orchestra.lock" and _age(path, when) > STALE_SECONDS)


def remove_stale_locks(repository: RepositoryFacts, owned: Callable[[tuple[Path, ...]], bool]) -> int:
    """Remove the stale locks of which `owned` says that no process can be their owner; how many."""
    with repository.locked():
        found = {path: _mark(path) for path in stale_locks(repository)}
        if not found or owned(tuple(found)):
            return 0
        gone = [path for path, mark in found.items() if mark is not None and _mark(path) == mark]
        for path in gone:  # none has come in its place: git takes no lock that exists
            path.unlink(missing_ok=True)
    return len(gone)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.lstat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def lock_again(repository: RepositoryFacts, path: str, branch: str, reason: str) -> bool:
    """Lock a worker's worktree with our reason again; not one that somebody locked, or that is on another branch."""
    admin = repository.admin_of(path)
    if admin is None or admin == repository.common or (admin / "locked").exists():
        return False
    if not (admin / "orchestra-ready").exists() or repository.branch_of(path) != branch:
        return False
    with repository.locked():
        done = repository.git("worktree", "lock", "--reason", reason, path)
    if done.status:
        raise OrchestraError(f"{clean(path)} was not locked: {done.reason()}", "see: git worktree list")
    return True


def _age(path: Path, now: float) -> float:
    try:
        return now - path.lstat().st_mtime
    except OSError:
        return 0.0
