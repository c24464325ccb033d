"""`orchestra doctor`: the machine, and the invariants of the state; each finding with its fix."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from orchestra import agents
from orchestra.agents.self_test import CheckResult
from orchestra.config.environment import masked
from orchestra.core.records import Record
from orchestra.doctor import agent_self_test, environment, invariants, repair
from orchestra.doctor.findings import Finding, error, warning
from orchestra.errors import OrchestraError
from orchestra.git import remotes
from orchestra.git.repository import FlippedBare
from orchestra.github import access
from orchestra.project.context import Project, home_of
from orchestra.workers import git_config_guard, preflight
from orchestra.workers.environment import orchestrator_environment
from orchestra.workers.git_config_guard import Act

__all__ = ["CheckResult", "Finding", "doctor"]


def doctor(
    opening: Callable[[], Project], environ: Mapping[str, str], *, fix: bool = False, accept_git: bool = False
) -> tuple[Finding, ...]:
    """Every finding, the machine's first; `opening` gives the project; `fix` repairs what can be repaired safely."""
    found = [
        *environment.home(home_of(environ), fix=fix),
        *environment.locale(environ),
        *environment.lingering(environ),
        *environment.command(environ),
    ]
    try:
        project = _opened(opening, environ, fix=fix)
        _ = project.config
    except OrchestraError as wrong:
        return (*found, error("E1", wrong.message, wrong.hint or "correct it there, then run this again"))
    if accept_git:
        git_config_guard.accept(project)
    if fix:
        found += _guarded("I8", lambda: _repaired(project))
    for name, look in {**environment.CHECKS, "I11": _shared_git, "K1": _keys}.items():
        found += _guarded(name, lambda look=look: look(project))  # type: ignore[misc]
    found += _guarded("I8", lambda: _state(project))
    once: dict[tuple[str, str, bool], Finding] = {}
    for one in found:  # what stops several checks is said by the first, and what is wrong with the state beside it
        once.setdefault((one.what, one.fix, one.id.startswith("I")), one)
    return tuple(once.values())


def _opened(opening: Callable[[], Project], environ: Mapping[str, str], *, fix: bool) -> Project:
    try:
        return opening()
    except FlippedBare as wrong:
        if not fix:
            raise
        repair.unset_bare(wrong.common, environ)
    return opening()


def where(opening: Callable[[], Project]) -> tuple[str, ...]:
    """What is fetched, pushed to, where pull requests are, and as whom; nothing where that is not GitHub."""
    lines: list[str] = []
    try:
        project = opening()
        if project.tracker_name == "github":
            lines += _remotes(project)
            lines += access.told(preflight.ask_access(project, project.where()))
    except OrchestraError:
        pass  # which is a finding
    return tuple(lines)


def _remotes(project: Project) -> Iterator[str]:
    usual = project.where()
    yield from remotes.told(usual)
    for worker in project.store.listing().workers:
        own = project.where(worker.branch)
        if own.push != usual.push:
            yield from remotes.told_push(own, f"{worker.branch} of #{worker.id} is")


class KeptVariable(Record):
    """A variable of the project's environment; `agent`: agents get it, else git and the tools alone."""

    name: str
    masked: str
    agent: bool


class KeptEnvironment(Record):
    """What `doctor --environment` shows: the variables, and which command recorded them when."""

    variables: tuple[KeptVariable, ...]
    at: str
    by: str


def kept_environment(project: Project) -> KeptEnvironment:
    """The project's environment without its values; raises OrchestraError when none is recorded yet."""
    found = project.recorded
    if found is None:
        raise OrchestraError("no environment is recorded for this project yet", "record this shell's: orchestra up")
    given = orchestrator_environment(project)
    rows = (KeptVariable(name, masked(value), name in given) for name, value in sorted(found.variables.items()))
    return KeptEnvironment(tuple(rows), found.at, found.by)


class AgentTrial(Record):
    """The self-test of the project's agent: what is tried, and the results, each when it is known."""

    command: str
    version: str
    tested: tuple[str, ...]
    results: Iterator[CheckResult]


def agent_trial(project: Project) -> AgentTrial:
    """Begin the self-test of the installed agent; raises OrchestraError when there is nothing to try."""
    name, environ = project.config.agent, orchestrator_environment(project)
    agent, wanted, command = agents.agent(name), agents.self_test_of(name), project.options(name).command
    if wanted is None:
        raise OrchestraError(f"the agent {name!r} is a part of orchestra and has no version of its own to try")
    version = agent.version(command, environ)
    if version is None:
        raise OrchestraError(f"the agent {command!r} is not installed or does not answer", agents.how_to_install(name))
    return AgentTrial(command, version, agent.TESTED, agent_self_test.self_test(wanted, command, environ))


def _shared_git(project: Project) -> Iterable[Finding]:
    """I11: nobody but the user has changed what their own git would run."""
    found = git_config_guard.unknown(project)
    if found.changes:
        level = error if found.harming(Act.PUSH) else warning
        yield level("I11", found.told(), git_config_guard.how(found))


def _keys(project: Project) -> Iterable[Finding]:
    """K1: the key in front of our table is not the user's own. T1: the server outlives the last terminal."""
    if not project.tmux.running():
        return
    if taken := project.key_bindings.taken():
        what = f"prefix {project.config.tmux.key} does something else already: {taken}"
        yield warning("K1", what, "choose another key in orchestra.yaml: tmux: {key: ...}")
    if not project.tmux.lasts():
        what = "tmux ends with its last terminal (exit-unattached), and the workers with it"
        yield error("T1", what, project.tmux.server.line("set", "-s", "exit-unattached", "off"))


def _repaired(project: Project) -> Iterable[Finding]:
    repair.fix(project)
    return ()


def _state(project: Project) -> Iterable[Finding]:
    seen = invariants.observe(project)
    for check in invariants.CHECKS:
        yield from _guarded("I8", lambda check=check: check(project, seen))  # type: ignore[misc]


def _guarded(name: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; one that cannot look is a finding itself, and never hides the others."""
    found: list[Finding] = []
    try:
        found.extend(look())
    except OrchestraError as wrong:
        found.append(error(name, wrong.message, wrong.hint))
    except OSError as wrong:
        found.append(error(name, f"could not look: {wrong.strerror or wrong}", "look at the disk and its rights"))
    return found
