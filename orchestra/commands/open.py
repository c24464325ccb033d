"""`orchestra open ID`: the address of what a worker runs, as `address:` of the config makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.errors import OrchestraError
from orchestra.workers import slots
from orchestra.workers.overview import worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Project


def address_of(project: Project, number: str) -> str:
    """The worker's address; raises OrchestraError when it has none."""
    worker = worker_of(project.store, number)
    if not project.config.address:
        raise OrchestraError(
            "orchestra.yaml names no address of a worker's program",
            'set one, as: address: "http://localhost:{3000 + slot * 10}"',
        )
    found = slots.address(project, worker)
    if not found:
        raise OrchestraError(f"#{number} has not started yet", f"see: orchestra show {number}")
    return found
