"""What a ship would be refused for, asked before a worker begins: the token, the right to push, the branch's name.

What will certainly be refused is an error with the next command. What is not known is said, and stops nothing.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from orchestra.core.branch_names import next_free, why_taken
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git import commit_check, push_check
from orchestra.storage import closed_repositories
from orchestra.workers import git_config_guard
from orchestra.workers.environment import not_given, orchestrator_environment
from orchestra.workers.git_config_guard import Act

if TYPE_CHECKING:
    from orchestra.git.commit_check import Fault
    from orchestra.git.push_check import RemoteHeads
    from orchestra.git.remotes import Choice
    from orchestra.github.access import Access
    from orchestra.project.context import Project

WAIT = 8.0  # seconds for each answer of GitHub
SHORT_WAIT = 3.0  # while the workspace is opened


class FreeBranch(Record):
    """The name for a new branch, and why it is not the usual one; empty: it is."""

    name: str
    why: str = ""


class Preflight:
    """What one command asked before it starts workers; each question is asked once."""

    def __init__(self, project: Project, *, unaccepted: bool | None = None) -> None:
        """`unaccepted`: whether the shared git configuration changed in a way nobody accepted, where that was asked."""
        self.project, self._unaccepted = project, unaccepted
        self.notes: list[str] = []  # what is not known, or may go wrong
        self._checked = False
        self._pushed: set[str] = set()  # remotes that were asked

    def check(self) -> None:
        """Raise OrchestraError for what a ship would be refused for: by GitHub, or because nobody can commit here.

        Hooks that cannot run, and what is not known, are noted.
        """
        if self._checked:
            return
        if self.project.tracker_name == "github":
            self.notes += check_access(self.project)
        fault, notes = check_commits(self.project, unaccepted=self._unaccepted)
        if fault is not None:
            raise OrchestraError(fault.what, fault.hint)
        self.notes += [*notes, *not_given(self.project)]
        self._checked = True

    @cached_property
    def heads(self) -> RemoteHeads:
        """The branches of the remote that is pushed to; as they were fetched last where it does not answer."""
        project = self.project
        if project.tracker_name != "github":
            return push_check.RemoteHeads({})
        git_config_guard.check(project, Act.FETCH)
        found = push_check.remote_heads(project.repository, "", token_of(project))
        if found.heads is None:
            where = project.where()
            last = found.why.splitlines()[-1] if found.why else "it did not answer"
            self.notes.append(f"it is not known which branches {where.push} has now: {clean(last)}")
            return push_check.RemoteHeads(project.repository.remote_branches(where.push or ""))
        return found

    def check_push(self, branch: str, commit: str) -> None:
        """Raise OrchestraError when git itself says that the remote takes no push of this user."""
        project = self.project
        if project.tracker_name != "github":
            return
        where = project.where(branch)
        if where.push is None or where.push in self._pushed:
            return
        self._pushed.add(where.push)
        git_config_guard.check(project, Act.PUSH)
        answer = push_check.dry_push(project.repository, branch, commit, token_of(project))
        if answer.taken is False:
            raise OrchestraError(f"{where.push} does not take a push: {answer.said}", _other(where))
        if answer.taken is None:
            last = answer.said.splitlines()[-1] if answer.said else "it did not answer"
            self.notes.append(f"it is not known whether {where.push} takes a push: {clean(last)}")

    def free_branch(self, wanted: str, number: str) -> FreeBranch:
        """The branch for a worker: `wanted`, or the next name that is free here, on the remote and among the workers.

        Call it while the claim is locked.
        """
        there = self.heads.heads or {}
        claimed = {one.branch: one.id for one in self.project.store.listing().workers if one.id != number}
        here = self.project.repository.branch_names()
        name = next_free(wanted, (*here, *there, *claimed))
        if name == wanted:
            return FreeBranch(wanted)
        if not name:
            raise OrchestraError(f"no name like {wanted} is free for a branch", "set `branch:` in orchestra.yaml")
        other = why_taken(wanted, here) or why_taken(wanted, claimed) or why_taken(wanted, there)
        place = f" on {self.project.where().push}" if other in there and other not in here else ""
        how = "exists already" if other == wanted else "is in the way"
        what = f"the branch {clean(other)} {how}{place}"
        return FreeBranch(name, f"on the branch {name}: {what}")


def check_commits(project: Project, *, unaccepted: bool | None = None) -> tuple[Fault | None, list[str]]:
    """What keeps the agents from working, asked with their environment; and what may, in sentences.

    `unaccepted`: see `Preflight`; None: it is asked here.
    """
    repository = project.repository.in_environment(orchestrator_environment(project))
    if fault := commit_check.writable(repository):
        return fault, []
    settings = repository.settings()
    fault = commit_check.identity(repository, settings) or commit_check.filters(repository, settings)
    if unaccepted is None:
        unaccepted = git_config_guard.changed(project)
    if fault is not None or unaccepted:
        return fault, []  # in the second case the program that signs, or a hook, might be a worker's
    fault, unknown = commit_check.cannot_sign(repository, settings)
    return fault, [*([unknown] if unknown else []), *commit_check.hooks(repository, settings)]


def warnings(project: Project) -> list[str]:
    """The same in sentences alone, for a command that goes on all the same."""
    if project.tracker_name != "github":
        return []
    try:
        return check_access(project, SHORT_WAIT)
    except OrchestraError as wrong:
        return [f"a ship would be refused: {wrong.message}  ({wrong.hint})"]


def check_access(project: Project, wait: float = WAIT) -> list[str]:
    """Raise OrchestraError for what a ship will be refused for; what is not known, or may go wrong, in sentences."""
    from orchestra.github.access import obstacles  # 60 ms with HTTP and TLS, which a local tracker does without

    where = project.where()
    if where.problem:
        raise OrchestraError(where.problem, where.hint)
    if where.push is None:
        raise OrchestraError("there is no remote to push to", "git remote add origin URL")
    notes: list[str] = []
    try:
        found = ask_access(project, where, wait)
        other = project.where()
        if other.push != where.push:
            closed = where.head.slug if where.head else where.push
            notes.append(f"you may not push to {closed}: branches are pushed to {other.push}")
            found = ask_access(project, other, wait)
    except Unreachable as silent:
        place = where.head.slug if where.head else where.push
        return [f"it is not known whether you may push to {place}: {silent.message}"]
    for one in obstacles(found):
        if one.certain:
            raise OrchestraError(one.what, one.hint)
        notes.append(f"{one.what}: {one.hint}")
    return notes


def ask_access(project: Project, where: Choice, wait: float = WAIT) -> Access:
    """Ask GitHub, and remember whether the repository that is pushed to is closed to this user."""
    from orchestra.github import access

    base = project.remote.slug
    head = where.head.slug if where.head else base
    found = access.ask(project.github_client(wait, eager=True), base, head, project.now())
    if found.head is not None and found.head.push is not None:
        closed_repositories.note(project.store.cache, head, closed=found.head.push is False)
    return found


def token_of(project: Project) -> str | None:
    """The token for git; None where there is none, which git may not need."""
    try:
        return project.github.client.token
    except OrchestraError:
        return None


def _other(where: Choice) -> str:
    if where.is_fork:
        return "name another remote to push to: github: {push_remote: NAME} in orchestra.yaml"
    return "push to a fork: gh repo fork --remote; or: github: {push_remote: NAME} in orchestra.yaml"
