"""Fuzzy search: what a query finds, and what comes first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.fuzzy import found, score

ROWS = [
    ("#1 Export the catalogue as CSV", frozenset({"label:feature", "state:ready"})),
    ("#12 Totals are off by a cent", frozenset({"label:bug"})),
    ("#3 Refresh sign-in tokens  issue-3", frozenset({"label:bug", "state:question"})),
]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2]),
        ("totals", [1]),
        ("ttls", [1, 0]),
        ("tokens refresh", [2]),
        ("#1", [0, 1]),
        ("#12", [1]),
        ("'ttls", []),
        ("^#3", [2]),
        ("csv$", [0]),
        ("!csv", [1, 2]),
        ("label:bug", [1, 2]),
        ("label:bug !cent", [2]),
        ("state:ready", [0]),
        ("issue-3", [2]),
        ("nothing of this", []),
    ],
)
def test_what_a_query_finds_the_best_first(query: str, places: list[int]) -> None:
    assert found(query, ROWS) == places


@pytest.mark.fast
def test_letters_in_a_row_and_begins_of_words_come_first() -> None:
    rows = [("a great rough plan", frozenset[str]()), ("graph", frozenset[str]()), ("big rapids", frozenset[str]())]
    assert found("grap", rows)[0] == 1


@pytest.mark.fast
@given(st.text(max_size=40), st.text(max_size=80))
def test_any_text_finds_itself_and_no_query_breaks(query: str, text: str) -> None:
    score(query, text)
    plain = "".join(char for char in text if char.isalnum())
    assert score(plain, plain) is not None
