"""What hooks use instead of typing and json behaves as those do."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core import fast_json
from orchestra.core.records import Record

pytestmark = pytest.mark.fast

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda more: st.lists(more) | st.dictionaries(st.text(), more),
    max_leaves=20,
)


class Point(Record):
    x: int
    y: int = 2

    @property
    def sum(self) -> int:
        return self.x + self.y


def test_a_record_is_a_named_tuple() -> None:
    point = Point(1)
    assert (point, point.x, point.y, point.sum) == ((1, 2), 1, 2, 3)
    assert Point(y=5, x=4)._replace(x=0) == (0, 5)
    assert point._asdict() == {"x": 1, "y": 2}
    assert repr(point) == "Point(x=1, y=2)"
    assert Point._fields == ("x", "y")
    assert Point._make([7, 8]) == (7, 8)
    assert pickle.loads(pickle.dumps(point)) == point
    assert type(point._replace(x=3)) is Point


@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"z": 3}), ((1,), {"x": 2})], ids=str)
def test_a_record_refuses_what_it_has_no_place_for(given: tuple[int, ...], named: dict[str, int]) -> None:
    make: Any = Point
    with pytest.raises(TypeError):
        make(*given, **named)
    with pytest.raises(TypeError):
        make(1)._replace(z=3)


@given(VALUES)
def test_json_goes_in_and_out_as_with_the_package(value: object) -> None:
    assert fast_json.dumps(value) == json.dumps(value, ensure_ascii=False)
    assert fast_json.loads(json.dumps(value)) == value
    assert fast_json.loads(f" \n{fast_json.dumps(value)}\n") == value


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_lines_are_json_too(value: dict[str, object]) -> None:
    assert json.loads(fast_json.dumps_lines(value)) == value


@given(st.text())
def test_what_the_package_refuses_is_refused(text: str) -> None:
    try:
        wanted = json.loads(text, parse_constant=int)  # which refuses `NaN`, as JSON does
        json.dumps(wanted, allow_nan=False)
    except ValueError:
        with pytest.raises(ValueError):
            fast_json.loads(text)
    else:
        assert fast_json.loads(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,]", "1 2", "nul", "NaN", "-Infinity", "1e999", '"\x01"', "9" * 5000, "[" * 100_000, "\ufeff{}"],
)
def test_bad_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        fast_json.loads(text)
