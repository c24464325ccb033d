"""What a new worktree takes over from the main checkout: copies of ignored files, links to ignored directories."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.git_run import AnyPath, real
from orchestra.text import clean

if TYPE_CHECKING:
    from orchestra.repository import Facts

LIST = ".worktreeinclude"  # more patterns to copy, one a line, as .gitignore has them


def copy_and_link(repository: Facts, path: AnyPath, copy: Sequence[str], link: Sequence[str]) -> list[str]:
    """Copy the files that match `copy`, link the directories `link`; a line for each thing done or not done.

    Only what git ignores, since anything else would be dirt in the worktree. Nothing is overwritten, nothing
    outside the two trees is read or written. Safe to run again.
    """
    here, root = real(path), repository.root
    found = _matching(repository, copy)
    done = []
    for name, ignored in _ignored(repository, here, found):
        done += _told("copied", name, _copy(root, here, name) if ignored else "git does not ignore it")
    for name, ignored in _ignored(repository, here, [name.rstrip("/") for name in link if name.strip("/")]):
        why = "git does not ignore a link of this name (a pattern with a / at its end is for directories only)"
        done += _told("linked", name, _link(root, here, name) if ignored else why)
    return done


def _told(what: str, name: str, problem: str | None) -> list[str]:
    """A line for the person; none when there was nothing to do."""
    if problem == "":
        return []
    return [f"{what} {clean(name)}"] if problem is None else [f"not {what}: {clean(name)}: {problem}"]


def _matching(repository: Facts, patterns: Sequence[str]) -> list[str]:
    """The untracked files of the main checkout that match, by git's own rules for patterns."""
    words = [f"--exclude={pattern}" for pattern in patterns]
    if (repository.root / LIST).is_file():
        words.append(f"--exclude-from={repository.root / LIST}")
    if not words:
        return []
    listed = repository.ask("ls-files", "-z", "--others", "--ignored", *words, at=repository.root)
    return [name for name in listed.split("\0") if name and not name.endswith("/")]  # `/`: a repository inside


def _ignored(repository: Facts, path: Path, names: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each name that stays inside the tree, and whether the worktree's git would ignore it."""
    inside = [name for name in names if name and not os.path.isabs(name) and ".." not in name.split("/")]
    with tempfile.TemporaryFile() as asked:
        asked.write(b"".join(os.fsencode(name) + b"\0" for name in inside))
        asked.seek(0)
        ignored = repository.git("check-ignore", "-z", "--stdin", at=path, stdin=asked).out.split("\0")
    for name in names:
        yield name, name in inside and name in ignored


def _copy(root: Path, path: Path, name: str) -> str | None:
    """Copy one file. None: done; empty: nothing to do; else what is wrong."""
    source, target = root / name, path / name
    if os.path.lexists(target):
        return ""
    if not _within(source.parent, root) or not _makes_room(target, path):
        return "its directory is a link that leads away"
    part = target.with_name(f"{target.name}.orchestra-part")  # one name, so that a killed run's is found again
    try:
        fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(fd, "rb") as old:
            mode = os.fstat(fd).st_mode
            if not stat.S_ISREG(mode):
                return "it is not a regular file"
            part.unlink(missing_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IMODE(mode)), "wb") as new:
                shutil.copyfileobj(old, new)
        os.link(part, target)  # whole or not at all, and never over another file
    except FileExistsError:
        return ""
    except OSError as wrong:
        return clean(wrong.strerror or str(wrong))
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return None


def _link(root: Path, path: Path, name: str) -> str | None:
    """Link one directory. None: done; empty: nothing to do; else what is wrong."""
    source, target = root / name, path / name
    if os.path.lexists(target):
        return "" if target.is_symlink() and Path(os.readlink(target)) == source else "it is there already"
    if not source.is_dir():
        return "there is no such directory in the main checkout"
    if not _within(source, root) or not _makes_room(target, path):
        return "it leads out of the repository"
    with suppress(FileExistsError):
        target.symlink_to(source, target_is_directory=True)
    return None


def _within(place: Path, tree: Path) -> bool:
    """True when `place`, its links followed, is `tree` or below it."""
    return Path(os.path.realpath(place)).is_relative_to(tree)


def _makes_room(target: Path, path: Path) -> bool:
    """Make the directories above `target` inside the worktree; False when a link would lead out of it."""
    if not _within(target.parent, path):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    return True
