"""Waiting in tests: poll a condition, never sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


def eventually(ask: Callable[[], T], timeout: float = 20.0, why: str = "") -> T:
    """Poll `ask` until it returns something true, and return that; fail with its last answer after `timeout`."""
    end = time.monotonic() + timeout
    pause = 0.01
    answer = ask()
    while not answer:
        if time.monotonic() > end:
            pytest.fail(f"{why or 'condition'} not met in {timeout:.0f} s; last answer: {answer!r}")
        time.sleep(pause)  # noqa: TID251 - the one place in the tests that may wait
        pause = min(pause * 1.5, 0.2)
        answer = ask()
    return answer


def unguarded() -> None:
    """Wait until a full-screen view takes a key: in the first moment of something new it takes none."""
    begun = time.monotonic()
    eventually(lambda: time.monotonic() - begun > 0.35)
