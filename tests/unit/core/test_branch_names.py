"""The next free name of a branch: a table, and what holds for all names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.branch_names import next_free, why_taken

pytestmark = pytest.mark.fast

TABLE = [
    ("issue-1", (), "issue-1", ""),
    ("issue-1", ("issue-2", "issue-10", "issue"), "issue-1", ""),
    ("issue-1", ("issue-1",), "issue-1-2", "issue-1"),
    ("issue-1", ("issue-1", "issue-1-2", "issue-1-3"), "issue-1-4", "issue-1"),
    ("issue-1", ("Issue-1",), "issue-1-2", "Issue-1"),
    ("issue-1", ("issue-1", "ISSUE-1-2"), "issue-1-3", "issue-1"),
    ("issue-1", ("issue-1/a",), "issue-1-2", "issue-1/a"),
    ("issue/1", ("issue/1",), "issue/1-2", "issue/1"),
    ("issue/1", ("issue/1", "issue/1-2"), "issue/1-3", "issue/1"),
    ("issue/1", ("issue",), "issue-1", "issue"),
    ("issue/1", ("Issue",), "issue-1", "Issue"),
    ("issue/1", ("issue", "issue-1"), "issue-1-2", "issue"),
    ("issue/1", ("issue/1/old",), "issue/1-2", "issue/1/old"),
    ("a/b/c", ("a/b",), "a-b-c", "a/b"),
]


@pytest.mark.parametrize(("wanted", "taken", "free", "why"), TABLE)
def test_the_next_free_name(wanted: str, taken: tuple[str, ...], free: str, why: str) -> None:
    assert next_free(wanted, taken) == free
    assert why_taken(wanted, taken) == why


NAMES = st.from_regex(r"[abAB]{1,2}(/[abAB1]{1,2}){0,2}(-[2-4])?", fullmatch=True)


@given(NAMES, st.sets(NAMES, max_size=30))
def test_a_free_name_can_live_beside_all_others(wanted: str, taken: set[str]) -> None:
    free = next_free(wanted, taken)
    assert free
    for other in taken:
        one, two = f"{free.lower()}/", f"{other.lower()}/"
        assert not one.startswith(two)
        assert not two.startswith(one)
    assert free == wanted or why_taken(wanted, taken)
