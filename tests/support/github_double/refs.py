"""The branches behind the double: those of a bare git repository, read live, or made-up ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Protocol


class Refs(Protocol):
    """What the double asks of a repository. Commits are named by their full hash."""

    def heads(self) -> dict[str, str]:
        """Branch -> commit, as it is now."""

    def ahead(self, base: str, head: str) -> int:
        """How many commits `head` has that `base` has not."""

    def clean(self, base: str, head: str) -> bool:
        """True when `head` merges into `base` without conflicts."""

    def merge(self, branch: str, head: str, message: str, squash: bool) -> str:
        """Merge `head` into `branch` for real; the new commit."""

    def delete(self, branch: str) -> None:
        """Delete a branch."""

    def take(self, other: Refs, sha: str) -> None:
        """Have a commit of another repository here too, as GitHub has a fork's."""

    def keep(self, number: int, sha: str) -> None:
        """Keep the head of a pull request as refs/pull/N/head, which outlives its branch."""


class Bare:
    """A bare repository on disk: pushes move the double, merges move the repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _git(self, *argv: str, text: str = "") -> subprocess.CompletedProcess[str]:
        person = {"NAME": "GitHub", "EMAIL": "noreply@github.com"}
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environ |= {f"GIT_{who}_{key}": value for who in ("AUTHOR", "COMMITTER") for key, value in person.items()}
        environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        return subprocess.run(
            ["git", "-C", str(self.path), *argv], capture_output=True, text=True, check=False, env=environ,
            input=text,
        )  # fmt: skip

    def _ask(self, *argv: str, text: str = "") -> str:
        done = self._git(*argv, text=text)
        if done.returncode:
            raise AssertionError(f"git {' '.join(argv)}: {done.stderr}")
        return done.stdout.strip()

    def heads(self) -> dict[str, str]:
        rows = self._ask("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads").splitlines()
        return {name: sha for sha, name in (row.split(" ", 1) for row in rows)}

    def ahead(self, base: str, head: str) -> int:
        return int(self._ask("rev-list", "--count", f"{base}..{head}"))

    def clean(self, base: str, head: str) -> bool:
        return self._git("merge-tree", "--write-tree", base, head).returncode == 0

    def merge(self, branch: str, head: str, message: str, squash: bool) -> str:
        base = self.heads()[branch]
        tree = self._ask("merge-tree", "--write-tree", base, head).splitlines()[0]
        parents = ["-p", base] if squash else ["-p", base, "-p", head]
        commit = self._ask("commit-tree", tree, *parents, "-m", message)
        self._ask("update-ref", f"refs/heads/{branch}", commit, base)
        return commit

    def commit(self, branch: str, name: str, text: str, parent: str) -> str:
        """Somebody else's commit of one file on `parent`, as the branch's new head."""
        blob = self._ask("hash-object", "-w", "--stdin", text=text)
        rows = [*self._ask("ls-tree", parent).splitlines(), f"100644 blob {blob}\t{name}"]
        tree = self._ask("mktree", text="\n".join({row.split("\t")[1]: row for row in rows}.values()) + "\n")
        made = self._ask("commit-tree", tree, "-p", parent, "-m", f"Change {name}")
        self._ask("update-ref", f"refs/heads/{branch}", made)
        return made

    def delete(self, branch: str) -> None:
        self._ask("update-ref", "-d", f"refs/heads/{branch}")

    def rename(self, branch: str, name: str) -> None:
        """Give a branch another name, as GitHub's page does."""
        self._ask("branch", "-m", branch, name)

    def take(self, other: Refs, sha: str) -> None:
        assert isinstance(other, Bare)
        if self._git("cat-file", "-e", sha).returncode:
            self._ask("fetch", "-q", str(other.path), f"+refs/heads/*:refs/forks/{other.path.name}/*")

    def keep(self, number: int, sha: str) -> None:
        self._ask("update-ref", f"refs/pull/{number}/head", sha)


class Paper:
    """Branches that exist on paper only: `push` makes and moves them. No process, for fast tests."""

    def __init__(self) -> None:
        self.branches = {"main": self._sha("main")}
        self.conflicts: set[str] = set()
        self.outdated: set[str] = set()  # commits that have not all of their base

    def _sha(self, seed: str) -> str:
        return hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()

    def push(self, branch: str) -> str:
        self.branches[branch] = self._sha(f"{branch} {self.branches.get(branch)}")
        return self.branches[branch]

    def heads(self) -> dict[str, str]:
        return dict(self.branches)

    def ahead(self, base: str, head: str) -> int:
        return int(base in self.outdated if head == self.branches["main"] else base != head)

    def clean(self, base: str, head: str) -> bool:
        return head not in self.conflicts

    def merge(self, branch: str, head: str, message: str, squash: bool) -> str:
        return self.push(branch)

    def delete(self, branch: str) -> None:
        del self.branches[branch]

    def take(self, other: Refs, sha: str) -> None:
        """Nothing to copy."""

    def keep(self, number: int, sha: str) -> None:
        """Nothing to keep."""
