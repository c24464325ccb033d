"""The enumerations and regular expressions that cost nothing at start behave as those of the standard library."""

from __future__ import annotations

import copy
import enum
import importlib
import json
import pickle
import pkgutil
import re

import pytest

import orchestra
from orchestra.core.enums import StrEnum
from orchestra.core.models import Status
from orchestra.core.regex import regex

pytestmark = pytest.mark.fast


class Fruit(StrEnum):
    """Two kinds."""

    APPLE = "apple"
    PEAR = "pear"

    @property
    def plural(self) -> str:
        return f"{self}s"


def test_a_member_is_its_string() -> None:
    apple = Fruit("apple")
    assert apple is Fruit.APPLE
    assert apple is Fruit["APPLE"]
    assert str(apple) == apple
    assert (apple.name, apple.value, apple.plural) == ("APPLE", "apple", "apples")
    assert (str(apple), f"{apple:>7}", json.dumps([apple])) == ("apple", "  apple", '["apple"]')
    assert repr(apple) == "<Fruit.APPLE: 'apple'>"
    assert dict.fromkeys([str(apple)], 1)[apple] == 1


def test_an_enumeration_is_the_collection_of_its_members() -> None:
    assert [*Fruit] == [Fruit.APPLE, Fruit.PEAR]
    assert len(Fruit) == 2
    assert ["pear" in Fruit, "plum" in Fruit] == [True, False]  # type: ignore[operator]  # as from Python 3.12 on
    assert list(Fruit.__members__) == ["APPLE", "PEAR"]
    assert isinstance(Fruit.PEAR, Fruit)


@pytest.mark.parametrize("value", ["plum", "APPLE", "", None, 3, ["apple"]])
def test_what_is_not_a_value_is_refused_as_the_standard_library_does(value: object) -> None:
    standard = enum.StrEnum("Fruit", {"APPLE": "apple", "PEAR": "pear"})  # type: ignore[misc]
    with pytest.raises(ValueError, match="not a valid Fruit") as theirs:
        standard(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a valid Fruit") as ours:
        Fruit(value)  # type: ignore[arg-type]
    assert str(ours.value) == str(theirs.value)


def test_a_copy_of_a_member_is_the_member() -> None:
    assert copy.copy(Status.WORKING) is Status.WORKING
    assert copy.deepcopy([Status.WORKING])[0] is Status.WORKING
    assert pickle.loads(pickle.dumps(Status.WORKING)) is Status.WORKING


def test_a_regular_expression_is_compiled_when_it_is_first_used() -> None:
    late = regex(r"(?P<number>\d+)", re.ASCII)
    assert "search" not in vars(late)
    assert late.fullmatch("124")["number"] == "124"  # type: ignore[index]
    assert late.sub("x", "a1b22") == "axbx"
    assert late.pattern == r"(?P<number>\d+)"


def test_every_regular_expression_of_the_package_compiles() -> None:
    names = [one.name for one in pkgutil.walk_packages(orchestra.__path__, "orchestra.") if "__main__" not in one.name]
    found = {
        (name, key): value
        for name in names
        for key, value in vars(importlib.import_module(name)).items()
        if type(value) is regex
    }
    assert len(found) > 90
    for value in found.values():
        re.compile(value.pattern, value.flags)
