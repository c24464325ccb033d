"""What `git status` does not tell of a worktree: files that are marked unchanged, repositories that are ignored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.core.text import clean
from orchestra.git.process import NO_HOOKS, QUIET, AnyPath, canonical_path, execute, temporary_index

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository

_DEPTH = 2  # directories below an ignored one: `deps/NAME`, `.venv/src/NAME`


def marked(repository: Repository, path: AnyPath) -> tuple[str, ...]:
    """Files with a change that git was told to pass over: `update-index --assume-unchanged`, `--skip-worktree`."""
    tree = canonical_path(path)
    rows = (row.partition(" ") for row in repository.ask("ls-files", "-v", "-z", at=path).split("\0"))
    # A sparse checkout marks what it leaves out: those files are not there.
    names = [name for tag, _, name in rows if (tag == "S" or tag.islower()) and os.path.lexists(tree / name)]
    if not names:
        return ()
    admin = repository.admin(path)
    with temporary_index(admin, admin / "index") as index:
        for at in range(0, len(names), 500):
            some = names[at : at + 500]
            for flag in ("--no-assume-unchanged", "--no-skip-worktree"):
                repository.ask("update-index", flag, "--", *some, at=path, environ=index)
        repository.git("update-index", "-q", "--refresh", at=path, environ=index)
        changed = set(repository.ask("diff-files", "--name-only", "-z", at=path, environ=index).split("\0"))
    return tuple(name for name in names if name in changed)


def repositories(repository: Repository, path: AnyPath) -> str:
    """The first repository in an ignored directory that holds what is nowhere else, in a few words; else empty."""
    tree = canonical_path(path)
    shown = ("status", "--porcelain", "-z", "--ignored=traditional", "--untracked-files=normal")
    listed = repository.ask(*shown, at=path).split("\0")
    for name in (row[3:] for row in listed if row.startswith("!! ") and row.endswith("/")):
        for place in _within(tree / name, _DEPTH):
            if held := _held(repository, place):
                return f"{clean(str(place.relative_to(tree)))} is a repository that {held}"
    return ""


def _within(directory: Path, depth: int) -> Iterator[Path]:
    """The repositories at a directory and below it, as deep as that."""
    if (directory / ".git").is_dir():
        yield directory
    elif depth:
        try:
            with os.scandir(directory) as found:
                below = [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for place in sorted(below):
            yield from _within(Path(place), depth - 1)


def _held(repository: Repository, place: Path) -> str:
    """What a repository holds that is nowhere else. Nothing is asked that runs a program of its configuration."""
    commits = _ask(repository, place, "rev-list", "--count", "HEAD", "--branches", "--tags", "--not", "--remotes")
    if count := int(commits) if commits.isdigit() else 0:
        return f"has {count} commit{'' if count == 1 else 's'} not pushed"
    others = _ask(repository, place, "ls-files", "--others", "--exclude-standard", "--directory")
    changed = others or _ask(repository, place, "diff-files", "--name-only")  # by size and time alone
    return "has files not committed" if changed else ""


def _ask(repository: Repository, at: Path, *argv: str) -> str:
    switches = [word for setting in (*QUIET, *NO_HOOKS) for word in ("-c", setting)]
    return execute(["-C", str(at), *switches, *argv], repository.environ).out
