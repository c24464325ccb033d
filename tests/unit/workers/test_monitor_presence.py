"""When the monitor of an open workspace is said to be missing."""

from __future__ import annotations

import pytest

from orchestra.workers.monitor_presence import problem

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("held", "stamp", "now", "said"),
    [
        (False, None, 1000.0, ""),  # a workspace that was opened just now, or one without a session
        (True, None, 1000.0, ""),
        (True, 990.0, 1000.0, ""),
        (True, 800.0, 1000.0, "the monitor runs, but its last look was 3m ago"),  # stopped by a signal, or git hangs
        (False, 990.0, 1000.0, "the monitor does not run, its last look was 10s ago"),
        (False, 1100.0, 1000.0, "the monitor does not run, its last look was 0s ago"),  # the clock was set back
        (True, 1100.0, 1000.0, ""),
    ],
)
def test_what_is_said_of_a_missing_monitor(held: bool, stamp: float | None, now: float, said: str) -> None:
    assert problem(held, stamp, now).partition(":")[0] == said
