"""What would keep an agent from working here: identity, signing key, filters and hooks that cannot run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import Unreachable
from orchestra.git.settings import Settings

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

SIGN_SECONDS = 10.0
HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "pre-push")
# Without these a signing program cannot ask for a pass phrase where nobody would answer.
_ASKING = ("GPG_TTY", "DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS")
# Variables and settings that override `user.name` and `user.email`, or forbid what git makes up for them.
_OTHER_IDENTITY = ("GIT_AUTHOR_", "GIT_COMMITTER_")
_IDENTITY_KEYS = ("author.name", "author.email", "committer.name", "committer.email")
_PYTHON = regex(r"^INSTALL_PYTHON=(['\"]?)(?P<path>[^'\"\n]+)\1$", re.MULTILINE)


class Fault(Record):
    """What keeps commits from being made: a sentence with git's own words, and the next command."""

    what: str
    hint: str


def identity(repository: RepositoryFacts, settings: Settings) -> Fault | None:
    """Whether git knows who commits, with the repository's environment."""
    if _plain_identity(repository, settings):
        return None
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        done = repository.git("var", who)
        if done.status:
            hint = 'git config --global user.name "NAME" && git config --global user.email MAIL'
            return Fault(f"git does not know who commits: {done.reason()}", hint)
    return None


def _plain_identity(repository: RepositoryFacts, settings: Settings) -> bool:
    """Whether name and address are set and git needs no question: it takes any name with a letter or a digit."""
    if any(name.startswith(_OTHER_IDENTITY) for name in repository.environ):
        return False
    if any(key in settings.values for key in _IDENTITY_KEYS):
        return False
    return all(any(map(str.isalnum, settings.last(key))) for key in ("user.name", "user.email"))


def writable(repository: RepositoryFacts) -> Fault | None:
    """Whether git's own directory takes a branch and a commit: it may be mounted read-only, or another user's."""
    for place in (repository.common, repository.common / "objects", repository.common / "refs" / "heads"):
        if place.exists() and not os.access(place, os.W_OK):
            where = clean(str(place))
            return Fault(
                f"{where} cannot be written", f"look who may: ls -ld {where}; and whether it is mounted read-only"
            )
    return None


def signing(repository: RepositoryFacts, settings: Settings, timeout: float = SIGN_SECONDS) -> Fault | None:
    """Whether a commit can be signed without a question, where the configuration wants that.

    Raises Unreachable when the signing program does not end: a key may wait to be touched.
    """
    head = repository.commit("HEAD") if settings.is_true("commit.gpgsign") else None
    if head is None:
        return None
    environ = {name: value for name, value in repository.environ.items() if name not in _ASKING}
    quiet = repository.in_environment({**environ, "SSH_ASKPASS_REQUIRE": "never"})
    message = "Can a commit be signed?"
    done = quiet.git("commit-tree", "-S", "-m", message, f"{head}^{{tree}}", timeout=timeout)
    if done.status == 0:
        return None
    how = "ssh-add KEY" if settings.last("gpg.format") == "ssh" else "echo | gpg --clearsign"
    hint = f"unlock the key where you are: {how}; or: git config commit.gpgsign false"
    return Fault(f"git cannot sign a commit: {done.quoted() or done.reason()}", hint)


def filters(repository: RepositoryFacts, settings: Settings) -> Fault | None:
    """The first filter without which git writes no worktree (`required`), and whose program is not there."""
    commands = {**dict(settings.of("filter", "smudge")), **dict(settings.of("filter", "process"))}
    for name, command in commands.items():
        required = settings.is_true(f"filter.{name}.required")
        program = _missing(repository, command or settings.last(f"filter.{name}.smudge")) if required else ""
        if not program:
            continue
        files = repository.git("ls-files", "-z", "--", f":(attr:filter={name})").out.split("\0")
        if files[0]:
            what = f"{clean(files[0], 80)} needs the filter {clean(name, 40)}, and its program {program} is not found"
            return Fault(what, f"install {program} where the workers find it, then: orchestra up --environment")
    return None


def _missing(repository: RepositoryFacts, command: str) -> str:
    """The program of a filter's command when it is not there; empty: it is, or the command is more than a program."""
    try:
        word = next(iter(shlex.split(command)), "")
    except ValueError:
        return ""
    if not re.fullmatch(r"[\w.+/~-]+", word):
        return ""
    path = repository.environ.get("PATH", os.defpath)
    if shutil.which(os.path.expanduser(word), path=path):
        return ""
    own = repository.git("--exec-path").out  # git looks there too
    return "" if shutil.which(word, path=own) else clean(word, 80)


def hooks(repository: RepositoryFacts, settings: Settings) -> Iterator[str]:
    """Hooks that cannot run in a new worktree, in sentences."""
    path = repository.environ.get("PATH", os.defpath)
    configured = settings.last("core.hookspath")
    directory = repository.hooks(repository.root) if configured else repository.common / "hooks"
    if configured and not os.path.isabs(os.path.expanduser(configured)):
        tracked = repository.git("ls-files", "--", configured).out
        if directory.is_dir() and not tracked:
            yield f"core.hooksPath is {clean(configured)}, which a new worktree does not have: make it in `setup`"
            return
    for name in HOOKS:
        why = _broken(directory / name, path)
        if why:
            yield f"the hook {name} cannot run: {why}"


def _broken(hook: Path, path: str) -> str:
    """Why a hook cannot run; empty: it can, or there is none."""
    if not hook.is_file():
        return ""
    if not os.access(hook, os.X_OK):
        return f"it is not executable, and git passes over it (chmod +x {clean(str(hook))})"
    try:
        with hook.open("rb") as file:
            text = file.read(4096).decode("utf-8", "replace")
    except OSError as wrong:
        return clean(wrong.strerror or str(wrong))
    first = text.partition("\n")[0]
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    if len(words) > 1 and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if words and shutil.which(words[0], path=path) is None:
        return f"{clean(words[0])} is not found on the PATH of the workers"
    python = _PYTHON.search(text)
    if python and not os.access(python["path"], os.X_OK) and shutil.which("pre-commit", path=path) is None:
        return "pre-commit is not found on the PATH of the workers"
    return ""


def cannot_sign(repository: RepositoryFacts, settings: Settings) -> tuple[Fault | None, str]:
    """The fault of signing, or why it is not known."""
    try:
        return signing(repository, settings), ""
    except Unreachable as late:
        return None, f"it is not known whether a commit can be signed: {late.message}"
