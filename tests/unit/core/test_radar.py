"""Which workers meet in a file, and the order of merges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.models import Status, Worker
from orchestra.core.radar import Meeting, merge_order, overlaps, related, sentence

pytestmark = pytest.mark.fast


def worker(number: int, parent: int = 0, status: Status = Status.WORKING) -> Worker:
    return Worker(str(number), f"Issue {number}", status, "", parent=str(parent or ""))


def test_those_that_change_the_same_files_meet_but_for_a_stack() -> None:
    paths = {"1": {"a", "b"}, "2": {"b"}, "10": {"a", "b", "c"}, "3": {"d"}}
    assert overlaps(paths) == [
        Meeting("1", "10", ("a", "b")),
        Meeting("1", "2", ("b",)),
        Meeting("2", "10", ("b",)),
    ]
    stack = [worker(1), worker(2, 1), worker(10, 2), worker(3)]
    assert related(stack) == {("2", "1"), ("10", "2"), ("10", "1")}
    assert overlaps(paths, related(stack)) == []
    assert related([worker(1, 2), worker(2, 1)]) >= {("1", "2"), ("2", "1")}  # a broken record ends too


@pytest.mark.parametrize(
    ("meeting", "words"),
    [
        (Meeting("124", "131", ("src/price.py",), conflict=True), "#124 and #131 conflict in src/price.py"),
        (Meeting("124", "131", ("a", "b")), "#124 and #131 both change a, b"),
        (Meeting("7", "main", tuple("abcde"), conflict=True), "#7 and main conflict in a, b, c and 2 more"),
    ],
)
def test_a_meeting_as_a_sentence(meeting: Meeting, words: str) -> None:
    assert sentence(meeting) == words


def test_one_that_conflicts_with_three_is_merged_last() -> None:
    clashes = [Meeting("1", other, ("f",), conflict=True) for other in ("2", "3", "4")]
    steps = merge_order([worker(n) for n in (1, 2, 3, 4)], [*clashes, Meeting("2", "3", ("g",))])
    assert [step.number for step in steps] == ["2", "3", "4", "1"]
    assert [len(step.resolves) for step in steps] == [0, 0, 0, 3]


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 9)), max_size=9, unique_by=lambda pair: pair[0]),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.booleans()), max_size=20),
)
def test_the_order_holds_everyone_once_parents_first_and_each_conflict_once(
    stack: list[tuple[int, int]], pairs: list[tuple[int, int, bool]]
) -> None:
    workers = [worker(number, parent if parent < number else 0) for number, parent in stack]
    met = [Meeting(str(a), str(b), ("f",), conflict=clash) for a, b, clash in pairs if a < b]
    steps = merge_order(workers, met)
    order = [step.number for step in steps]
    assert sorted(order) == sorted(one.id for one in workers)
    for one in workers:
        assert one.parent not in order or order.index(one.parent) < order.index(one.id)
    resolved = [one for step in steps for one in step.resolves]
    there = [one for one in met if one.conflict and one.first in order and one.second in order]
    assert sorted(map(repr, resolved)) == sorted(map(repr, there))
