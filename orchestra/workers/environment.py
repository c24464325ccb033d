"""The environment of what a worker runs: its agent and its setup, and the orchestrator's agent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.config import schema
from orchestra.core import fast_json
from orchestra.core.models import Worker
from orchestra.project import entry_points
from orchestra.storage.files import make_private, text_or_empty
from orchestra.storage.project_environment import is_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra.project.context import Project


def agent_environment(project: Project, worker: Worker) -> dict[str, str]:
    """The whole environment of a worker's agent: its part of the project's, who it is, and a tmux of its own.

    Its own, because a test suite that it runs may call `tmux kill-server`.
    """
    private = project.store.file(worker.id, "tmux")
    make_private(private)
    allowed = _allowed(project, worker.agent, project.store.file(worker.id, "environment"))
    return {**allowed, "TMUX_TMPDIR": private, "ORCHESTRA_WORKER": worker.id, processes.MARK: worker.nonce}


def orchestrator_environment(project: Project) -> dict[str, str]:
    """The whole environment of the orchestrator's agent; a worker's with the same agent differs by its marks alone."""
    return _allowed(project, project.config.agent, os.path.join(project.orchestrator_directory, "environment"))


def _allowed(project: Project, agent: str, earlier: str) -> dict[str, str]:
    """What an agent gets of the project's environment. `earlier`: the file that 0.1 kept, where nothing is recorded."""
    extra = project.config.agents[agent].env if agent in project.config.agents else ()
    held = project.recorded.variables if project.recorded else _earlier(earlier) or project.environ
    kept = schema.environment_allowed(extra, held)
    return {
        **kept,
        "PATH": os.path.dirname(entry_points.shim_path(project.home)) + os.pathsep + kept.get("PATH", os.defpath),
        "TERM": project.environ.get("TERM", "screen-256color"),
        "ORCHESTRA_PROJECT": project.key,
        "ORCHESTRA_HOME": project.home,
    }


def _earlier(path: str) -> Mapping[str, str] | None:
    try:
        found = fast_json.loads(text_or_empty(path))
    except ValueError:
        return None
    return found if is_environment(found) else None
