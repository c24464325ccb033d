from __future__ import annotations

from typing import NamedTuple

import pytest

from orchestra.config.nodes import default_for_null, list_of, mapping_of, merged, record, root, text, whole_number
from orchestra.config.yaml import parse
from orchestra.errors import UsageError

pytestmark = pytest.mark.fast


class Shelf(NamedTuple):
    name: str
    size: int = 3
    books: tuple[str, ...] = ()


SHELF = record(
    Shelf, name=text(1), size=whole_number(1, 9), books=default_for_null(list_of(text()), ())
)  # the record of these tests


def test_a_key_without_a_default_is_required_and_every_other_takes_its_default() -> None:
    assert SHELF(root(parse("name: a\nbooks:", "f"))) == Shelf("a")
    with pytest.raises(UsageError, match=r"^f:1: name is missing$"):
        SHELF(root(parse("size: 2", "f")))


@pytest.mark.parametrize("readers", [{"name": text()}, {"name": text(), "size": text(), "books": text(), "x": text()}])
def test_a_field_without_a_reader_or_a_reader_without_a_field_is_found_at_import(readers: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Shelf: fields and readers differ"):
        record(Shelf, **readers)  # type: ignore[arg-type]


def test_an_error_deep_inside_names_the_whole_path_and_its_line() -> None:
    shelves = mapping_of(list_of(SHELF))
    with pytest.raises(UsageError, match=r"^f:4: left\[1\]\.size: expected a whole number of at most 9, got 10$"):
        shelves(root(parse("left:\n- name: a\n- name: b\n  size: 10", "f")))


def test_documents_merge_key_by_key_and_replace_lists_whole() -> None:
    texts = ["{a: {x: 1, y: [1, 2]}, b: 1}", "{a: {y: [3]}}", "", "{b: {z: 1}}"]
    assert merged([parse(one, str(at)) for at, one in enumerate(texts)]).value == {
        "a": {"x": 1, "y": [3]},
        "b": {"z": 1},
    }
