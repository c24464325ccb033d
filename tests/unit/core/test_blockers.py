"""What a text says must be done first, and what only looks like it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.blockers import named_in

pytestmark = pytest.mark.fast


def numbers(text: str) -> list[str]:
    return [one.number for one in named_in(text, "acme/widgets")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Blocked by #12", ["12"]),
        ("This is blocked by #12.", ["12"]),
        ("blocked by: #12", ["12"]),
        ("**Blocked by** #12", []),
        ("blocked on #12", ["12"]),
        ("Depends on #12, #13 and #14; see #15", ["12", "13", "14"]),
        ("depends upon #12 & #13", ["12", "13"]),
        ("It is dependent on #12", ["12"]),
        ("It depends on GH-12", ["12"]),
        ("requires #3\nand depends on #4", ["3", "4"]),
        ("waits for acme/widgets#12", ["12"]),
        ("waits for Acme/Widgets#12 and acme/gadgets#7", ["12", "acme/gadgets#7"]),
        ("blocked by https://github.com/acme/widgets/issues/12", ["12"]),
        ("blocked by https://github.com/acme/gadgets/pull/12", ["acme/gadgets#12"]),
        ("- [ ] #12\n- [x] #13\n* [ ] #14 the last part", ["12", "14"]),
        ("1. [ ] #12\n   - [ ] GH-13", ["12", "13"]),
        ("- [ ] write the docs of #12", []),
        ("not blocked by #12", []),
        ("no longer blocked by #12", []),
        ("It was blocked by #12", []),
        ("unblocked by #12", []),
        ("#12 is blocked by this", []),
        ("see #12", []),
        ("blocked by #0 and #12345678901", []),
        ("blocked by #12abc", []),
        ("`blocked by #12`", []),
        ("```\nblocked by #12\n```\ndepends on #13", ["13"]),
        ("~~~\n- [ ] #12\n", []),
        ("> blocked by #12\n\nDone since.", []),
        ("~~blocked by #12~~", []),
        ("<!-- blocked by #12 -->", []),
        ("<!-- blocked by #12", []),
        ("blocked by #12 and blocked by #12", ["12"]),
        ("", []),
    ],
)
def test_blockers_named_in_a_text(text: str, found: list[str]) -> None:
    assert numbers(text) == found


@given(st.text("blocked by depends on #12-[ ]`>~<!\n,and", max_size=400))
def test_any_text_gives_numbers(text: str) -> None:
    assert all(re.fullmatch(r"([\w.-]+/[\w.-]+#)?[1-9][0-9]{0,9}", number) for number in numbers(text))


def test_a_hostile_text_is_read_in_no_time() -> None:
    for text in (
        "blocked by " * 6000,
        "~~~\n" * 16_000,
        "<!--" * 16_000,
        "- [ ] " * 10_000,
        "`" * 65_000,
        "#1," * 20_000,
    ):
        named_in("depends on #1, " + text, "acme/widgets")
