"""Which troubles are the machine's, and not a fault of the program."""

from __future__ import annotations

import pytest

from orchestra.cli.errors import is_above

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
