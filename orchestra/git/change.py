"""What a worker has changed: `BASE...HEAD`, from one place for gates, counts, diff, and a pull request's text.

Measured from where the branch and its base part now, not from where the work began: a worker that merges the base, as
it is told to at a conflict, does not become the author of everybody's commits.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from orchestra.core.commit_rules import Commit
from orchestra.core.models import Changes
from orchestra.core.regex import regex
from orchestra.git.patch import PREFIXES
from orchestra.git.process import AnyPath, canonical_path
from orchestra.storage.files import count_lines, text_or_empty

if TYPE_CHECKING:
    from orchestra.git.repository import RepositoryFacts

# A file that the user's `diff.orderFile` names may not exist, and every diff would fail: -O/dev/null cancels it.
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=dirty", "-O/dev/null")


_COMMIT_LINE = regex(r"\ncommit [0-9a-f]{40,64}\s*\Z")


class Change:
    """The change of a branch. With its worktree `at`, what is not committed counts too; else `head` is what counts."""

    def __init__(
        self, repository: RepositoryFacts, base: str, base_commit: str, *, at: AnyPath | None = None, head: str = "HEAD"
    ) -> None:
        self.repository = repository
        self.base = base
        self.base_commit = base_commit  # where the work began
        self.at = at
        self.head = head

    @cached_property
    def start(self) -> str:
        """The commit that the change is measured from: the last one that branch and base share."""
        tip = self._commit(self.head)
        base = self.repository.base_ref(self.base)
        found = self._shared(self.base_commit, *([base] if base else []))
        if base and found == tip != self.base_commit:
            return self._before_its_merge(base, tip) or self.base_commit  # it is in the base, and was a change before
        return found or self.base_commit

    def counts(self) -> Changes:
        """Files and lines, the untracked ones too."""
        rows = [row.split("\t", 2) for row in self._diff("--no-renames", "--numstat", "-z").split("\0") if row]
        lines = [(int(added), int(gone)) for added, gone, _ in rows if added != "-"]  # `-`: a binary file
        new = self.untracked()
        added = sum(one for one, _ in lines) + (count_lines(str(canonical_path(self.at)), new) if self.at else 0)
        return Changes(len(rows) + len(new), added, sum(gone for _, gone in lines))

    def paths(self) -> tuple[str, ...]:
        """Every path that differs, the untracked ones too; both names of a moved file."""
        listed = self._diff("--no-renames", "--name-only", "-z").split("\0")
        return tuple(sorted({name for name in (*listed, *self.untracked()) if name}))

    def stat(self) -> str:
        """`git diff --stat`, for a user."""
        return self._diff("--no-renames", "--stat=100")

    def text(self) -> str:
        """The diff itself."""
        return self._diff()

    def patch(self, since: str = "", *, ignore_space: bool = False) -> str:
        """The diff of what is committed, for `git/patch`; `since`: only what came after that commit."""
        return self._patch(ignore_space, since or self.start, self.head)

    def uncommitted(self, *, ignore_space: bool = False) -> str:
        """The same of what the worktree has and no commit holds."""
        return self._patch(ignore_space, self.head) if self.at else ""

    def content(self, path: str, *, committed: bool) -> str:
        """A file of the new side; empty where there is none that can be read."""
        if not committed and self.at:
            return text_or_empty(os.path.join(str(canonical_path(self.at)), path))
        return self.repository.git("cat-file", "blob", f"{self.head}:{path}", at=self.at).out

    def _patch(self, ignore_space: bool, *commits: str) -> str:
        how = ("--find-renames", "--unified=3", "--inter-hunk-context=0", "--submodule=short", *PREFIXES)
        space = ("--ignore-all-space",) if ignore_space else ()
        return self.repository.ask("diff", *_PLAIN, *how, *space, *commits, "--", at=self.at)

    def untracked(self) -> list[str]:
        """The files that git does not know yet."""
        if self.at is None:
            return []
        listed = self.repository.ask("ls-files", "-z", "--others", "--exclude-standard", at=self.at)
        return [name for name in listed.split("\0") if name]

    def subjects(self) -> tuple[str, ...]:
        """The first line of each commit of the worker's own, oldest first: no merges, and none that came by one."""
        # Not `git log`: log.showSignature would start the program that gpg.program names.
        words = ("rev-list", "--reverse", "--no-merges", "--first-parent", "--format=%s", "--end-of-options")
        listed = self.repository.ask(*words, f"{self.start}..{self.head}", at=self.at)
        return tuple(listed.split("\n")[1::2])

    def messages(self) -> tuple[Commit, ...]:
        """The commits of the worker's own, as `subjects`, with author and message."""
        words = ("rev-list", "--no-merges", "--first-parent", "--format=%x01%H%x00%ae%x00%B", "--end-of-options")
        listed = self.repository.ask(*words, f"{self.start}..{self.head}", at=self.at)
        rows = [row.split("\0") for row in listed.split("\1")[1:]]
        # Before each but the first there is a line `commit HASH`.
        return tuple(Commit(sha, email, _COMMIT_LINE.sub("", text).strip()) for sha, email, text in reversed(rows))

    def commits(self) -> int:
        """How many commits the branch has that the base has not."""
        return int(
            self.repository.ask("rev-list", "--count", "--end-of-options", f"{self.start}..{self.head}", at=self.at)
        )

    def _diff(self, *how: str) -> str:
        until = [] if self.at else [self.head]
        return self.repository.ask("diff", *_PLAIN, *how, self.start, *until, "--", at=self.at)

    def _commit(self, ref: str) -> str:
        return self.repository.commit(ref, at=self.at) or ""

    def _shared(self, *others: str) -> str:
        """The best commit that the branch shares with any of the others, as if they were one."""
        done = self.repository.git("merge-base", "--end-of-options", self.head, *others, at=self.at)
        return done.out.split("\n")[0] if done.status == 0 else ""

    def _before_its_merge(self, base: str, tip: str) -> str:
        """Where branch and base parted before the base took the branch by a merge; empty when it was not by one."""
        words = ("rev-list", "--first-parent", "--ancestry-path", "--reverse", "--parents", "--end-of-options")
        first = self.repository.git(*words, f"{tip}..{base}", at=self.at).out.split("\n")[0].split(" ")
        parents = first[1:]
        return self._shared(parents[0]) if len(parents) > 1 and parents[0] != tip else ""
