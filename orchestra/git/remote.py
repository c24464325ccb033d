"""The remote repository, over git: what its URL says, fetch, and a push that is believed only when it is seen there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable
from orchestra.git.hooks import as_typed

if TYPE_CHECKING:
    from orchestra.git.process import GitResult
    from orchestra.git.worktrees import Repository

FETCH_SECONDS = 30.0  # the repository's lock is held meanwhile
PUSH_SECONDS = 600.0  # the user's pre-push hook may run a test suite


def fetch(repository: Repository, base: str, timeout: float = FETCH_SECONDS) -> bool:
    """Bring the remote's branch `base` up to date here; False when that did not work (no network, no such branch)."""
    remote = repository.remote()
    if remote is None or repository.git("check-ref-format", "--branch", base).status:
        return False
    refspec = f"+refs/heads/{base}:refs/remotes/{remote}/{base}"
    # Credentials and ssh are the user's: without them there is no private repository. `fingerprint` watches them.
    quiet = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--upload-pack=git-upload-pack")
    # The lock: a fetch beside a half-made worktree can fail on its HEAD. Not inherited: a credential
    # daemon that git starts would hold it for ever.
    with repository.locked():
        try:
            done = repository.git("fetch", "--quiet", *quiet, "--", remote, refspec, timeout=timeout)
        except Unreachable:
            return False
    return done.status == 0


def push(
    repository: Repository, path: str | os.PathLike[str], branch: str, token: str | None = None, before: str = "",
    timeout: float = PUSH_SECONDS,
) -> str:  # fmt: skip
    """Push HEAD of the worktree `path` to `branch` of the remote; the commit that is there now.

    What others have pushed is never replaced. `before` is what was pushed last from here: where HEAD does not build on
    it (its commits were amended), it is replaced if it is still what the remote has.

    The user's own hooks run. `token` is for an https remote and its host only.
    """
    remote, url = repository.remote(), repository.remote_url()
    if remote is None or url is None:
        raise OrchestraError("there is no remote to push to", "git remote add origin URL")
    head = repository.commit("HEAD", at=path)
    ref = f"refs/heads/{branch}"
    hooks = as_typed(repository.hooks(path), repository.environ)
    options: tuple[str, ...] = ("--porcelain", "--no-follow-tags", "--receive-pack=git-receive-pack")
    if before and head and repository.git("merge-base", "--is-ancestor", before, head).status:
        options += (f"--force-with-lease={ref}:{before}",)
    with _credential(url, token) as (config, keep), hooks as setting:
        done = repository.git(
            "push", *options, "--", remote, f"{head}:{ref}",
            at=path, config=(*config, setting), keep=keep, timeout=timeout, hooks=True,
        )  # fmt: skip
    if done.status:
        raise _refused(done, branch, remote)
    with _credential(url, token) as (config, keep):
        ask = ("ls-remote", "--upload-pack=git-upload-pack", "--", remote, ref)
        seen = repository.git(*ask, config=config, keep=keep, timeout=FETCH_SECONDS)
    if head is None or seen.out.split("\t")[0] != head:  # exit status 0 proves nothing
        raise OrchestraError(f"git says it pushed {branch}, but {remote} does not show it", "run the same again")
    return head


def reach(repository: Repository, token: str | None = None, timeout: float = FETCH_SECONDS) -> str:
    """Ask the remote for its branches; what git says when it is not reached, else nothing."""
    remote, url = repository.remote(), repository.remote_url()
    if remote is None or url is None:
        return ""
    with _credential(url, token) as (config, keep):
        ask = ("ls-remote", "--quiet", "--heads", "--upload-pack=git-upload-pack", "--", remote)
        done = repository.git(*ask, config=config, keep=keep, timeout=timeout)
    return (done.quoted() or done.reason()) if done.status else ""


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
