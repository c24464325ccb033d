"""Which troubles are the machine's, and not a fault of the program."""

from __future__ import annotations

import errno
import os

import pytest

from orchestra.cli.errors import is_above, trouble

pytestmark = pytest.mark.fast
HOME = "/home/ann/.orchestration"


@pytest.mark.parametrize(
    ("path", "above"),
    [
        (HOME, True),
        ("/home/ann", True),
        ("/", True),
        (f"{HOME}/sessions", False),
        ("/home/an", False),
        ("/home/ann/.orchestration2", False),
        ("", False),
        (None, False),
        (3, False),
    ],
)
def test_a_home_that_cannot_be_made_is_not_a_fault_of_the_program(path: object, above: bool) -> None:
    assert is_above(path, HOME) is above


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "no process can be started"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "no process can be started"),
        (RuntimeError("can't start new thread"), "no thread can be started"),
        (OSError(errno.ENOSPC, "No space left on device", f"{HOME}/x"), "No space left on device in"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files"),
        (RuntimeError("anything else"), None),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/elsewhere/x"), None),
        (ValueError("x"), None),
    ],
)
def test_a_trouble_of_the_machine_is_told_from_a_fault(wrong: Exception, said: str | None) -> None:
    told = trouble(wrong, HOME)
    assert (told is None) is (said is None)
    assert told is None or told[0].startswith(said or "")
