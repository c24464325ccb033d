"""Worktrees: add, look, keep, remove. Every step may be killed at any point and run again."""

from __future__ import annotations

import math
import os
import re
import shlex
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git import remote, submodules
from orchestra.git.cleanup import remove_directory
from orchestra.git.process import (
    AnyPath,
    attach_worktree,
    can_attach,
    canonical_path,
    gitdir_target,
    index_entries,
    read_git_file,
    remove_admin,
    temporary_index,
    worktree_of_admin,
)
from orchestra.git.repository import RepositoryFacts
from orchestra.storage.files import is_full, locked

READY = "orchestra-ready"  # in git's directory of the worktree: its files are there, somebody may work
_OURS = regex(r"orchestra #[1-9][0-9]{0,9}( .*)?", re.ASCII)


class Repository(RepositoryFacts):
    """A repository in which worktrees are made and removed. `now` gives seconds since the epoch."""

    def __init__(
        self,
        root: AnyPath,
        environ: Mapping[str, str],
        common: AnyPath | None = None,
        below: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(root, environ, common, below)
        self.now = now

    def fetch(self, base: str, timeout: float = remote.FETCH_SECONDS) -> remote.Fetched:
        """Bring the remote's branch `base` up to date here; false, and why, when that did not work in `timeout`."""
        return remote.fetch(self, base, timeout)

    def push(self, path: AnyPath, branch: str, token: str | None = None, before: str = "") -> str:
        """Push the worktree's HEAD to `branch` of the remote, over `before` alone; returns the commit seen there."""
        return remote.push(self, path, branch, token, before)

    def copy_and_link(
        self, path: AnyPath, copy: Sequence[str], link: Sequence[str], values: Mapping[str, str] = MappingProxyType({})
    ) -> list[str]:
        """Copy ignored files and link ignored directories of the main checkout; a line for each, done or not."""
        from orchestra.git import copy_files

        return copy_files.copy_and_link(self, path, copy, link, values)

    # --- add ---

    def add(self, path: AnyPath, branch: str, base_commit: str, reason: str, *, adopt: bool = False) -> None:
        """Make the worktree `path` on `branch` from `base_commit`, without its files, locked with `reason`.

        `reason` is `orchestra #124`. `adopt`: our record claims path and branch, so what a killed add left there is
        repaired. What may be somebody's work is never touched: OrchestraError says what is there.
        """
        path = canonical_path(path)
        if not _OURS.fullmatch(reason) or self.git("check-ref-format", "--branch", branch).status:
            raise OrchestraError(f"{clean(branch)!r} is not a valid branch name", "see `branch` in orchestra.yaml")
        with self.locked() as fd:
            if self._reattach(path, branch, reason):
                return
            ours = [admin for admin in self.admins() if self._is_begun(admin, path, reason, adopt)]
            left = [admin for admin in ours if not self._is_whole(admin, branch)]
            self._check_place(path, base_commit, ours, left, adopt=adopt or bool(left))
            self._check_branch(branch, base_commit if adopt or left else None)
            if path.is_dir():
                shutil.rmtree(path)
            for admin in left:
                remove_admin(admin)
            self._unlock_ref(branch)
            known = self.branch_tip(branch) is not None
            where = ["--", str(path), branch] if known else ["--no-track", "-b", branch, "--", str(path), base_commit]
            # Git inherits the lock: it lives on for a moment when we are killed.
            done = self.git("worktree", "add", "--no-checkout", "--lock", "--reason", reason, *where, keep=(fd,))
        if done.status:
            there = next((place for place in map(worktree_of_admin, self.admins_on(branch)) if place), None)
            move = f"git worktree move {shlex.quote(str(there))} {shlex.quote(str(path))}"
            how = f"if you moved it: {move}" if there else "see: git worktree list"
            raise OrchestraError(f"the worktree {clean(str(path))} was not made: {done.reason()}", clean(how))

    def _reattach(self, path: Path, branch: str, reason: str) -> bool:
        """True when the worktree is there. One whose directory was deleted by hand gets it back, without its files."""
        admin = self.admin_of(path)
        if admin is None or read_git_file(admin / "locked") != reason:
            return False
        if not self._is_whole(admin, branch) or not can_attach(path, admin):
            return False
        if gitdir_target(path / ".git") is None:
            if self.hollow(path):
                (admin / READY).unlink(missing_ok=True)
            attach_worktree(path, admin)
        return True

    def _head_ref(self, admin: Path) -> str:
        return self.git(f"--git-dir={admin}", "symbolic-ref", "--quiet", "HEAD").out

    def _is_whole(self, admin: Path, branch: str) -> bool:
        """True when the add was finished. A worker in the middle of a rebase has no branch, but is ready."""
        return (admin / READY).exists() or self._head_ref(admin) == f"refs/heads/{branch}"

    def _is_begun(self, admin: Path, path: Path, reason: str, adopt: bool) -> bool:
        """True for git's directory of a worktree that our `worktree add` began, or one for `path` that git began."""
        locked = read_git_file(admin / "locked")
        return locked == reason or (adopt and worktree_of_admin(admin) == path and locked == "initializing")

    def hollow(self, path: AnyPath) -> bool:
        """True when nothing is there, or a directory that holds nothing but a `.git` file."""
        path = canonical_path(path)
        if path.is_symlink() or not path.is_dir():
            return not os.path.lexists(path)
        return all(entry.name == ".git" and entry.is_file() for entry in path.iterdir())

    def _check_place(self, path: Path, base_commit: str, ours: list[Path], left: list[Path], *, adopt: bool) -> None:
        """Raise when what is at `path` may be somebody's, or when the worktree is elsewhere."""
        elsewhere = [place for place in map(worktree_of_admin, ours) if place not in (None, path)]
        if elsewhere:
            raise OrchestraError(f"its worktree is at {clean(str(elsewhere[0]))} already", "see: git worktree list")
        target = gitdir_target(path / ".git")
        another = target is not None and target.exists() and not target.is_relative_to(self.common)
        foreign = another or self.admin_of(path) not in (None, *left)
        if foreign or not (self.hollow(path) or (adopt and self._worthless(path, base_commit))):
            place = clean(str(path))
            raise OrchestraError(f"{place} exists and is not a worker's worktree", "move it away, then run this again")

    def _check_branch(self, branch: str, allowed: str | None) -> None:
        """Raise when the branch exists, unless it is still at the commit `allowed`."""
        tip = self.branch_tip(branch)
        if tip not in (None, allowed):
            raise OrchestraError(
                f"branch {branch} exists already, at {str(tip)[:10]}",
                f"keep it under another name: git branch -m {branch} OTHER",
            )

    def _worthless(self, path: Path, base_commit: str) -> bool:
        """True when a directory holds nothing but files that are in the base commit, byte for byte."""
        if path.is_symlink() or not path.is_dir() or (path / ".git").is_dir():
            return False
        with temporary_index(self.common, None) as index:
            here = ("-C", str(path), f"--work-tree={path}")
            self.ask("read-tree", base_commit, environ=index)
            plain = ("--no-ext-diff", "--no-textconv", "--name-only", "--diff-filter=d")
            changed = self.ask(*here, "diff", *plain, environ=index)
            return not (changed or self.ask(*here, "ls-files", "--others", environ=index))

    def checkout(self, path: AnyPath) -> None:
        """Write the files of a new worktree, in parallel; once. A tree in which somebody may have worked is left alone.

        Outside the repository's lock: on a real project this is what takes time (12 of 10,000 files: 2.5 s).
        """
        admin = self.admin(path)
        with locked(str(admin / "orchestra.lock"), math.inf) as fd:
            if (admin / READY).exists():
                return
            (admin / "index.lock").unlink(missing_ok=True)  # of a checkout that was killed: we hold its lock
            workers = ("-c", f"checkout.workers={os.cpu_count() or 1}")
            if index_entries(admin / "index"):
                # All files were written once: only those that are missing now. It never overwrites one.
                # Files that are there already give a status too, and no word.
                done = self.git(*workers, "checkout-index", "--all", "--quiet", at=path, keep=(fd,))
                failed = done.status != 0 and done.err.strip() != ""
            else:
                done = self.git(*workers, "reset", "--hard", "--quiet", "--no-recurse-submodules", at=path, keep=(fd,))
                failed = done.status != 0
            if failed:
                place = clean(str(path))
                full = is_full(path)
                why = f"no space is left on its file system: {done.reason()}" if full else done.reason()
                how = "make room there; orchestra prune helps" if full else f"try: git -C {place} reset --hard"
                raise OrchestraError(f"{place} was not checked out: {why}", how)
            (admin / READY).touch()

    def ready(self, path: AnyPath) -> bool:
        """True when the worktree is there with its files, so that somebody may have worked in it."""
        if not os.path.lexists(os.path.join(path, ".git")):
            return False
        admin = self.admin_of(path)
        return admin is not None and (admin / READY).exists() and gitdir_target(canonical_path(path) / ".git") == admin

    def is_cut_off(self, path: AnyPath, admin: Path) -> bool:
        """True when `path` is the worktree of git's directory `admin`, and names another place where git's own was."""
        target = gitdir_target(canonical_path(path) / ".git")
        return target is not None and target.name == admin.name and target != admin and not target.exists()

    def repair(self, path: AnyPath) -> None:
        """Have git join a worktree and the repository again, after one or both of them moved."""
        with self.locked():
            done = self.git("worktree", "repair", "--", str(canonical_path(path)))
        if done.status or self.admin_of(path) is None:
            why = done.reason() if done.status else "git does not know it afterwards"
            raise OrchestraError(
                f"the worktree {clean(str(path))} was not repaired: {why}", f"try: git worktree repair {path}"
            )

    def is_ours(self, path: AnyPath) -> bool:
        """True when the worktree is registered and locked with our reason."""
        admin = self.admin_of(path)
        return admin is not None and _OURS.fullmatch(read_git_file(admin / "locked")) is not None

    # --- keep and remove ---

    def snapshot(self, path: AnyPath, id: str) -> str | None:  # noqa: A002 - a worker's id
        """Keep what is not committed, untracked files too, in `refs/orchestra/trash/ID/...`; that ref.

        None when there is nothing to keep. Index, files and HEAD of the worktree stay as they are.
        """
        admin = self.admin(path)
        head = self.commit("HEAD", at=path)
        unwritten = not (admin / READY).exists() and not index_entries(admin / "index")
        with temporary_index(admin, admin / "index") as index:
            if unwritten:
                self.ask("read-tree", "HEAD", at=path, environ=index)
            trees = [self.git("write-tree", at=path, environ=index).out]  # staged; none in an unfinished merge
            # Files that were never written, or that went with their directory, were not deleted by the worker.
            how = "--ignore-removal" if unwritten or self.hollow(path) else "--all"
            self.ask("-c", "core.safecrlf=false", "add", how, "--", ".", at=path, environ=index)
            trees.append(self.ask("write-tree", at=path, environ=index))
        nothing = self.git("rev-parse", "--verify", "--quiet", "HEAD^{tree}", at=path).out
        loose = head and self.ask("rev-list", "-1", "HEAD", "--not", "--branches", "--remotes", at=path)
        kept = head if loose else None
        for tree in dict.fromkeys(tree for tree in trees if tree not in (nothing, "")):
            parent = ("-p", kept or head) if kept or head else ()
            message = f"What the worktree of #{id} held, not committed"
            kept = self.ask("commit-tree", tree, *parent, "-m", message, at=path, environ=_AUTHOR)
        return self._keep(id, kept) if kept else None

    def _keep(self, name: str, commit: str) -> str:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.now()))
        # A name never used before: a killed git may have left the lock of another.
        ref = f"refs/orchestra/trash/{name}/{stamp}-{os.urandom(4).hex()}"
        self.ask("update-ref", ref, commit)
        return ref

    def remove(self, path: AnyPath, branch: str, *, id: str) -> str | None:  # noqa: A002 - a worker's id
        """Remove the worktree of worker `id` after a snapshot, whose ref comes out; the branch stays. Safe to repeat.

        Refuses what is not registered and locked as ours, what is on another branch than the one that was judged,
        and what a snapshot cannot hold: a repository inside. Ignored files are not kept.
        """
        path = canonical_path(path)
        place = clean(str(path))
        with self.locked():
            admin = self.admin_of(path)
            if admin is None and not os.path.lexists(path):
                remove_directory(path)  # what a kill left of a removal
                return None
            owner = read_git_file(admin / "locked") if admin and admin != self.common else ""
            ours = _OURS.fullmatch(owner) is not None and owner.split(" ")[1] == f"#{id}"
            if admin is None or not ours or not can_attach(path, admin):
                raise OrchestraError(f"{place} is not the worktree of {id}: it stays", "see: git worktree list")
            if self._head_ref(admin) != f"refs/heads/{branch}":
                raise OrchestraError(f"{place} is not on {branch}: it stays", f"git -C {place} switch {branch}")
            attach_worktree(path, admin)  # deleted by hand or by a killed removal: what was staged is kept all the same
            inside = clean(self._repositories(path))
            if inside:
                raise OrchestraError(f"{place}: {inside}: it stays", "move it out, or commit and push it, first")
            kept = self.snapshot(path, id)
            # Not `git worktree remove`: killed in the middle it leaves a worktree that it then refuses to remove.
            try:
                remove_directory(path)
            except OSError as wrong:
                problem = clean(wrong.strerror or str(wrong))
                raise OrchestraError(f"{place} was not removed: {problem}", f"look: ls -la {place}") from None
            remove_admin(admin)
        return kept

    def _repositories(self, path: Path) -> str:
        """What cannot be kept inside a worktree: a repository of its own, or work in a submodule. Empty: nothing."""
        untracked = next((name for name in self.dirty(path) if name.endswith("/")), "")
        return f"it holds another repository, {untracked}" if untracked else submodules.unsaved(self, path)

    def rename_branch(self, path: AnyPath, branch: str, name: str) -> None:
        """Give the branch of the worktree `path` another name, which no branch has."""
        with self.locked():
            done = self.git("branch", "--move", "--", branch, name, at=path)
        if done.status:
            raise OrchestraError(f"{branch} was not renamed: {done.reason()}", f"try: git branch -m {branch} {name}")

    def delete_branch(self, branch: str, proven_tip: str) -> None:
        """Delete a branch that is at `proven_tip` and in no worktree; a ref in the trash still holds its commits."""
        with self.locked() as fd:
            tip = self.branch_tip(branch)
            if tip is None:
                return
            if tip != proven_tip:
                raise OrchestraError(f"{branch} has moved to {tip[:10]}: it stays", f"see: git log {branch}")
            if f"refs/heads/{branch}" in map(self._head_ref, (self.common, *self.admins())):
                raise OrchestraError(f"{branch} is checked out: it stays", "see: git worktree list")
            self._keep(f"branches/{branch}", tip)
            self._unlock_ref(branch)
            done = self.git("update-ref", "-d", f"refs/heads/{branch}", tip, keep=(fd,))
        if done.status:
            raise OrchestraError(f"{branch} was not deleted: {done.reason()}", f"try: git branch -D {branch}")

    def _unlock_ref(self, branch: str) -> None:
        """Remove what our killed git left of a branch: we hold the lock that it would hold."""
        (self.common / "refs" / "heads" / f"{branch}.lock").unlink(missing_ok=True)


_AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "orchestra"), ("EMAIL", "orchestra@localhost"))
}
