"""What git says of one repository and its worktrees: asked, never changed."""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git import main_checkout, remotes
from orchestra.git.process import (
    NO_HOOKS,
    QUIET,
    AnyPath,
    GitResult,
    canonical_path,
    check_version,
    clean_environment,
    execute,
    gitdir_target,
    read_git_file,
    worktree_of_admin,
)
from orchestra.git.settings import Settings, settings_in
from orchestra.storage.files import locked, same_content

USUAL_BASES = ("main", "master", "trunk", "develop")
MOST_COUNTED = 1024 * 1024  # bytes of untracked files that are read for their lines; `list` asks every worktree
_SHARED_SCOPES = ("local", "worktree")
# Commands that look at commits, trees and refs alone: no filter and no merge driver is run.
_WITHOUT_FILES = frozenset({"commit-tree", "for-each-ref", "ls-tree", "rev-list", "rev-parse", "update-ref"})
_FILTER = (("process", "EMPTY"), ("clean", "EMPTY"), ("smudge", "EMPTY"), ("required", "FALSE"))


def _check_path(path: str) -> None:
    """Raise OrchestraError for a path that cannot be written into records, or that git's own answers cut in two."""
    try:
        held = "\n" in path or "\r" in path or not path.encode()
    except UnicodeEncodeError:
        held = True
    if held:
        raise OrchestraError(
            f"the path of this directory has a line break, or bytes that are not UTF-8: {clean(path)}",
            "move the project to a directory with another name",
        )


class FlippedBare(OrchestraError):
    """`core.bare` is true of a repository with files: a `git init --bare` under a hook's GIT_DIR leaves it so."""

    def __init__(self, common: str) -> None:
        usual = os.path.basename(common) == ".git"
        root = clean(os.path.dirname(common) if usual else common)
        super().__init__(
            f"core.bare is true in {clean(common)}/config, but {root if usual else 'the repository'} has files",
            f"git -C {shlex.quote(root)} config core.bare false; or: orchestra doctor --fix",
        )
        self.common = common


