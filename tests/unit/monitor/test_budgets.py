"""Whether a worker that has a limit is at work: it says how soon the monitor looks again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.stub_project import StubProject, doing

from orchestra.core.budget import Budget
from orchestra.core.models import ActivityState, Status
from orchestra.monitor import budgets

pytestmark = pytest.mark.fast

BUSY = doing(ActivityState.BUSY)


@pytest.mark.parametrize(
    ("changes", "soon"),
    [
        ({"activity": BUSY}, False),
        ({"activity": BUSY, "budget": Budget(tokens=5)}, True),
        ({"activity": doing(ActivityState.WAITING), "budget": Budget(tokens=5)}, False),
        ({"activity": BUSY, "budget": Budget(tokens=5), "status": Status.MERGED}, False),
    ],
    ids=["no limit", "at work", "at its prompt", "it has ended"],
)
def test_a_worker_with_a_limit_is_at_work(tmp_path: Path, changes: dict[str, Any], soon: bool) -> None:
    project: Any = StubProject(tmp_path)
    project.has(**changes)
    assert budgets.any_at_work([project.worker()], project.config.limits) is soon
