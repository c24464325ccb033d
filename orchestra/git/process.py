"""How git is started (GitPython, nowhere else), and the few files of its own that are read without it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from orchestra.core.packages import install_hint
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean, plain
from orchestra.errors import OrchestraError, Unreachable
from orchestra.storage.files import read_text

AnyPath = str | os.PathLike[str]

OLDEST_GIT = (2, 31)  # rev-parse --path-format, --config-env

# A worker can write to the config that the main checkout shares: eleven ways to run its programs.
QUIET = ("core.fsmonitor=false", "core.pager=cat", "diff.external=", "gc.auto=0", "protocol.ext.allow=never")
NO_HOOKS = ("core.hooksPath=/dev/null",)
# Git that was started from a hook or an alias hears these; they would lead it to another repository.
_STRAY = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS",
)  # fmt: skip

OLDEST = "2.31"
# git names the filter alone, or no cause at all where a filter or ssh went away: the other program itself says why.
_OTHER_FAILED = regex(r"\b(?:smudge|clean) filter .+ failed$|^the remote end hung up unexpectedly$")

# What the system said; git's last line names only the step that could not go on.
_SYSTEM_REFUSED = regex(
    r"^error: unable to write file |: (?:No space left on device|Disk quota exceeded|Read-only file system)$"
)


class GitResult(Record):
    """How a git ended: its status, its output without the last newline, its complaints."""

    status: int
    out: str
    err: str

    def reason(self) -> str:
        """The line that says why it failed; what comes before is progress (`Preparing worktree`)."""
        lines = [clean(line, 300) for line in plain(self.err).splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines or [f"status {self.status}"]
        why = told[-1].removeprefix("fatal: ").removeprefix("error: ")
        refused = next((line.removeprefix("error: ") for line in told[:-1] if _SYSTEM_REFUSED.search(line)), "")
        if refused:
            return clean(f"{refused}; {why}", 600)
        if not _OTHER_FAILED.search(why):
            return why
        own = [line for line in lines if not line.startswith(("fatal:", "error:", "warning:"))]
        return clean("; ".join([why, *own[-3:]]), 600)

    def quoted(self, most: int = 12) -> str:
        """Its last lines, and every line that the server said, as they were written: for whoever must act on them."""
        lines = [clean(line, 400) for line in plain(self.err).splitlines() if line.strip()]
        last = len(lines) - most
        kept = [line for at, line in enumerate(lines) if at >= last or line.startswith("remote:")]
        return "\n".join(kept)


def _no_git(environ: Mapping[str, str]) -> OrchestraError:
    return OrchestraError("git is not installed, or not on the PATH", install_hint("git", OLDEST, environ))


def execute(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    keep: Sequence[int] = (),
    stdin: BinaryIO | None = None,
    timeout: float | None = None,
    locale: str = "C",
) -> GitResult:
    """Run `git ARGV`; `keep` are descriptors it inherits. After `timeout` seconds it is killed: Unreachable.

    With a timeout it has no terminal either, so that ssh cannot wait there for a pass phrase. A plain question goes
    without GitPython, whose import costs 75 ms: every command asks some.
    """
    if not keep and stdin is None and timeout is None:
        return _asked(argv, environ, locale)
    try:
        from git import Git
        from git.exc import GitCommandNotFound
    except ImportError:  # GitPython looks for git when it is imported
        raise _no_git(environ) from None
    # GitPython lays the environment it is given over that of this process: what must not be there is taken out.
    stray = [word for name in _STRAY if name in os.environ and name not in environ for word in ("-u", name)]
    try:
        # In `/`: GitPython goes on in our own directory when the one it is given is gone.
        status, out, err = Git("/").execute(
            [*(["env", *stray] if stray else []), "git", *argv],
            istream=stdin,
            with_extended_output=True,
            with_exceptions=False,
            env={**environ, **_ours(locale)},
            kill_after_timeout=timeout,
            pass_fds=tuple(keep),
            start_new_session=timeout is not None,
        )
    except GitCommandNotFound:
        raise _no_git(environ) from None
    if timeout is not None and err.startswith("Timeout: "):
        raise Unreachable(f"git did not end in {timeout:.0f} s", "look at the network, then run this again")
    return GitResult(status, str(out), err)


def check_version(environ: Mapping[str, str]) -> None:
    """Raise OrchestraError when git is missing, or older than what we ask of it."""
    done = execute(["version"], environ)
    version = tuple(map(int, re.findall(r"\d+", done.out)[:2]))
    if done.status or not version:  # a config file of the user that git cannot parse stops even this
        raise OrchestraError(f"git does not run: {done.reason()}", "try: git version")
    if version < OLDEST_GIT:
        raise OrchestraError(f"git {'.'.join(map(str, version))} is too old", "install git 2.31 or newer")


def _asked(argv: Sequence[str], environ: Mapping[str, str], locale: str) -> GitResult:
    """Run `git ARGV` and wait, with nothing to read."""
    try:
        done = subprocess.run(
            ["git", *argv],
            cwd="/",
            env={**environ, **_ours(locale)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise _no_git(environ) from None
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return GitResult(done.returncode, out.removesuffix("\n"), err)


def _ours(locale: str) -> dict[str, str]:
    return {"LC_ALL": locale, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without what a calling git left in it, which leads to that git's repository."""
    return {name: value for name, value in environ.items() if name not in _STRAY}


