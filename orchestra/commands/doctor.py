"""`orchestra doctor`: the tools, the login and the state on disk; each finding with its mend."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from orchestra import agents, tripwire
from orchestra.app import Orchestra, home_of
from orchestra.errors import OrchestraError
from orchestra.model import Status
from orchestra.transition import LIVE

MOST_FREE = 1024**3


class Finding(NamedTuple):
    """One thing that is not as it should be. `severity` is `error` or `warning`."""

    id: str
    severity: str
    what: str
    mend: str


def doctor(
    opening: Callable[[], Orchestra], environ: Mapping[str, str], *, fix: bool = False, accept_git: bool = False
) -> tuple[Finding, ...]:
    """Every finding, the environment's first; `opening` gives the project; `fix` mends the rights of our files."""
    found = list(_home(home_of(environ), fix=fix))
    try:
        orchestra = opening()
        _ = orchestra.config
    except OrchestraError as wrong:
        return (*found, Finding("E1", "error", wrong.message, wrong.hint))
    if accept_git:
        tripwire.accept(orchestra)
    for check in (_tmux, _shared_git, _agent, _tracker, _sessions, _panes, _worktrees):
        try:
            found.extend(check(orchestra))
        except OrchestraError as wrong:
            found.append(Finding(check.__name__.strip("_"), "error", wrong.message, wrong.hint))
    return tuple(found)


def _home(home: str, *, fix: bool) -> Iterator[Finding]:
    """I6: our files are the person's alone; and there is room to write them."""
    if not os.path.isdir(home):
        return
    for path in _too_open(home):
        if fix:
            os.chmod(path, 0o700 if os.path.isdir(path) else 0o600)
        else:
            yield Finding("I6", "warning", f"{path} can be read by others", "orchestra doctor --fix")
    if shutil.disk_usage(home).free < MOST_FREE:
        yield Finding("E4", "warning", f"less than 1 GiB is free below {home}", "make room; orchestra prune helps")


def _too_open(home: str) -> Iterator[str]:
    for directory, _, files in os.walk(home):
        if "/demo" in directory[len(home) :]:
            continue
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            if not os.path.islink(path) and os.lstat(path).st_mode & 0o077:
                yield path


def _tmux(orchestra: Orchestra) -> Iterator[Finding]:
    orchestra.tmux.check()
    if not orchestra.tmux.running():
        workers = [w for w in orchestra.store.listing().workers if w.status in LIVE]
        if workers:
            yield Finding("I8", "warning", f"the workspace is not open; {len(workers)} workers rest", "orchestra up")


def _shared_git(orchestra: Orchestra) -> Iterator[Finding]:
    """I11: nobody but the person has changed what their own git would run."""
    if tripwire.changed(orchestra):
        yield Finding("I11", "error", tripwire.WARNING, tripwire.MEND)


def _agent(orchestra: Orchestra) -> Iterator[Finding]:
    name = orchestra.config.agent
    options = orchestra.options(name)
    if agents.agent(name).version(options.command, orchestra.environ) is None:
        yield Finding("E2", "error", f"the agent {options.command!r} is not installed", agents.agent(name).INSTALL)


def _tracker(orchestra: Orchestra) -> Iterator[Finding]:
    if orchestra.tracker_name == "github":
        _ = orchestra.github
    yield from ()


def _sessions(orchestra: Orchestra) -> Iterator[Finding]:
    """I10: every session file parses, or lies aside with its content."""
    for problem in orchestra.store.listing().problems:
        yield Finding("I10", "warning", f"{problem.path}: {problem.what}", "look at it, then remove the file")


def _panes(orchestra: Orchestra) -> Iterator[Finding]:
    """I1, I2: a live worker has one pane with its nonce, and a tagged pane has a record."""
    if not orchestra.tmux.running():
        return
    records = {(w.id, w.nonce): w for w in orchestra.store.listing().workers}
    seen: set[tuple[str, str]] = set()
    for pane in orchestra.tmux.panes():
        key = (pane.worker, pane.nonce)
        if key not in records:
            yield Finding(
                "I2", "warning", f"pane {pane.id} belongs to no worker on record (#{pane.worker})", "close it"
            )
        elif key in seen and not pane.dead:
            yield Finding("I1", "error", f"#{pane.worker} has more than one pane", f"close {pane.id}")
        seen.add(key)
    for key, worker in records.items():
        if worker.status in LIVE and key not in seen:
            yield Finding("I1", "warning", f"#{worker.id} has no pane", "orchestra up")


def _worktrees(orchestra: Orchestra) -> Iterator[Finding]:
    """I3: the worktree of a worker is registered and locked with our reason."""
    for worker in orchestra.store.listing().workers:
        if worker.status not in LIVE or worker.status is Status.REGISTERED:
            continue
        if not os.path.isdir(worker.worktree):
            yield Finding("I3", "error", f"the worktree of #{worker.id} is gone: {worker.worktree}", "orchestra up")
        elif not orchestra.repository.is_ours(worker.worktree):
            yield Finding(
                "I3",
                "warning",
                f"{worker.worktree} is not locked as #{worker.id}'s",
                f"git worktree lock --reason 'orchestra #{worker.id}' {worker.worktree}",
            )
