"""What people see, derived from facts: a fact that is not known leads to no claim."""

from __future__ import annotations

import pytest

from orchestra.core import attention
from orchestra.core.attention import ObservedWorker
from orchestra.core.models import Activity, ActivityState, Attention, Pane, Status, Worker
from orchestra.core.pull_request import Checks, Pull
from orchestra.core.text import seconds_of, stamp

pytestmark = pytest.mark.fast

START = seconds_of("2026-01-08T11:15:00Z") or 0.0
SILENT = 600.0


def seen(
    status: Status = Status.WORKING,
    doing: ActivityState = ActivityState.BUSY,
    *,
    pane: str | None = "live",
    known: bool | None = True,
    heartbeat: float | None = None,
    ago: float = 0.0,
) -> ObservedWorker:
    since = stamp(START - ago)
    worker = Worker(
        "124", "Add auth", status, since, activity=Activity(doing, since, "hook", "detail"), stuck_reason="why?"
    )
    panes = {"live": Pane("%1", "124", "n", "@1", dead=False, exit_status=None, pid=1),
             "dead": Pane("%1", "124", "n", "@1", dead=True, exit_status=137, pid=1)}  # fmt: skip
    return ObservedWorker(worker, panes.get(pane or ""), known, heartbeat)


@pytest.mark.parametrize(
    ("it", "wanted"),
    [
        pytest.param(seen(), None, id="healthy"),
        pytest.param(seen(ago=700), Attention.SILENT, id="no sign of life for 700 s"),
        pytest.param(seen(ago=700, heartbeat=START - 10), None, id="a tool call 10 s ago"),
        pytest.param(seen(doing=ActivityState.WAITING, ago=7000), None, id="waiting is not silent"),
        pytest.param(seen(pane="dead"), Attention.CRASHED, id="a dead pane"),
        pytest.param(seen(pane=None, ago=61), Attention.CRASHED, id="no pane"),
        pytest.param(seen(pane=None, ago=5), None, id="no pane yet"),
        pytest.param(seen(pane=None, known=None, ago=61), None, id="panes not known: no claim"),
        pytest.param(seen(Status.STUCK), Attention.STUCK, id="stuck"),
        pytest.param(seen(Status.STUCK, pane="dead"), Attention.STUCK, id="stuck and dead is stuck"),
        pytest.param(seen(doing=ActivityState.BLOCKED), Attention.BLOCKED, id="a dialog"),
        pytest.param(seen(doing=ActivityState.BLOCKED, heartbeat=START + 5), None, id="a dialog that was answered"),
        pytest.param(
            seen(doing=ActivityState.BLOCKED, heartbeat=START), Attention.BLOCKED, id="the tool call that asked"
        ),
        pytest.param(seen(doing=ActivityState.LIMITED), Attention.LIMITED, id="limited"),
        pytest.param(seen(Status.COMPLETE, ActivityState.WAITING), Attention.READY, id="ready"),
        pytest.param(seen(doing=ActivityState.ENDED, known=None), Attention.CRASHED, id="ended by its hook's word"),
        pytest.param(
            seen(doing=ActivityState.ENDED, pane=None, known=False, ago=99), None, id="the workspace is closed"
        ),
        *(
            pytest.param(
                seen(status, doing=ActivityState.ENDED, pane=None, ago=9000), None, id=f"{status} needs nobody"
            )
            for status in (Status.QUEUED, Status.PAUSED, Status.MERGED, Status.CANCELLED)
        ),
    ],
)
def test_attention_of_each_state(it: ObservedWorker, wanted: Attention | None) -> None:
    assert attention.attention(it, START, SILENT) == wanted


def test_pull_request_line() -> None:
    worker = seen(Status.COMPLETE).worker._replace(pull=Pull(42, "open", checks=Checks.PASSING))
    assert attention.pull_line(worker) == "PR #42, checks pass"


def test_a_worker_paused_by_orchestra_needs_attention() -> None:
    it = seen(Status.PAUSED, doing=ActivityState.ENDED, pane=None)
    held = it._replace(worker=it.worker._replace(held="issue #124 was closed meanwhile"))
    assert attention.attention(held, START, SILENT) is Attention.STUCK
    assert attention.reason(held, Attention.STUCK) == "issue #124 was closed meanwhile"
