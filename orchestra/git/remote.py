"""The remote repository, over git: fetch, and a push that is believed only when it is seen there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git.hooks import as_typed
from orchestra.git.remote_url import read_remote_url

if TYPE_CHECKING:
    from orchestra.git.process import GitResult
    from orchestra.git.remotes import Choice
    from orchestra.git.repository import RepositoryFacts

FETCH_SECONDS = 30.0  # the repository's lock is held meanwhile
PUSH_SECONDS = 600.0  # the user's pre-push hook may run a test suite


class Fetched(Record):
    """What came of a fetch. It is true when it worked; `why` it did not, in git's words."""

    why: str

    def __bool__(self) -> bool:
        return not self.why


def fetch(repository: RepositoryFacts, base: str, timeout: float = FETCH_SECONDS) -> Fetched:
    """Bring the remote's branch `base` up to date here; what comes out is false when that did not work."""
    remote = repository.remote()
    if remote is None or repository.git("check-ref-format", "--branch", base).status:
        return Fetched("there is no such branch on a remote")
    refspec = f"+refs/heads/{base}:refs/remotes/{remote}/{base}"
    # Credentials and ssh are the user's: without them there is no private repository. `fingerprint` watches them.
    quiet = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--upload-pack=git-upload-pack")
    # The lock: a fetch beside a half-made worktree can fail on its HEAD. Not inherited: a credential
    # daemon that git starts would hold it for ever.
    with repository.locked():
        try:
            done = repository.git("fetch", "--quiet", *quiet, "--", remote, refspec, timeout=timeout)
        except Unreachable as late:
            return Fetched(late.message)
    return Fetched(done.reason() if done.status else "")


def push(
    repository: RepositoryFacts, path: str | os.PathLike[str], branch: str, token: str | None = None, before: str = "",
    timeout: float = PUSH_SECONDS,
) -> str:  # fmt: skip
    """Push HEAD of the worktree `path` to `branch` of the remote; the commit that is there now.

    What others have pushed is never replaced. `before` is what was pushed last from here: where HEAD does not build on
    it (its commits were amended), it is replaced if it is still what the remote has.

    The user's own hooks run. `token` is for an https remote and its host only.
    """
    where = repository.choice(branch)
    if where.problem:
        raise OrchestraError(where.problem, where.hint)
    if where.push is None:
        raise OrchestraError("there is no remote to push to", "git remote add origin URL")
    head = repository.commit("HEAD", at=path)
    ref = f"refs/heads/{branch}"
    hooks = as_typed(repository.hooks(path), repository.environ, repository.common)
    options: tuple[str, ...] = ("--porcelain", "--no-follow-tags", "--receive-pack=git-receive-pack")
    if before and head and repository.git("merge-base", "--is-ancestor", before, head).status:
        options += (f"--force-with-lease={ref}:{before}",)
    with credential_for(where, where.push_url, token) as (config, keep), hooks as setting:
        done = repository.git(
            "push", *options, "--", where.push, f"{head}:{ref}",
            at=path, config=(*config, setting), keep=keep, timeout=timeout, hooks=True,
        )  # fmt: skip
    if done.status:
        raise _refused(done, branch, where.push)
    with credential_for(where, where.push_url, token) as (config, keep):
        ask = ("ls-remote", "--upload-pack=git-upload-pack", "--", where.push_place, ref)
        seen = repository.git(*ask, config=config, keep=keep, timeout=FETCH_SECONDS)
    if head is None or seen.out.split("\t")[0] != head:  # exit status 0 proves nothing
        why = f": {seen.reason()}" if seen.status else ""
        what = f"git says it pushed {branch}, but {where.push} does not show it{why}"
        raise OrchestraError(what, "run the same again")
    return head


