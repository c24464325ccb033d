"""A small number for each worker, `ORCHESTRA_SLOT`, from which the project makes ports and names that are its own.

It is free among all workers of this home, of other projects too, and a worker keeps it until it is pruned.
"""

from __future__ import annotations

import glob
import os
from typing import TYPE_CHECKING

from orchestra.config import env_templates
from orchestra.errors import OrchestraError
from orchestra.storage.files import locked, make_private, text_or_empty, write_atomic

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

NAME = "slot"  # in a worker's directory


def slot_of(store: Store, worker: Worker) -> int:
    """The worker's number; 0 before it has one."""
    return _read(store.file(worker.id, NAME), worker.nonce)


def take(project: Project, worker: Worker) -> int:
    """The worker's number, the smallest free one when it has none yet."""
    if found := slot_of(project.store, worker):
        return found
    make_private(project.store.directory(worker.id))
    with locked(os.path.join(project.home, "slots.lock"), wait=10.0):
        if found := slot_of(project.store, worker):
            return found
        taken = _taken(project.home)
        number = next(one for one in range(1, len(taken) + 2) if one not in taken)
        write_atomic(project.store.file(worker.id, NAME), f"{number} {worker.nonce}\n")
    return number


def variables(project: Project, worker: Worker) -> dict[str, str]:
    """What a worker's programs get beside the project's environment: its number, and `env:` of the config."""
    slot = slot_of(project.store, worker)
    if not slot:
        return {}
    made = {name: _filled(project, worker, slot, text, f"env.{name}") for name, text in project.config.env.items()}
    return {"ORCHESTRA_SLOT": str(slot), **made}


def address(project: Project, worker: Worker) -> str:
    """Where the worker's program is reached, as `address:` of the config says; empty when it does not, or not yet."""
    slot, template = slot_of(project.store, worker), project.config.address
    return _filled(project, worker, slot, template, "address") if slot and template else ""


def _filled(project: Project, worker: Worker, slot: int, template: str, key: str) -> str:
    values: dict[str, str | int] = {
        "slot": slot,
        "id": int(worker.id),
        "project": project.key.lower(),
        "repo": project.repository.name,
        "branch": worker.branch,
        "worktree": worker.worktree,
    }
    try:
        return env_templates.filled(template, values)
    except ValueError as wrong:
        raise OrchestraError(f"{key} cannot be filled in for #{worker.id}: {wrong}", "see orchestra.yaml") from None


def _taken(home: str) -> set[int]:
    """The numbers of all workers that have a session file; of those removed, only the directory is left."""
    files = glob.glob(os.path.join(glob.escape(home), "sessions", "*", "*", NAME))
    living = (path for path in files if os.path.exists(f"{os.path.dirname(path)}.jsonl"))
    return {int(word) for path in living if (word := text_or_empty(path).partition(" ")[0]).isdigit()}


def _read(path: str, nonce: str) -> int:
    number, _, owner = text_or_empty(path).strip().partition(" ")
    return int(number) if number.isdigit() and owner == nonce else 0
