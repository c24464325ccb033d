"""What a new worktree takes over from the main checkout: copies of ignored files, links to ignored directories."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.git.process import AnyPath, canonical_path
from orchestra.storage.files import read_text

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

_SETTING = regex(rb"^([ \t]*(?:export[ \t]+)?)([A-Za-z_][A-Za-z0-9_]*)([ \t]*=[ \t]*)[^\r\n]*", re.MULTILINE)
LIST = ".worktreeinclude"  # more patterns to copy, one a line, as .gitignore has them


def copy_and_link(
    repository: RepositoryFacts, path: AnyPath, copy: Sequence[str], link: Sequence[str], values: Mapping[str, str]
) -> list[str]:
    """Copy the files that match `copy`, link the directories `link`; a line for each thing done or not done.

    Only what git ignores, since anything else would be dirt in the worktree. Nothing is overwritten, nothing
    outside the two trees is read or written. Safe to run again. A copied `.env` has `values` in place of the
    main checkout's for the keys that it sets.
    """
    here, root = canonical_path(path), repository.root
    files = _matching(repository, copy)
    folders = [name.rstrip("/") for name in link if name.strip("/")]
    problems = _problems(repository, here, (*files, *folders))
    done = []
    for name in files:
        done += _told("copied", name, problems[name] or _copy(root / name, here / name, values))
    for name in folders:
        done += _told("linked", name, problems[name] or _link(root, here, name))
    return done


def _told(what: str, name: str, problem: str | None) -> list[str]:
    """A line for the user; none when there was nothing to do."""
    if problem is None:
        return []
    return [f"not {what}: {clean(name)}: {problem}" if problem else f"{what} {clean(name)}"]


def _matching(repository: RepositoryFacts, patterns: Sequence[str]) -> list[str]:
    """The untracked files of the main checkout that match, by git's own rules for patterns."""
    words = [f"--exclude={pattern}" for pattern in patterns]
    if (repository.root / LIST).is_file():
        words.append(f"--exclude-from={repository.root / LIST}")
    if not words:
        return []
    listed = repository.ask("ls-files", "-z", "--others", "--ignored", *words, at=repository.root)
    return [name for name in listed.split("\0") if name and not name.endswith("/")]  # `/`: a repository inside


def _problems(repository: RepositoryFacts, path: Path, names: Iterable[str]) -> dict[str, str]:
    """Why each name may not be made in the worktree: it would lead out, or be dirt there. Empty: it may."""
    inside = [name for name in names if ".." not in name.split("/") and _within((path / name).parent, path)]
    with tempfile.TemporaryFile() as asked:
        asked.write(b"".join(os.fsencode(name) + b"\0" for name in inside))
        asked.seek(0)
        ignored = set(repository.git("check-ignore", "-z", "--stdin", at=path, stdin=asked).out.split("\0"))
    # git's rule: a link is not a directory, so a pattern that ends with `/` is not for it.
    dirt = "git does not ignore it there (a pattern that ends with / does not cover a link)"
    out = "it leads out of the worktree"
    return {name: "" if name in ignored else dirt if name in inside else out for name in names}


def _copy(source: Path, target: Path, values: Mapping[str, str]) -> str | None:
    """Copy one file. Empty: done; None: nothing to do; else what is wrong."""
    if os.path.lexists(target):
        return None
    part = target.with_name(f"{target.name}.orchestra-part")  # one name, so that a killed run's is found again
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as old:
            mode = os.fstat(old.fileno()).st_mode
            if not stat.S_ISREG(mode):
                return "it is not a regular file"
            part.unlink(missing_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IMODE(mode)), "wb") as new:
                if _is_env_file(target.name):
                    new.write(with_values(old.read(), values))
                else:
                    shutil.copyfileobj(old, new)
        os.link(part, target)  # whole or not at all, and never over another file
    except FileExistsError:
        return None
    except OSError as wrong:
        return clean(wrong.strerror or str(wrong))
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return ""


def is_as_copied(repository: RepositoryFacts, path: AnyPath, name: str, values: Mapping[str, str]) -> bool:
    """Whether a `.env` is what the main checkout's would be copied to."""
    if not _is_env_file(os.path.basename(name)):
        return False
    try:
        here, there = (read_text(str(tree / name)) for tree in (canonical_path(path), repository.root))
    except OSError:
        return False
    return os.fsencode(here) == with_values(os.fsencode(there), values)


def with_values(text: bytes, values: Mapping[str, str]) -> bytes:
    """The text of a `.env` file, with another value for each key that it sets and `values` has."""

    def line(found: re.Match[bytes]) -> bytes:
        value = values.get(found[2].decode())
        return found[0] if value is None else found[1] + found[2] + found[3] + _quoted(value).encode()

    return _SETTING.sub(line, text)


def _quoted(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_.,:/@%+=-]*", value, re.ASCII):
        return value
    return '"' + re.sub(r'([\\"$`])', r"\\\1", value) + '"'


def _is_env_file(name: str) -> bool:
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def _link(root: Path, path: Path, name: str) -> str | None:
    """Link one directory. Empty: done; None: nothing to do; else what is wrong."""
    source, target = root / name, path / name
    if os.path.lexists(target):
        return None if target.is_symlink() and Path(os.readlink(target)) == source else "it is there already"
    if not source.is_dir():
        return "there is no such directory in the main checkout"
    if not _within(source, root):
        return "it leads out of the repository"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source, target_is_directory=True)
    except OSError as wrong:
        return clean(wrong.strerror or str(wrong))
    return ""


def _within(place: Path, tree: Path) -> bool:
    """True when `place`, its links followed, is `tree` or below it."""
    return Path(os.path.realpath(place)).is_relative_to(tree)
