from __future__ import annotations

import pytest

from orchestra.monitor.wakefulness import Wakefulness

pytestmark = pytest.mark.fast
HOURS = 9 * 3600.0


@pytest.mark.parametrize(
    ("wall", "running", "resting", "slept"),
    [
        (HOURS, 1.0, True, True),  # a laptop's lid
        (HOURS, 1.0, False, True),  # in the middle of a pass
        (HOURS, HOURS, True, True),  # a virtual machine or a container that was stopped: both clocks run on
        (HOURS, HOURS, False, False),  # a slow pass
        (1.0, 1.0, True, False),
        (59.0, 59.0, True, False),
        (-HOURS, 1.0, True, False),  # the clock was set back
        (-HOURS, HOURS, True, True),
    ],
)
def test_a_gap_between_two_looks(wall: float, running: float, resting: bool, slept: bool) -> None:
    times = {"wall": 1000.0, "running": 5.0}
    clock = Wakefulness(lambda: times["wall"], lambda: times["running"])
    clock.begin_to_rest()
    assert not clock.slept()
    times["wall"] += wall
    times["running"] += running
    if resting:
        assert clock.looks() is slept
    assert clock.slept() is slept
    assert not clock.slept()
