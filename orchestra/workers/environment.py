"""The environment of what a worker runs: its agent and its setup, and the orchestrator's agent."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestra import processes
from orchestra.config import schema
from orchestra.core import fast_json
from orchestra.core.models import Worker
from orchestra.project import entry_points
from orchestra.storage.files import make_private, read_text, text_or_empty, write_atomic

if TYPE_CHECKING:
    from orchestra.project.context import Project


def keep_environment(project: Project, agent: str, path: str) -> None:
    """Keep what an agent may have of the caller's environment: 0600, never in argv or in tmux (failures.md 3.6)."""
    if "ORCHESTRA_PROJECT" in project.environ and os.path.exists(path):
        return
    extra = project.config.agents[agent].env if agent in project.config.agents else ()
    allowed = schema.environment_allowed(extra, project.environ)
    text = json.dumps(allowed, sort_keys=True)
    if text_or_empty(path) != text:
        make_private(os.path.dirname(path))
        write_atomic(path, text)


def agent_environment(project: Project, worker: Worker) -> dict[str, str]:
    """The whole environment of a worker's agent: the kept part, who it is, and a tmux of its own (failures.md O13)."""
    private = project.store.file(worker.id, "tmux")
    make_private(private)
    kept = _environment(project, project.store.file(worker.id, "environment"))
    return {**kept, "TMUX_TMPDIR": private, "ORCHESTRA_WORKER": worker.id, processes.MARK: worker.nonce}


def orchestrator_environment(project: Project) -> dict[str, str]:
    """The whole environment of the orchestrator's agent."""
    return _environment(project, os.path.join(project.orchestrator_directory, "environment"))


def _environment(project: Project, path: str) -> dict[str, str]:
    try:
        found = fast_json.loads(read_text(path))
    except (OSError, ValueError):
        found = None
    kept: Mapping[str, str] = found if _speakable(found) else schema.environment_allowed((), project.environ)
    return {
        **kept,
        "PATH": os.path.dirname(entry_points.shim_path(project.home)) + os.pathsep + kept.get("PATH", os.defpath),
        "TERM": project.environ.get("TERM", "screen-256color"),
        "ORCHESTRA_PROJECT": project.key,
        "ORCHESTRA_HOME": project.home,
    }


def _speakable(found: Any) -> bool:
    """Whether these are variables that a program can be started with."""
    try:
        return all(name and "=" not in name and b"\0" not in os.fsencode(name + value) for name, value in found.items())
    except (AttributeError, TypeError, UnicodeEncodeError):
        return False