def canonical_path(path: AnyPath) -> Path:
    """A worktree's path as git writes it: absolute, the links above it followed, itself as it is."""
    parent, name = os.path.split(os.path.abspath(path))
    return Path(os.path.join(os.path.realpath(parent), name))


def worktree_of_admin(admin: Path) -> Path | None:
    """Where the worktree is that git's directory `admin` is of, or None."""
    text = read_git_file(admin / "gitdir")
    return canonical_path((admin / text).parent) if text else None


def read_git_file(file: Path) -> str:
    """A small file of git's, stripped; empty when there is none."""
    try:
        return read_text(str(file)).strip()  # a worker may have put anything there, a FIFO too
    except OSError:
        return ""


def gitdir_target(pointer: Path) -> Path | None:
    """What a worktree's `.git` file points to; None when it is not such a file."""
    text = read_git_file(pointer)
    return (
        Path(os.path.realpath(pointer.parent / text.removeprefix("gitdir: "))) if text.startswith("gitdir: ") else None
    )


def index_entries(index: Path) -> int:
    """How many entries an index has: its header's third word. No index has none."""
    try:
        with index.open("rb") as file:
            return int.from_bytes(file.read(12)[8:12])
    except FileNotFoundError:
        return 0


def can_attach(path: Path, admin: Path) -> bool:
    """True when `path` is the worktree of git's directory `admin`, or could be again: nobody else's is there."""
    pointer = path / ".git"
    if path.is_symlink() or pointer.is_symlink() or pointer.is_dir() or (path.exists() and not path.is_dir()):
        return False
    return gitdir_target(pointer) in (None, admin)


def attach_worktree(path: Path, admin: Path) -> None:
    """Make `path` the worktree of git's directory `admin` again."""
    path.mkdir(parents=True, exist_ok=True)
    if gitdir_target(path / ".git") is None:
        (path / ".git").write_bytes(os.fsencode(f"gitdir: {admin}\n"))


@contextmanager
def temporary_index(beside: Path, copy: Path | None) -> Iterator[Mapping[str, str]]:
    """The environment of a temporary index in git's directory `beside`; it starts as a copy of the file `copy`."""
    import shutil
    import tempfile

    with tempfile.TemporaryDirectory(prefix="orchestra-", dir=beside) as directory:
        index = Path(directory) / "index"
        if copy and copy.exists():
            shutil.copyfile(copy, index)
        yield {"GIT_INDEX_FILE": str(index)}


def remove_admin(admin: Path) -> None:
    """Remove git's directory of a worktree, at once for all who look: half of one would be nobody's."""
    import shutil

    away = admin.parent.parent / "orchestra-removed"
    if away.exists():
        shutil.rmtree(away)
    admin.rename(away)
    shutil.rmtree(away)
