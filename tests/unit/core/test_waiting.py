from __future__ import annotations

import time

import pytest

from orchestra.core.waiting import wait_until

pytestmark = pytest.mark.fast


def test_it_asks_until_it_is_so() -> None:
    left = [False, False, True]
    assert wait_until(lambda: left.pop(0), 5.0, every=0.001)
    assert left == []


def test_it_asks_at_least_once_and_gives_up_in_time() -> None:
    begun = time.monotonic()
    assert wait_until(lambda: True, 0.0)
    assert not wait_until(lambda: False, 0.05, every=0.01, longest=0.02)
    assert time.monotonic() - begun < 1.0
