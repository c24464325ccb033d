from __future__ import annotations

import pytest

from orchestra.core.issue_refs import Spot, issue_at

pytestmark = pytest.mark.fast

HERE = "acme/widgets"


def at(line: str, column: int = 0, *, exact: bool = False) -> str | None:
    return issue_at(Spot((line,), (line,), 0, column), HERE, exact=exact)


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("  #124 Implement auth flow", "124"),
        ("fixes GH-124.", "124"),
        ("see https://github.com/acme/widgets/issues/126", "126"),
        ("see https://github.com/Acme/Widgets/pull/7/files", "7"),
        ("https://github.com/acme/widgets/issues/126#issuecomment-99", "126"),
        ("https://ghes.corp:8443/acme/widgets/issues/126", "126"),
        ("http://ghes/acme/widgets/issues/126", "126"),
        ("acme/widgets#12, please", "12"),
        ("other/repo#12", None),
        ("https://github.com/other/repo/issues/126", None),
        ("colour: #12ab34 &#124; C#7", None),
        ("#0 #00012 nothing", None),
        ("#99999999999", None),
        ("124 tests pass", None),
        ("", None),
        ("(#5)", "5"),
        ("'#(touch canary)' #6", "6"),
    ],
)
def test_recognized_issue_references(line: str, number: str | None) -> None:
    assert at(line) == number


@pytest.mark.parametrize(
    ("column", "number"),
    [(0, "1"), (3, "1"), (9, "1"), (13, "22"), (16, "22"), (17, "22"), (19, "22"), (80, "333"), (29, "333")],
)
def test_the_nearest_to_the_cursor_wins(column: int, number: str) -> None:
    assert at("fix #1 and also #22 but not #333", column) == number


def test_exact_means_under_the_cursor() -> None:
    assert at("124 tests for #12", 1, exact=True) is None
    assert at("124 tests for #12", 15, exact=True) == "12"
    assert at("124 tests for #12", 17, exact=True) is None


def test_wide_characters_take_two_cells() -> None:
    assert at("漢字漢字 #1 #22", 9) == "1"
    assert at("漢字漢字 #1 #22", 13) == "22"


def test_wrapped_lines_are_one() -> None:
    lines = ("one #1", "see https://github.com/acme/wi", "dgets/issues/126", "four #4")
    joined = ("one #1", "see https://github.com/acme/widgets/issues/126", "four #4")
    for row, number in ((0, "1"), (1, "126"), (2, "126"), (3, "4")):
        assert issue_at(Spot(lines, joined, row, 0), HERE) == number


def test_a_full_line_that_is_not_wrapped_keeps_its_number() -> None:
    lines = ("see #12", "4 apples")
    assert issue_at(Spot(lines, lines, 0, 6), HERE) == "12"
    assert issue_at(Spot(lines, lines, 1, 0), HERE) is None


@pytest.mark.parametrize(
    ("host", "number"), [("github.com", None), ("ghes.corp:8443", "126"), ("GHES.corp", "126"), ("", "126")]
)
def test_an_address_of_another_host_is_of_another_repository(host: str, number: str | None) -> None:
    line = "https://ghes.corp:8443/acme/widgets/issues/126"
    assert issue_at(Spot((line,), (line,), 0, 0), HERE, host) == number
