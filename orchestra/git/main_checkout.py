"""Which directory is the main checkout of a repository, where git itself does not say.

A bare repository with worktrees beside it has none, and one with its git directory elsewhere knows its own only from
inside it. What was opened once is written down, so that every worktree leads to the same one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git.process import execute, gitdir_target, read_git_file, worktree_of_admin
from orchestra.storage.files import write_atomic

NAME = "orchestra.root"  # in the common git directory, beside orchestra.id
_USUAL = ("main", "master", "trunk")


def found(common: str, environ: Mapping[str, str], *, bare: bool) -> str:
    """The main checkout; raises OrchestraError when there is none, or when it is not known."""
    written = read_git_file(Path(common, NAME))
    if written and _belongs(Path(written), common):
        return written
    if bare:
        return _of_bare(common)
    named = execute([f"--git-dir={common}", "config", "core.worktree"], environ).out  # of a submodule
    if named:
        return os.path.join(common, named)
    raise OrchestraError(f"the main worktree of {clean(common)} is not known", "run this in the main worktree, once")


def remember(common: Path, root: Path) -> None:
    """Write down the main checkout, where git does not know it."""
    if root / ".git" != common and read_git_file(common / NAME) != str(root):
        write_atomic(str(common / NAME), f"{root}\n", mode=0o644)


def _belongs(root: Path, common: str) -> bool:
    """Whether this is a worktree of the repository, and none of a worker's."""
    target = gitdir_target(root / ".git")
    return target is not None and (str(target) == common or (target.parent.parent == Path(common) and _is_own(target)))


def _of_bare(common: str) -> str:
    """The worktree of the branch that a bare repository's HEAD names, else the most usual one."""
    admins = list(_admins(Path(common)))
    places = [(admin, place) for admin in admins if (place := worktree_of_admin(admin)) is not None and _is_own(admin)]
    there = [(admin, place) for admin, place in places if place.is_dir()]
    if not there:
        where = clean(common)
        if places:
            gone = clean(str(places[0][1]))
            raise OrchestraError(
                f"the worktrees of {where} are not where git expects them: {gone}",
                f"git -C {where} worktree repair WORKTREE...",
            )
        raise OrchestraError(
            f"{where} is a bare repository: there are no files to work on",
            f"make a worktree: git -C {where} worktree add ../main, or git clone it",
        )
    head = read_git_file(Path(common, "HEAD")).removeprefix("ref: refs/heads/")
    wanted = [head, *_USUAL]
    return str(min(there, key=lambda one: (_rank(_branch(one[0]), wanted), _rank(one[1].name, wanted), one[0].name))[1])


def _rank(name: str, wanted: list[str]) -> int:
    return wanted.index(name) if name in wanted else len(wanted)


def _branch(admin: Path) -> str:
    return read_git_file(admin / "HEAD").removeprefix("ref: refs/heads/")


def _admins(common: Path) -> Iterator[Path]:
    home = common / "worktrees"
    return iter(sorted(home.iterdir()) if home.is_dir() else ())


def _is_own(admin: Path) -> bool:
    """Whether a worktree is the user's own, and not a worker's."""
    return not read_git_file(admin / "locked").startswith("orchestra #")
