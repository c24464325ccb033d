"""The environment of what a worker runs: its agent and its setup, and the orchestrator's agent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import processes
from orchestra.config import mapped_paths, schema
from orchestra.config.direnv import set_by_direnv
from orchestra.core import fast_json
from orchestra.core.models import Worker
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git.process import worktree_of_admin
from orchestra.project import entry_points
from orchestra.storage.files import make_private, text_or_empty
from orchestra.storage.project_environment import is_environment
from orchestra.workers import installed_packages, slots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestra.project.context import Project


def agent_environment(project: Project, worker: Worker) -> dict[str, str]:
    """The whole environment of a worker's agent: its part of the project's, who it is, and a tmux of its own.

    Its own, because a test suite that it runs may call `tmux kill-server`.
    """
    private = project.store.file(worker.id, "tmux")
    make_private(private)
    slots.take(project, worker)
    allowed = _allowed(project, worker.agent, project.store.file(worker.id, "environment"))
    own, _, _ = separated(project, worker, allowed)
    return {**own, "TMUX_TMPDIR": private, "ORCHESTRA_WORKER": worker.id, processes.MARK: worker.nonce}


def separated(
    project: Project, worker: Worker, environ: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...], tuple[OrchestraError, ...]]:
    """An environment with the worker's own variables, in which nothing leads into another checkout.

    With it come a sentence for each thing that was changed, and what could not be put right.
    """
    repository, worktree = project.repository, worker.worktree
    others = [str(place) for place in map(worktree_of_admin, repository.admins()) if place and str(place) != worktree]
    checkouts = (str(repository.root), *others)
    theirs = {name: value for name, value in environ.items() if name not in project.config.env}
    found, moved = mapped_paths.mapped(theirs, checkouts, worktree, os.path.exists)
    sources, problems, said = [], [], [one.told for one in moved]
    for one in installed_packages.python_sources(found, worktree, checkouts):
        place = mapped_paths.moved_place(one.source, checkouts, worktree)
        if os.path.isdir(place):
            sources.append(place)
            said.append(f"PYTHONPATH: {place}, because {one.name} is installed from {one.source}")
        else:
            problems.append(_foreign(one, "make an environment of its own in the worktree: setup: python3 -m venv ..."))
    how = "take node_modules out of `link:`, and install in the worktree: setup: npm ci"
    problems += [_foreign(one, how) for one in installed_packages.linked_packages(worktree, checkouts)]
    if sources:
        given = [entry for entry in found.get("PYTHONPATH", "").split(os.pathsep) if entry and entry not in sources]
        found["PYTHONPATH"] = os.pathsep.join([*dict.fromkeys(sources), *given])
    return {**found, **slots.variables(project, worker)}, tuple(dict.fromkeys(said)), tuple(problems)


def sentences(project: Project, worker: Worker) -> tuple[str, ...]:
    """What of the user's environment the worker does not have, or has otherwise, for its pane."""
    allowed = _allowed(project, worker.agent, project.store.file(worker.id, "environment"))
    _, said, problems = separated(project, worker, allowed)
    return (*said, *(f"{one.message}; {one.hint}" for one in problems))


def not_given(project: Project) -> list[str]:
    """A sentence where direnv has set variables in this shell that a worker does not get."""
    config, agent = project.config, project.config.agent
    if any("direnv" in (command or "") for command in (config.setup, config.verify)):
        return []
    extra = config.agents[agent].env if agent in config.agents else ()
    allowed = {*schema.environment_allowed(extra, project.environ), *config.env}
    left = [name for name in set_by_direnv(project.environ, str(project.repository.root)) if name not in allowed]
    if not left:
        return []
    names = ", ".join(map(clean, left[:5])) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
    how = f"agents.{agent}.env in orchestra.yaml names what they may have"
    loaded = "or they load it: setup: direnv allow, verify: direnv exec . COMMAND"
    return [f"workers do not get what direnv sets here ({names}): {how}, {loaded}"]


def _foreign(one: installed_packages.Foreign, hint: str) -> OrchestraError:
    return OrchestraError(f"{one.name} would be taken from another checkout, {one.source} ({one.written_in})", hint)


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