def branches_there(
    repository: RepositoryFacts, where: Choice, branches: Sequence[str], token: str | None = None
) -> tuple[dict[str, str], str]:
    """Which of the branches the remote that is pushed to still has, with their commits; or why it does not say."""
    refs = [f"refs/heads/{branch}" for branch in branches]
    with credential_for(where, where.push_url, token) as (config, keep):
        ask = ("ls-remote", "--quiet", "--upload-pack=git-upload-pack", "--", where.push_place, *refs)
        try:
            done = repository.git(*ask, config=config, keep=keep, timeout=FETCH_SECONDS)
        except Unreachable as late:
            return {}, late.message
    rows = [line.split("\t") for line in done.out.splitlines() if "\trefs/heads/" in line]
    there = {ref.removeprefix("refs/heads/"): sha for sha, ref in rows if ref in refs}
    return there, done.reason() if done.status else ""


def delete_branch(repository: RepositoryFacts, where: Choice, branch: str, sha: str, token: str | None = None) -> str:
    """Delete the remote's branch if it is still at `sha`; why that failed."""
    ref = f"refs/heads/{branch}"
    with credential_for(where, where.push_url, token) as (config, keep):
        options = ("--porcelain", "--no-verify", "--receive-pack=git-receive-pack", f"--force-with-lease={ref}:{sha}")
        try:
            done = repository.git(
                "push", *options, "--", where.push or "", f":{ref}", config=config, keep=keep, timeout=FETCH_SECONDS
            )
        except Unreachable as late:
            return late.message
    return (done.quoted() or done.reason()) if done.status else ""


def reach(repository: RepositoryFacts, token: str | None = None, timeout: float = FETCH_SECONDS) -> tuple[str, str]:
    """Ask the remotes that are fetched and pushed to for their branches; the one that git does not reach, and why."""
    where = repository.choice("")
    for place, url in dict.fromkeys(((where.fetch or "", where.fetch_url), (where.push_place, where.push_url))):
        if not place:
            continue
        with credential_for(where, url, token) as (config, keep):
            ask = ("ls-remote", "--quiet", "--heads", "--upload-pack=git-upload-pack", "--", place)
            done = repository.git(*ask, config=config, keep=keep, timeout=timeout)
        if done.status:
            return place, done.quoted() or done.reason()
    return "", ""


def credential_for(
    where: Choice, url: str, token: str | None
) -> AbstractContextManager[tuple[tuple[str, ...], tuple[int, ...]]]:
    """What gives git the token for this URL: nothing for another host than that of the pull request."""
    read = read_remote_url(url)
    same = read is not None and where.base is not None and read.host == where.base.host
    return _credential(url, token if same else None)


def _refused(done: GitResult, branch: str, remote: str) -> OrchestraError:
    """Why a push did not happen. `--porcelain` writes `! <from>:<to> <reason>` for a branch that was refused."""
    told = [line.split("\t")[-1] for line in done.out.splitlines() if line.startswith("!\t")]
    if told and any(word in told[0] for word in ("non-fast-forward", "fetch first", "stale info")):
        return OrchestraError(
            f"{remote} has commits on {branch} that are not here", f"git fetch {remote} && git merge {remote}/{branch}"
        )
    why, more = clean(told[0], 200) if told else done.reason(), done.quoted()
    return OrchestraError(
        f"{branch} was not pushed: {why}\n{more}".rstrip(), "fix what git or its hook names, commit, and ship again"
    )


@contextmanager
def _credential(url: str, token: str | None) -> Iterator[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Settings and an open file that give git the token, for an https URL of that host; else nothing.

    The file has no name and the settings hold no secret, so it is in no argv, no environment (which hooks print
    into logs) and on no disk after a kill.
    """
    if not token or not url.startswith("https://"):
        yield (), ()
        return
    import tempfile

    with tempfile.TemporaryFile() as file:
        file.write(f"username=x-access-token\npassword={token}\n".encode())
        file.flush()
        file.seek(0)  # where /dev/fd shares the position (macOS)
        shell = f'!f() {{ test "$1" = get && cat /dev/fd/{file.fileno()}; }}; f'
        host = url.split("/")[2].rpartition("@")[2]
        yield ("credential.helper=", f"credential.https://{host}.helper={shell}"), (file.fileno(),)
