"""What the orchestrator's pane runs: the agent with prompts/orchestrator.md, allowed to run `orchestra`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestra import agents
from orchestra.config import prompts
from orchestra.config.resources import find_prompt
from orchestra.core.models import Launch, Seat
from orchestra.core.text import new_session
from orchestra.project import entry_points as programs
from orchestra.storage.files import make_private, read_text, write_atomic
from orchestra.workers import launch

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra

WELCOME = """The orchestrator's window, without an agent: {why}
  orchestra list         who needs you
  orchestra spawn ID     start a worker
  orchestra tell ID ...  answer one
"""


def orchestrator(orchestra: Orchestra, say: Callable[[str], None]) -> tuple[Launch, dict[str, str]]:
    """Write the orchestrator's files; returns what to run and its whole environment."""
    name = orchestra.config.agent
    options = orchestra.options(name)
    directory = orchestra.orchestrator_directory
    environment = launch.orchestrator_environment(orchestra)
    agent = agents.agent(name)
    if name == "scripted" or agent.version(options.command, environment) is None:
        why = "the agent is scripted" if name == "scripted" else f"{options.command} is not installed"
        say(WELCOME.format(why=why))
        return Launch((environment.get("SHELL", "/bin/sh"),), {}), environment
    seat = _seat(orchestra, directory)
    resume = agent.conversation_exists(seat.session, environment)
    if not resume:
        seat = seat._replace(session=agent.session_to_begin(seat.session, environment))
        write_atomic(os.path.join(directory, "session"), seat.session)
    words = "" if resume else _words(orchestra)
    started = agent.launch(seat, options._replace(ask=(), deny=()), resume=resume, say=words)
    for file, text in started.files.items():
        write_atomic(os.path.join(directory, file), text, mode=0o700 if file.endswith(".sh") else 0o600)
    private = os.path.join(directory, "tmux")  # a `tmux kill-server` of the agent's own reaches nobody's server (O13)
    make_private(private)
    return started, {**environment, "TMUX_TMPDIR": private, **started.environment}


def _words(orchestra: Orchestra) -> str:
    found, text = find_prompt("orchestrator", orchestra.root)
    values = {"project": orchestra.title, "root": orchestra.root, "orchestra": "orchestra"}
    return prompts.render(prompts.load(text, found), values)


def _seat(orchestra: Orchestra, directory: str) -> Seat:
    """The orchestrator's seat; its conversation's id is chosen once and kept, so that `up` resumes it."""
    path = os.path.join(directory, "session")
    make_private(directory)
    try:
        session = read_text(path).strip()
    except OSError:
        session = new_session()
        write_atomic(path, session)
    return Seat(
        worker="orchestrator",
        nonce="",
        session=session,
        worktree=orchestra.root,
        directory=directory,
        home=orchestra.home,
        project=orchestra.project,
        base=orchestra.config.base,
        hook=orchestra.hook("orchestrator"),
        orchestra=(programs.shim(orchestra.home),),
    )
