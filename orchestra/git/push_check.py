"""What the remote answers before there is anything to push: which branches it has, and whether it takes a push."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.errors import Unreachable
from orchestra.git.remote import credential_for

if TYPE_CHECKING:
    from orchestra.git.worktrees import Repository

SECONDS = 15.0
# What servers and ssh say of the right to push. All else, a network that is down for one, says nothing about it.
_REFUSED = regex(
    r"permission (?:to \S+ )?(?:was )?denied|denied to|access rights|write access|not granted|read.only"
    r"|returned error: 40[13]|authentication failed|could not read (?:username|password)|access denied|not authorized"
    r"|archived|must (?:authorize|grant)|saml|host key verification failed|repository not found|invalid credentials",
    re.IGNORECASE,
)
_SILENT = regex(
    r"could not resolve|timed out|connection refused|network is unreachable|no route to host|connection reset"
    r"|failed to connect|returned error: 5\d\d|does not appear to be a git repository|connection closed",
    re.IGNORECASE,
)


class RemoteHeads(Record):
    """The branches of the remote that is pushed to, with their commits; None: not known, and `why`."""

    heads: Mapping[str, str] | None
    why: str = ""


class PushAnswer(Record):
    """Whether the remote takes a push; None: not known. `said`: git's own words."""

    taken: bool | None
    said: str = ""


def is_refusal(said: str) -> bool:
    """Whether these words of git refuse the user, and do not only tell of a remote that is not reached."""
    return _REFUSED.search(said) is not None and _SILENT.search(said) is None


def remote_heads(repository: Repository, branch: str, token: str | None, timeout: float = SECONDS) -> RemoteHeads:
    """Ask the remote that `branch` is pushed to for its branches."""
    where = repository.choice(branch)
    if where.push is None:
        return RemoteHeads({})
    try:
        with credential_for(where, where.push_url, token) as (config, keep):
            ask = ("ls-remote", "--quiet", "--heads", "--upload-pack=git-upload-pack", "--", where.push_place)
            done = repository.git(*ask, config=config, keep=keep, timeout=timeout)
    except Unreachable as late:
        return RemoteHeads(None, late.message)
    if done.status:
        return RemoteHeads(None, done.quoted() or done.reason())
    rows = (line.split("\t") for line in done.out.splitlines() if "\t" in line)
    return RemoteHeads({ref.removeprefix("refs/heads/"): sha for sha, ref in rows})


def dry_push(
    repository: Repository, branch: str, commit: str, token: str | None, timeout: float = SECONDS
) -> PushAnswer:
    """Ask whether the remote takes a push to `branch`: nothing is sent, and no hook runs."""
    where = repository.choice(branch)
    if where.push is None or where.problem:
        return PushAnswer(None, where.problem)
    options = ("--dry-run", "--porcelain", "--no-verify", "--no-follow-tags", "--receive-pack=git-receive-pack")
    try:
        with credential_for(where, where.push_url, token) as (config, keep):
            argv = ("push", *options, "--", where.push, f"{commit}:refs/heads/{branch}")
            done = repository.git(*argv, config=config, keep=keep, timeout=timeout)
    except Unreachable as late:
        return PushAnswer(None, late.message)
    said = done.quoted()
    if done.status == 0 or any(line.startswith("!\t") for line in done.out.splitlines()):
        return PushAnswer(taken=True)  # it was reached; that this name is taken there is another question
    return PushAnswer(False if is_refusal(said) else None, said or done.reason())
