"""The project's `teardown`: what `setup` began outside the worktree is ended when a worker is cancelled or pruned."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core.text import clean, clean_lines
from orchestra.errors import OrchestraError
from orchestra.storage.files import text_or_empty, write_atomic
from orchestra.workers.environment import agent_environment

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

DONE = "torn-down"  # in a worker's directory, with its nonce
SECONDS = 600.0
_LINES = 10


def run(project: Project, worker: Worker) -> None:
    """Run `teardown` in the worktree, once for a worker; raises OrchestraError with its last lines when it fails."""
    command = project.config.teardown
    if not command or not project.repository.ready(worker.worktree) or _is_done(project.store, worker):
        return
    environ = agent_environment(project, worker)
    environ.pop(processes.MARK)
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=project.place_in(worker.worktree),
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(worker, f"did not end in {SECONDS / 60:.0f} minutes", command, b"") from None
    except OSError as wrong:
        raise _failed(worker, f"was not started: {wrong.strerror or wrong}", command, b"") from None
    if done.returncode:
        raise _failed(worker, f"failed with status {done.returncode}", command, done.stdout)
    write_atomic(project.store.file(worker.id, DONE), worker.nonce)


def _is_done(store: Store, worker: Worker) -> bool:
    return text_or_empty(store.file(worker.id, DONE)) == worker.nonce


def _failed(worker: Worker, how: str, command: str, output: bytes) -> OrchestraError:
    tail = "\n".join(clean_lines(output.decode("utf-8", "replace")).splitlines()[-_LINES:])
    return OrchestraError(
        f"the teardown of #{worker.id} {how}: {clean(command, 200)}" + (f"\n{tail}" if tail else ""),
        "its worktree stays; fix what it names, then: orchestra prune",
    )
