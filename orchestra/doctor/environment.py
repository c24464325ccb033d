"""The machine: versions, login, locale, disk, and what ends processes at logout."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from orchestra import agents, processes
from orchestra.config import schema
from orchestra.core.text import clean
from orchestra.doctor.findings import Finding, error, warning
from orchestra.errors import OrchestraError
from orchestra.git import remote as git_remote
from orchestra.git.cleanup import other_account
from orchestra.git.remote_url import without_password
from orchestra.project import entry_points
from orchestra.storage.files import is_full
from orchestra.trackers.local import LocalTracker
from orchestra.workers import git_config_guard, preflight
from orchestra.workers.environment import orchestrator_environment

if TYPE_CHECKING:
    from orchestra.project.context import Project

MOST_FREE = 1024**3
BUSCTL_SECONDS = 3.0
GIT_SECONDS = 15.0
_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


def home(path: str, *, fix: bool) -> Iterator[Finding]:
    """I6: only the user can read our files (`fix` makes them so); and there is room to write them."""
    made = True
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path, made = os.path.dirname(path), False  # it will be made below this one
    for found in _too_open(path) if made else ():
        if fix:
            os.chmod(found, 0o700 if os.path.isdir(found) else 0o600)
        else:
            yield warning("I6", f"{found} can be read by others", "orchestra doctor --fix")
    yield from next(filter(None, map(_unwritable, (path, *(_directories(path) if made else ())))), ())
    flags = os.statvfs(path).f_flag
    if flags & getattr(os, "ST_NOEXEC", 0):  # only Linux has the flag
        what = f"no program can be started below {path}: its file system is mounted noexec"
        yield error("E4", what, entry_points.NOEXEC_HINT)
    yield from _room(path)


def _directories(home: str) -> Iterator[str]:
    """Where our files are written: those of all projects, and those of each."""
    for name in ("sessions", "cache"):
        for directory, below, _ in os.walk(os.path.join(home, name)):
            yield directory
            if directory != os.path.join(home, name):
                below.clear()


def _unwritable(place: str) -> tuple[Finding, ...]:
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        what = f"{place} cannot be written: its file system is mounted read-only"
        return (error("E4", what, "mount it writable, or set ORCHESTRA_HOME to another place"),)
    if not os.access(place, os.W_OK | os.X_OK):
        if owner := other_account(place):
            what = f"{place} cannot be written: it belongs to {owner}"
            how = f'sudo chown -R "$(id -u)" {place}; or set ORCHESTRA_HOME to a directory of your own'
            return (error("E4", what, how),)
        return (error("E4", f"{place} cannot be written", f"give yourself the right: chmod u+wx {place}"),)
    return ()


def _room(path: str) -> Iterator[Finding]:
    if is_full(path):
        what = f"no room is left below {path}: nothing new can be written there"
        yield error("E4", what, f"remove files there (see: df -h {path}; df -i {path}), then: orchestra up")
        return
    facts = os.statvfs(path)
    if facts.f_blocks and facts.f_bavail * facts.f_frsize < MOST_FREE:
        yield warning("E4", f"less than 1 GiB is free below {path}", "make room; orchestra prune helps")
    if facts.f_files and facts.f_favail < 1000:
        yield warning("E4", f"nearly no inode is free below {path}", "make room; orchestra prune helps")


def _too_open(home: str) -> Iterator[str]:
    for directory, below, files in os.walk(home):
        below[:] = [name for name in below if name not in ("demo", "tmux")]  # repositories; sockets of workers
        for path in (directory, *(os.path.join(directory, name) for name in files)):
            if not os.path.islink(path) and os.lstat(path).st_mode & 0o077:
                yield path


def locale(environ: Mapping[str, str]) -> Iterator[Finding]:
    """E5: letters beyond ASCII reach the screen only with a UTF-8 locale."""
    said = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or "C"
    if "utf8" not in said.lower().replace("-", ""):
        yield warning("E5", f"the locale is {said}, not UTF-8", "export LC_ALL=C.UTF-8")


def command(environ: Mapping[str, str]) -> Iterator[Finding]:
    """E12: the `orchestra` that a shell here finds first is this program: other projects install that name too."""
    path = environ.get("PATH", os.defpath)
    found = shutil.which("orchestra", path=path)
    if found is None or _is_this_program(found):
        return
    other = "orchestra-workers" if shutil.which("orchestra-workers", path=path) else entry_points.OTHER_NAME
    yield warning(
        "E12", f"`orchestra` on PATH is another program: {found}", f"call this one by its other name: {other}"
    )


def _is_this_program(path: str) -> bool:
    """Whether it was installed beside this Python, or is a few lines that call this package."""
    if os.path.realpath(path) == os.path.realpath(os.path.join(os.path.dirname(sys.executable), "orchestra")):
        return True
    try:
        with open(path, "rb") as program:
            start = program.read(4096)
    except OSError:
        return False
    return b"orchestra.cli.main" in start or b"-m orchestra" in start


def lingering(environ: Mapping[str, str]) -> Iterator[Finding]:
    """E7: where logind ends a user's processes at logout, tmux ends with the last SSH session."""
    user = environ.get("USER") or environ.get("LOGNAME") or ""
    if not os.path.isdir("/run/systemd/system") or os.path.exists(f"/var/lib/systemd/linger/{user}"):
        return
    if shutil.which("busctl") is None:
        return
    try:
        done = subprocess.run(
            ["busctl", "get-property", *_LOGIND, "KillUserProcesses"],
            capture_output=True, timeout=BUSCTL_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return
    if done.stdout.strip() == b"b true":
        yield warning("E7", "every worker ends when you log out", f"loginctl enable-linger {user}".rstrip())


def agent(project: Project) -> Iterator[Finding]:
    """E2, E6, E13, E14: the agent's program answers, has a login for workers, is a tested one, and calls hooks."""
    name = project.config.agent
    module, options = agents.agent(name), project.options(name)
    environ = orchestrator_environment(project)
    version = module.version(options.command, environ)
    if version is None:
        yield error(
            "E2", f"the agent {options.command!r} is not installed or does not answer", agents.how_to_install(name)
        )
        return
    yield from untested(options.command, version, module.TESTED)
    if not module.logged_in(environ):
        how = f"run `{options.command}` and log in; or set a key in this shell, then: orchestra up --environment"
        yield warning("E6", f"{options.command} has no login in the environment that workers get", how)
    if off := module.hooks_off(environ, str(project.repository.root)):
        yield error("E14", f"hooks are switched off in {clean(off)}: no worker can start", "allow hooks there")


def untested(command: str, version: str, tested: Sequence[str]) -> Iterator[Finding]:
    """E13: the version is within the range that orchestra is tested with; another one may hold as well."""
    if not tested or _numbers(tested[0]) <= _numbers(version) <= _numbers(tested[-1]):
        return
    age = "older" if _numbers(version) < _numbers(tested[0]) else "newer"
    what = f"orchestra is tested with {command} {tested[0]} to {tested[-1]}; yours ({clean(version, 40)}) is {age}"
    yield warning("E13", what, "try whether it holds, in about 20 s and without tokens: orchestra doctor --agent")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def tracker(project: Project) -> Iterator[Finding]:
    """E8: the tracker answers with issues; raises when there is no tracker, no token, or no answer."""
    _ = project.tracker.issues()
    yield from ()


def remote(project: Project) -> Iterator[Finding]:
    """E10: git reaches the remote, with the environment that ship and the monitor have."""
    if project.tracker_name != "github" or git_config_guard.changed(project):
        return  # in the second case a credential helper might be a worker's
    repository = project.repository.in_environment(project.recorded.variables if project.recorded else project.environ)
    try:
        token = project.github.client.token or ""
    except OrchestraError:
        token = ""
    place, said = git_remote.reach(repository, token, GIT_SECONDS)
    if said:
        place = shlex.quote(clean(without_password(place), 120))
        what = f"git does not reach {place}: {'; '.join(said.splitlines())}"
        yield error("E10", what, f"where `git ls-remote {place}` works: orchestra up --environment")


def access(project: Project) -> Iterator[Finding]:
    """E14: the token, and what it may do where branches are pushed and pull requests opened."""
    if project.tracker_name != "github":
        return
    for said in preflight.check_access(project):
        yield warning("E14", said, "orchestra doctor asks again; a worker may begin all the same")


def push(project: Project) -> Iterator[Finding]:
    """E15: the remote takes a push of this user: git is asked, and sends nothing."""
    commit = project.repository.commit("HEAD")
    if project.tracker_name != "github" or commit is None or git_config_guard.changed(project):
        return
    before = preflight.Preflight(project)
    before.check_push(schema.fill(project.config.branch, project.repository.name, "0"), commit)
    for said in before.notes:
        yield warning("E15", said, "a worker may begin all the same; its ship will show it")


def commits(project: Project) -> Iterator[Finding]:
    """E16: the agents can commit: an identity, filters, a key that signs without a question, hooks that can run."""
    fault, notes = preflight.check_commits(project)
    if fault is not None:
        yield error("E16", fault.what, fault.hint)
    for said in notes:
        yield warning("E16", said, "a worker may begin all the same; its commit or push will show it")


def room(project: Project) -> Iterator[Finding]:
    """E4: there is room where the repository and the worktrees are, each file system asked once, after our own."""
    own = project.home if os.path.isdir(project.home) else os.path.dirname(project.home)
    seen = {os.stat(own).st_dev} if os.path.isdir(own) else set()
    worktrees = os.path.dirname(project.worktree_of("1"))
    while not os.path.isdir(worktrees):
        worktrees = os.path.dirname(worktrees)
    for place in (str(project.repository.common), worktrees):
        if os.stat(place).st_dev not in seen:
            yield from _room(place)
        seen.add(os.stat(place).st_dev)
    if not os.access(worktrees, os.W_OK | os.X_OK):
        what = f"no worktree can be made in {worktrees}, which cannot be written"
        yield error("E4", what, "set `worktree:` in orchestra.yaml to a place that you can write to")


def base(project: Project) -> Iterator[Finding]:
    """E17: there is a commit that work can start from; raises when there is none."""
    project.repository.resolve(project.config.base)
    yield from ()


def local_issues(project: Project) -> Iterator[Finding]:
    """E18: every file of a local issue can be read: one that cannot is on no list."""
    local = LocalTracker(project.root)
    if local.exists():
        local.issues()
    for problem in local.problems:
        yield warning("E18", problem, "correct the file, or move it away; then: orchestra issues")


def differences(project: Project) -> Iterator[Finding]:
    """E11: this shell would send the workers' requests elsewhere."""
    names = sorted(project.recorded.noted) if project.recorded else []
    if names:
        what = f"{', '.join(names)}: not the same in this shell as for the workers"
        yield warning("E11", what, "see: orchestra doctor --environment; use this shell's: orchestra up --environment")


def tools(project: Project) -> Iterator[Finding]:
    """E3: raises when tmux is too old; git was asked when the project was found, Python when we were installed.

    T2: what is missed with the tmux that runs.
    """
    project.tmux.check()
    for limit in project.tmux.limits():
        yield warning("T2", limit, "install a newer tmux, then: orchestra down && orchestra up")
    if not processes.is_supported():
        what = "this system does not show the environment of processes"
        yield warning("E9", what, "children of an agent that survive it must be ended by hand")


CHECKS: Mapping[str, Callable[[Project], Iterator[Finding]]] = {
    "E3": tools,
    "E2": agent,
    "E8": tracker,
    "E10": remote,
    "E14": access,
    "E15": push,
    "E16": commits,
    "E17": base,
    "E18": local_issues,
    "E4": room,
    "E11": differences,
}  # by the id of the finding that an error becomes which stops the check
