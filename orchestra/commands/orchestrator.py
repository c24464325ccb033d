"""What the orchestrator's pane runs: the agent with prompts/orchestrator.md, allowed to run `orchestra`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.config import prompts
from orchestra.config.resources import find_prompt
from orchestra.core.models import AgentContext, Launch
from orchestra.project import entry_points
from orchestra.storage.files import make_private, read_text, write_atomic
from orchestra.workers.environment import orchestrator_environment

if TYPE_CHECKING:
    from orchestra.project.context import Project

WELCOME = """The orchestrator's window, without an agent: {why}
  orchestra list         who needs you
  orchestra spawn ID     start a worker
  orchestra tell ID ...  answer one
"""


def orchestrator(project: Project, say: Callable[[str], None]) -> tuple[Launch, dict[str, str]]:
    """Write the orchestrator's files; returns what to run and its whole environment."""
    name = project.config.agent
    options = project.options(name)
    directory = project.orchestrator_directory
    environment = orchestrator_environment(project)
    agent = agents.agent(name)
    if name == "scripted" or agent.version(options.command, environment) is None:
        why = "the agent is scripted" if name == "scripted" else f"{options.command} is not installed"
        say(WELCOME.format(why=why))
        return Launch((environment.get("SHELL", "/bin/sh"),), {}), environment
    context = _seat(project, directory, name)
    resume = agent.conversation_exists(context.session, environment)
    if not resume:
        context = context._replace(session=agent.session_to_begin(context.session, environment))
        write_atomic(os.path.join(directory, "session"), context.session)
    words = "" if resume else _words(project)
    started = agent.launch(context, options._replace(ask=(), deny=()), resume=resume, say=words)
    for file, text in started.files.items():
        write_atomic(os.path.join(directory, file), text, mode=0o700 if file.endswith(".sh") else 0o600)
    private = os.path.join(directory, "tmux")  # a `tmux kill-server` of the agent's own reaches nobody's server
    make_private(private)
    return started, {**environment, "TMUX_TMPDIR": private, **started.environment}


def _words(project: Project) -> str:
    found, text = find_prompt("orchestrator", project.root)
    values = {"project": project.title, "root": project.root, "orchestra": "orchestra"}
    return prompts.render(prompts.load(text, found), values)


def _seat(project: Project, directory: str, agent: str) -> AgentContext:
    """The orchestrator's context; its conversation's id is chosen once and kept, so that `up` resumes it."""
    path = os.path.join(directory, "session")
    make_private(directory)
    try:
        session = read_text(path).strip()
    except OSError:
        session = str(uuid.uuid4())
        write_atomic(path, session)
    return AgentContext(
        worker="orchestrator",
        nonce="",
        session=session,
        worktree=project.root,
        directory=directory,
        home=project.home,
        project=project.key,
        base=project.config.base,
        hook=project.hook(f"orchestrator:{agent}"),
        orchestra_argv=(entry_points.shim_path(project.home),),
    )
