"""The scripted agent as a worker's agent: it speaks Claude Code's hooks and shows its shapes, so it reuses its readers.

What it does is in `script.py`, how it does it in `program.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from orchestra import __version__
from orchestra.agents import installed
from orchestra.agents.claude import launch as claude
from orchestra.agents.claude.reading import *  # noqa: F403 - each of these is a part of the agent
from orchestra.agents.records import RunningSession, StartupProblem
from orchestra.agents.scripted.hook_runner import conversation_file
from orchestra.core.models import AgentContext, AgentOptions, Launch

INSTALL = "it is a part of orchestra: set agents.scripted.command to a Python that has it, or leave it out"
TESTED: tuple[str, ...] = ()
_MODULE = "orchestra.agents.scripted.program"


def launch(context: AgentContext, options: AgentOptions, *, resume: bool, say: str) -> Launch:
    """Files for `context.directory` and the argv of the pane. `say`: the first words; "" only with `resume`."""
    files = dict(claude.launch(context, options, resume=resume, say=say).files)
    kept = {name: files[name] for name in ("settings.json", "prompt.md")}
    argv = [options.command or sys.executable, "-P", "-m", _MODULE, "--resume" if resume else "--session-id"]
    argv += [context.session, "--settings", f"{context.directory}/settings.json", "--name", context.worker]
    argv += ["--prompt-file", f"{context.directory}/prompt.md"] if say else []
    return Launch((*argv, *options.args), kept)


def startup_problem(_screen: str) -> StartupProblem | None:
    """Why it has not come up: nothing is known that its own words in the pane do not say."""
    return None


def understood(_screen: str) -> bool:
    """It draws nothing of its own while it works, so every screen may be its work."""
    return True


def conversation_exists(session: str, environ: Mapping[str, str]) -> bool:
    """True when `--resume` will find this conversation: it holds a prompt."""
    try:
        with open(conversation_file(session, environ), encoding="utf-8") as file:
            return '"type": "user"' in file.readline()
    except OSError:
        return False


def running_sessions(_transcript: str) -> tuple[RunningSession, ...] | None:
    """It is never anywhere but in its pane, and keeps no record of it."""
    return None


def session_to_begin(session: str, _environ: Mapping[str, str]) -> str:
    """The id to begin a conversation with: any will do."""
    return session


def logged_in(_environ: Mapping[str, str]) -> bool:
    """It needs no login."""
    return True


def hooks_off(_environ: Mapping[str, str], _checkout: str) -> str:
    """It calls its hooks whatever any settings say."""
    return ""


def version(command: str, environ: Mapping[str, str]) -> str | None:
    """Our own; None when the Python that shall run it is not there."""
    return __version__ if installed(command, environ) else None