class RepositoryFacts:
    """A repository around its main worktree `root`. Nothing here changes it, or runs what its config says."""

    def __init__(
        self, root: AnyPath, environ: Mapping[str, str], common: AnyPath | None = None, below: str = ""
    ) -> None:
        self.root = Path(os.path.realpath(root))
        self.environ = clean_environment(environ)
        self.common = Path(os.path.realpath(common)) if common else self.root / ".git"
        # The shared configuration that the user knows of: its filters are run, as their own git does.
        self.below = below.rstrip("/")  # where in a worktree this was asked from
        self.accepted: Callable[[], Mapping[str, tuple[str, ...]]] = dict
        # What is fetched, and where a branch is pushed to: by the project's config where there is a project.
        self.choice: Callable[[str], remotes.Choice] = self._plain_choice

    def in_environment(self, environ: Mapping[str, str]) -> Self:
        """The same repository, asked by a git with these variables."""
        found = type(self)(self.root, environ, self.common)
        found.accepted, found.choice = self.accepted, self.choice
        return found

    @classmethod
    def find(cls, cwd: AnyPath, environ: Mapping[str, str]) -> Self:
        """The repository around `cwd`, which may be in its main worktree, in a linked one or below either."""
        where, environ = clean(str(cwd)), clean_environment(environ)
        _check_path(os.path.abspath(cwd))
        find = ["-C", os.path.abspath(cwd), "rev-parse", "--path-format=absolute"]
        done = execute([*find, "--git-common-dir", "--git-dir", "--is-bare-repository", "--show-prefix"], environ)
        common, directory, bare, below, *_ = (*done.out.split("\n"), "", "", "", "")
        if done.status or not (os.path.isabs(common) and os.path.isabs(directory)):
            check_version(environ)  # an older one does not know the words, and may repeat them
            if "not a git repository" in done.err:
                raise OrchestraError(f"This is not a git repository: {where}", "cd into your project, or run: git init")
            hint = f"try: git -C {shlex.quote(where)} status"
            if theirs := re.search(
                r"dubious ownership in repository at '(.+)'", done.err
            ):  # it may hold their commands
                place = shlex.quote(clean(theirs[1]))
                hint = f"if you trust its owner: git config --global --add safe.directory {place}"
            raise OrchestraError(f"git does not open {where}: {done.reason()}", hint)
        if directory != common:  # a linked worktree, which is none itself
            bare = execute([f"--git-dir={common}", "rev-parse", "--is-bare-repository"], environ).out
        if bare == "true" and os.path.exists(os.path.join(common, "index")):
            raise FlippedBare(common)
        if os.path.basename(common) == ".git" and bare != "true":
            return cls(os.path.dirname(common), environ, common, below)
        if bare == "true" or directory != common:
            root = main_checkout.found(common, environ, bare=bare == "true")
            return cls(root, environ, common, below)
        top = execute([*find, "--show-toplevel"], environ)  # a submodule, or --separate-git-dir
        if top.status:
            raise OrchestraError(f"{where} has no files to work on", "run this in the main worktree")
        return cls(top.out, environ, common, below)

    # --- how git is run ---

    def git(
        self,
        *argv: str,
        at: AnyPath | None = None,
        environ: Mapping[str, str] | None = None,
        keep: Sequence[int] = (),
        stdin: BinaryIO | None = None,
        config: Sequence[str] = (),
        timeout: float | None = None,
        hooks: bool = False,
    ) -> GitResult:
        """Run git on this repository, or on its worktree `at`: pinned, whatever `at/.git` or the config point to.

        `hooks`: the user's hooks run, in the user's locale, in the environment that a typed git gives them.
        """
        where = ["-C", str(self.root), f"--git-dir={self.common}"]
        if at is not None:
            work = [] if hooks else [f"--work-tree={canonical_path(at)}"]
            where = ["-C", str(canonical_path(at)), f"--git-dir={self.admin(at)}", *work]
        switches = [word for setting in (*QUIET, *(() if hooks else NO_HOOKS), *config) for word in ("-c", setting)]
        # The file `commondir` in git's directory of a worktree would lead to another config and other hooks.
        settings = {**self.environ, "GIT_COMMON_DIR": str(self.common), **(environ or {})}
        locale = (settings.get("LC_ALL") or settings.get("LANG") or "C") if hooks else "C"
        argv = (*where, *switches, *argv)
        return execute(argv, settings, keep=keep, stdin=stdin, timeout=timeout, locale=locale)

    def ask(self, *argv: str, at: AnyPath | None = None, environ: Mapping[str, str] | None = None) -> str:
        """The output of a git that must succeed, with the programs off that the shared config names."""
        done = self._careful(*argv, at=at, environ=environ)
        if done.status:
            place = clean(str(at or self.root))
            raise OrchestraError(f"git {argv[0]} failed in {place}: {done.reason()}", f"look: git -C {place} status")
        return done.out

    def _careful(self, *argv: str, at: AnyPath | None = None, environ: Mapping[str, str] | None = None) -> GitResult:
        """Run git without the filters and merge drivers that a worker may have put into the shared config.

        Those that the user knows of stay on, and the user's own, as LFS has: else a file that went through one would
        count as changed. Their names are free, so they are looked up; they may hold a `=`, which `-c` would take for
        its own.
        """
        if argv[0] in _WITHOUT_FILES:
            return self.git(*argv, at=at, environ=environ)
        words = ("config", "--show-scope", "-z", "--get-regexp", r"^(filter|merge)\..*\.")
        fields = self.git(*words, at=at).out.split("\0")
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for scope, line in zip(fields[::2], fields[1::2], strict=False):
            if scope in _SHARED_SCOPES:
                key, _, value = line.partition("\n")
                section = found.setdefault(key.rpartition(".")[0], {})
                section[key] = (*section.get(key, ()), value)
        accepted = self.accepted() if found else {}
        names = sorted(name for name, keys in found.items() if any(accepted.get(key) != keys[key] for key in keys))
        off = [
            f"--config-env={name}.{key}=ORCHESTRA_{value}"
            for name in names
            for key, value in (_FILTER if name.startswith("filter.") else (("driver", "FALSE"),))
        ]
        settings = {"ORCHESTRA_EMPTY": "", "ORCHESTRA_FALSE": "false", **(environ or {})}
        return self.git(*off, *argv, at=at, environ=settings)

    # --- the repository ---

    @cached_property
    def is_linked(self) -> bool:
        """Whether the main checkout is a worktree like others, as beside a bare repository."""
        target = gitdir_target(self.root / ".git")
        return target is not None and target != self.common

    @property
    def name(self) -> str:
        """What the repository is called: by its directory, or that of the bare one that its worktrees are of."""
        if not self.is_linked:
            return self.root.name
        stem = self.common.name.removesuffix(".git")
        return self.common.parent.name if stem.startswith(".") or not stem else stem

    def settings(self) -> Settings:
        """What git's configuration says now, the user's hooks path included."""
        return settings_in(self.git("config", "-z", "--list", hooks=True).out)

    def remote_settings(self) -> remotes.RemoteSettings:
        """What the git configuration says about remotes."""
        return remotes.settings_of(self.git("config", "-z", "--get-regexp", remotes.KEYS).out)

    def _plain_choice(self, branch: str) -> remotes.Choice:
        return remotes.choose(self.remote_settings(), remotes.Wishes(), remotes.Hosts(), branch)

    def remote(self) -> str | None:
        """The name of the remote that is fetched; None when there is none, or none of several is to be preferred."""
        return self.choice("").fetch

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the repository's lock for every change of refs or worktrees; it waits as long as it takes."""
        # Several accounts can work in one repository: whoever may write its directory may take its lock.
        writable = os.stat(self.common).st_mode & 0o022
        with locked(str(self.common / "orchestra.lock"), math.inf, 0o600 | writable | writable << 1) as fd:
            yield fd

    def check(self) -> None:
        """Raise OrchestraError when git is older than what we ask of it."""
        check_version(self.environ)

    def label(self) -> str:
        """`owner-repo`, or where no remote says that, the directory's name and a hash of its place."""
        found = self.choice("").base
        if found:
            return re.sub(r"[^A-Za-z0-9_-]", "-", f"{found.owner}-{found.name}")
        import hashlib

        place = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:8]
        return re.sub(r"[^A-Za-z0-9_-]", "-", self.name or "root") + f"-{place}"

    def hooks(self, at: AnyPath) -> Path:
        """Where the hooks of a worktree are: the shared ones, or where core.hooksPath says."""
        found = self.git("rev-parse", "--path-format=absolute", "--git-path", "hooks", at=at, hooks=True)
        return Path(found.out if found.status == 0 and found.out else self.common / "hooks")

    def resolve(self, base: str) -> str:
        """The commit that a base names: of the remote's branch where there is one, since a local one may be old."""
        remote = self.remote()
        places = [f"refs/remotes/{remote}/{base}"] if remote else []
        found = next(filter(None, map(self.commit, (*places, f"refs/heads/{base}", base))), None)
        if found is None:
            usual, _ = self.usual_base()
            hint = "see `git branch --all`, and set `base:` in orchestra.yaml"
            if usual not in ("", base):
                hint = f"set `base: {clean(usual, 80)}` in orchestra.yaml, or another one of `git branch --all`"
            if self.commit("HEAD") is None:
                hint = "make a first commit, which work can begin from: git add . && git commit"
            raise OrchestraError(f"there is no branch or commit {clean(base, 80)!r}", hint)
        return found

    def usual_base(self) -> tuple[str, str]:
        """The branch that work starts from when the user has not said one, and why it is this one."""
        remote = self.remote()
        theirs = self.git("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD").out if remote else ""
        if theirs and self.commit(theirs) is not None:  # the remote may have renamed it since
            return theirs.removeprefix(f"refs/remotes/{remote}/"), f"the default branch of {remote}"
        here = self.branch_of(self.root) or ""
        known = [name for name in USUAL_BASES if self.branch_tip(name) is not None]
        if here in USUAL_BASES or not known:
            return here, "the branch you are on"
        return known[0], "the usual name, and it is here"

    def base_ref(self, base: str) -> str:
        """The ref of a base as it was fetched: the remote's branch where there is one; empty for a bare commit."""
        remote = self.remote()
        wanted = [f"refs/remotes/{remote}/{base}"] if remote else []
        wanted.append(f"refs/heads/{base}")
        listed = self.git("for-each-ref", "--format=%(refname)", *wanted).out.split("\n")
        return next((ref for ref in wanted if ref in listed), "")

    def commit(self, ref: str, at: AnyPath | None = None) -> str | None:
        """The commit a ref names, or None."""
        if ref.startswith("-"):
            return None
        done = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", at=at)
        return done.out or None if done.status == 0 else None

    def branch_tip(self, branch: str) -> str | None:
        """The commit a local branch is at, or None when there is no such branch."""
        return self.commit(f"refs/heads/{branch}")

    def typed_name(self, branch: str) -> str:
        """How a user types a branch: git takes a tag of the same name first."""
        return f"heads/{branch}" if self.commit(f"refs/tags/{branch}") and self.branch_tip(branch) else branch

    def branch_tips(self) -> dict[str, str]:
        """The local branches with their commits, by one question; empty where git does not answer."""
        listed = self.git("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads").out
        return {name: sha for sha, _, name in (row.partition(" ") for row in listed.splitlines())}

    def branch_names(self) -> tuple[str, ...]:
        """The local branches."""
        return tuple(self.ask("for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines())

    def remote_branches(self, remote: str) -> dict[str, str]:
        """The branches of a remote, with their commits, as they were fetched last."""
        listed = self.ask("for-each-ref", "--format=%(objectname) %(refname:lstrip=3)", f"refs/remotes/{remote}/")
        rows = (line.split(" ", 1) for line in listed.splitlines())
        return {name: sha for sha, name in rows if name != "HEAD"}

    # --- its worktrees ---

    def admin(self, path: AnyPath) -> Path:
        """Git's own directory of a worktree; raises when `path` is none of this repository's."""
        found = self.admin_of(path)
        if found is None:
            raise OrchestraError(f"{clean(str(path))} is not a worktree of this repository", "see: git worktree list")
        return found

    def admin_of(self, path: AnyPath) -> Path | None:
        """Git's own directory of the worktree at `path`, whether or not its files are there, or None."""
        path = canonical_path(path)
        if path == self.root and not self.is_linked:
            return self.common
        likely = self.common / "worktrees" / path.name
        return next((found for found in (likely, *self.admins()) if worktree_of_admin(found) == path), None)

    def admins(self) -> Iterator[Path]:
        """Git's own directories of all linked worktrees."""
        home = self.common / "worktrees"
        return iter(sorted(home.iterdir()) if home.is_dir() else ())

    def admins_on(self, branch: str) -> list[Path]:
        """Git's own directories of the linked worktrees that are on a branch."""
        return [admin for admin in self.admins() if read_git_file(admin / "HEAD") == f"ref: refs/heads/{branch}"]

    def dirty(self, path: AnyPath) -> tuple[str, ...]:
        """The paths that are not committed, untracked ones too; a repository inside ends with `/`."""
        shown = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=none")
        fields = {"1": 8, "u": 10, "?": 1}
        lines = self.ask(*shown, at=path).split("\0")
        return tuple(line.split(" ", fields[line[0]])[-1] for line in lines if line[:1] in fields)

    def ignored(self, path: AnyPath) -> tuple[str, ...]:
        """Ignored files that the main checkout does not have the same: `.env` with a change, a local database.

        A directory that is ignored as a whole (`node_modules/`, `__pycache__/`) is taken for made, not written.
        """
        shown = ("--porcelain=v2", "-z", "--ignored=traditional", "--untracked-files=normal", "--no-renames")
        listed = self.ask("status", *shown, at=path).split("\0")
        names = [line[2:] for line in listed if line.startswith("! ") and not line.endswith("/")]
        return tuple(name for name in names if not same_content(canonical_path(path) / name, self.root / name))

    def unpushed_of(self, branch: str, base: str) -> int:
        """How many commits a branch has that are neither on a remote, as far as it was told, nor in `base`."""
        known = [tip for tip in (self.branch_tip(base), self.commit(base)) if tip]
        return int(self.ask("rev-list", "--count", f"refs/heads/{branch}", "--not", "--remotes", *known))

    def conflicts(self, branch: str, base: str) -> tuple[str, ...]:
        """The files in which a branch and its base conflict; none when git is too old to tell (2.38)."""
        words = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z")
        done = self._careful("-c", "merge.renormalize=false", *words, self.resolve(base), f"refs/heads/{branch}")
        return tuple(filter(None, done.out.split("\0")[1:])) if done.status == 1 else ()

    def committed_at(self, commit: str) -> float:
        """When a commit was made (epoch seconds)."""
        return float(self.ask("log", "-1", "--format=%ct", "--end-of-options", commit).split()[0])

    def holds(self, branch: str, commit: str) -> bool:
        """Whether the local branch holds this commit; one that is not known here it does not."""
        return self.git("merge-base", "--is-ancestor", commit, f"refs/heads/{branch}").status == 0

    def branch_of(self, path: AnyPath) -> str | None:
        """The branch a worktree is on; None with a detached HEAD, as in a rebase."""
        ref = self.git("symbolic-ref", "--quiet", "HEAD", at=path).out
        return ref.removeprefix("refs/heads/") or None

    def digest(self, path: AnyPath, names: Sequence[str]) -> str:
        """A hash of what HEAD holds under these paths: another content, mode or a deletion gives another one."""
        import hashlib

        rows = self.ask("ls-tree", "-r", "-z", "--full-tree", "HEAD", at=path).split("\0")
        held = {name: facts for facts, _, name in (row.partition("\t") for row in rows)}
        text = "\0".join(f"{held.get(name, 'gone')}\t{name}" for name in sorted(names))
        return hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
