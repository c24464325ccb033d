"""Text cut to columns: never wider than they are, at a word where there is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core import cells
from orchestra.core.text import clean

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "columns", "wanted"),
    [
        ("Refresh sign-in tokens before people", 40, "Refresh sign-in tokens before people"),
        ("Refresh sign-in tokens before people", 26, "Refresh sign-in tokens\u2026"),
        ("Refresh sign-in tokens before people", 23, "Refresh sign-in tokens\u2026"),
        ("Refreshsignintokensbeforepeople", 10, "Refreshsi\u2026"),
        ("a Refreshsignintokens", 12, "a Refreshsi\u2026"),
        ("\u4e16\u754c\u4e16\u754c", 5, "\u4e16\u754c\u2026"),
        ("ab", 1, "\u2026"),
        ("ab", 0, ""),
    ],
)
def test_what_is_too_long_ends_at_a_word(text: str, columns: int, wanted: str) -> None:
    assert cells.cut(text, columns) == wanted


@given(st.text(max_size=60), st.integers(0, 70))
def test_nothing_is_wider_than_its_columns(text: str, columns: int) -> None:
    assert cells.width(cells.cut(clean(text), columns)) <= columns
    assert cells.width(cells.pad(clean(text), columns)) == columns
