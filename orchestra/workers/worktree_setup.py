"""Make what is missing of a worker's worktree: branch, files, copies, links, `setup`. Idempotent after any kill."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.core.models import Worker
from orchestra.errors import OrchestraError
from orchestra.git import submodules, trash
from orchestra.storage.files import text_or_empty, write_atomic
from orchestra.workers import git_config_guard, slots, trust
from orchestra.workers.environment import agent_environment
from orchestra.workers.git_config_guard import Act

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

PREPARED = "prepared"  # holds the nonce of the worker whose worktree was made
SETUP_SECONDS = 1800.0


def prepare(project: Project, worker: Worker, say: Callable[[str], None]) -> None:
    """Make what is missing of the worktree: branch, files, copies, links, setup. Safe to run again after any kill."""
    repository, path = project.repository, worker.worktree
    if not repository.ready(path):
        git_config_guard.check(project, Act.WORKTREE)
        trust.check_again(project, worker)
        say(f"worktree {path} on branch {worker.branch} from {worker.base} ({worker.base_commit[:10]})")
        repository.add(path, worker.branch, _start(project, worker), project.lock_reason(worker.id), adopt=True)
        repository.checkout(path)
    elif is_prepared(project.store, worker):
        return
    submodules.fill(repository, path, say)
    slots.take(project, worker)
    values = slots.variables(project, worker)
    for line in repository.copy_and_link(path, *_copied_and_linked(project), values):
        say(line)
    if project.config.setup:
        say(f"setup: {project.config.setup}")
        unchanged = not git_config_guard.changed(project)
        _setup(project, worker)
        if unchanged:  # what the project's own setup installs, as hooks of husky or pre-commit, is known
            git_config_guard.take_over(project)
    write_atomic(project.store.file(worker.id, PREPARED), worker.nonce)


def _copied_and_linked(project: Project) -> tuple[list[str], list[str]]:
    """`copy:` and `link:` from the repository's root on; a pattern without a slash is for files at any depth."""
    copy, folder = project.config.copy, project.folder
    copied = [f"/{folder}/{one.lstrip('/')}" if folder and "/" in one.rstrip("/") else one for one in copy]
    return copied, [f"{folder}/{one}" if folder else one for one in project.config.link]


def is_prepared(store: Store, worker: Worker) -> bool:
    """Whether this worker's worktree was made once, setup and all."""
    return text_or_empty(store.file(worker.id, PREPARED)) == worker.nonce


def _start(project: Project, worker: Worker) -> str:
    """Where the branch begins; of a worktree that was removed since, by whomever, where its work has come."""
    if not is_prepared(project.store, worker):
        return worker.base_commit
    try:
        return trash.restore_branch(project.repository, worker.branch)
    except OrchestraError:  # it never had a commit that anything kept
        return worker.base_commit


def _setup(project: Project, worker: Worker) -> None:
    """Run the project's `setup` in the new worktree; its output is the pane's."""
    command, environ = project.config.setup or "", agent_environment(project, worker)
    if project.config.teardown:
        environ.pop(processes.MARK)  # what it starts outlives a restart of the agent: `teardown` ends it
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=project.place_in(worker.worktree),
            env=environ,
            start_new_session=bool(project.config.teardown),  # else it would end with the pane
            timeout=SETUP_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise OrchestraError(f"setup did not end in {SETUP_SECONDS / 60:.0f} minutes: {command}") from None
    if done.returncode != 0:
        raise OrchestraError(
            f"setup failed with status {done.returncode}: {command}",
            f"see its output: orchestra attach {worker.id}; fix it, then orchestra restart {worker.id}",
        )
