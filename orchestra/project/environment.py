"""The one environment of a project: the commands that a user types record it, everything else reads it.

A worker that a key, the board, the queue or the monitor starts has what one that was typed has: none of these is
started by the user's shell, and tmux's own environment is that of whoever started its server.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.core.lifecycle.transitions import LIVE
from orchestra.core.text import stamp
from orchestra.errors import OrchestraError
from orchestra.project.entry_points import STARTED_BY
from orchestra.storage import project_environment
from orchestra.storage.files import locked, make_private
from orchestra.storage.project_environment import ProjectEnvironment
from orchestra.tmux.client import surrounding_session

if TYPE_CHECKING:
    from orchestra.config.environment import Renewal
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

# Commands that no user types, or that run where nothing of the user's shell is: in a prompt, a status line, a pane.
_NOT_TYPED = frozenset({"", "completion", "key", "keys", "monitor", "orchestrator", "popup", "status", "worker"})
_STARTING = frozenset({"up", "spawn", "resume", "restart"})  # a project begins with these; so may a PATH
_LONGEST_SOCKET = 100  # bytes; connect(2) takes 107
SSH_LINK = "ssh-agent"  # in $ORCHESTRA_HOME


def is_typed(environ: Mapping[str, str], command: str) -> bool:
    """Whether a user typed this command in a shell of their own: no agent, no key, none of our panes."""
    ours = ("ORCHESTRA_PROJECT", "ORCHESTRA_WORKER", STARTED_BY, "_ORCHESTRA_COMPLETE")
    return command not in _NOT_TYPED and not any(name in environ for name in ours)


def renew(project: Project, command: str, environ: Mapping[str, str], *, whole: bool = False) -> tuple[str, ...]:
    """Renew the record from the shell a command was typed in; sentences for the user. `whole`: replace all of it.

    A record that cannot be written stops nothing: the command goes on, and `doctor` names the disk.
    """
    cache = project.store.cache
    if not whole and command not in _STARTING and not os.path.isdir(cache):
        return ()  # a look at a repository that has no workspace leaves nothing behind
    try:
        given = _given(project, environ)
        old = project_environment.read(cache)
        found = _renewed(project, old, given, environ, command, whole=whole)
        if found.recorded != old:
            make_private(cache)
            with locked(os.path.join(cache, "environment.lock"), wait=2.0):
                old = project_environment.read(cache)
                found = _renewed(project, old, given, environ, command, whole=whole)
                new = found.recorded._replace(at=stamp(project.now()), by=f"orchestra {command}")
                project_environment.write(cache, new)
    except (OSError, OrchestraError):
        if whole:
            raise
        return ()
    project.recorded = found.recorded
    return found.sentences


def _renewed(
    project: Project,
    old: ProjectEnvironment | None,
    given: Mapping[str, str],
    environ: Mapping[str, str],
    command: str,
    *,
    whole: bool,
) -> Renewal:
    from orchestra.config import environment  # with the config's checks, which not every command needs

    if old is None or whole:
        return environment.Renewal(ProjectEnvironment(given))
    path = command in _STARTING and _finds_agent(project, given) >= _finds_agent(project, old.variables)
    in_use = environment.matters(old, given) and _has_live_workers(project.store)
    return environment.renew(old, given, in_use=in_use, path=path, only_add=_in_our_tmux(project, environ))


def _finds_agent(project: Project, variables: Mapping[str, str]) -> bool:
    return agents.installed(project.options(project.config.agent).command, variables)


def _has_live_workers(store: Store) -> bool:
    return any(worker.status in LIVE for worker in store.listing().workers)


def _in_our_tmux(project: Project, environ: Mapping[str, str]) -> bool:
    """Whether a shell runs in a pane of the server that we started, and so has what that server was started with."""
    outer = surrounding_session(environ)
    if not outer:
        return False
    server = project.tmux_direct.server
    return not server.guest and os.path.realpath(outer[0]) == os.path.realpath(server.path)


def _given(project: Project, environ: Mapping[str, str]) -> dict[str, str]:
    """What the record takes of a shell, with the SSH agent by a link that stays the same from login to login."""
    from orchestra.config import environment

    found = environment.wanted(environ, [agent.env for agent in project.config.agents.values()])
    agent = found.get(environment.SSH_AGENT)
    if agent:
        found[environment.SSH_AGENT] = link_ssh_agent(project.home, agent)
    return found


def link_ssh_agent(home: str, agent: str) -> str:
    """Point the link to the shell's SSH agent, and return what to record.

    A shell that outlived its login names an agent that is gone: the link then stays where an agent answers.
    """
    link = os.path.join(home, SSH_LINK)
    if len(os.fsencode(link)) > _LONGEST_SOCKET:
        return agent
    try:
        present = os.readlink(link)
    except OSError:
        present = ""
    if agent not in (link, present) and (_answers(agent) or not _answers(present)):
        make_private(home)
        temporary = f"{link}.{os.urandom(6).hex()}"
        os.symlink(agent, temporary)
        os.replace(temporary, link)
    return link


def _answers(path: str) -> bool:
    """Whether somebody listens on this socket."""
    import socket  # 5 ms, for a login that changed

    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(0.3)
        try:
            asked.connect(path)
        except OSError:
            return False
        return True
