from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.config.env_templates import filled, problem

pytestmark = pytest.mark.fast
VALUES: dict[str, str | int] = {
    "slot": 2,
    "id": 124,
    "project": "acme-widgets",
    "repo": "widgets",
    "branch": "issue-124",
    "worktree": "/w",
}


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("3000", "3000"),
        ("{3000 + slot * 10}", "3020"),
        ("{3000+10*slot}", "3020"),
        ("{(slot + 1) * 100 - id % 10}", "296"),
        ("{ slot }", "2"),
        ("{id // 100}", "1"),
        ("{project}-{id}", "acme-widgets-124"),
        ("sqlite:///{worktree}/dev-{slot}.db", "sqlite:////w/dev-2.db"),
        ("{{slot}} {slot}", "{slot} 2"),
        ("{repo}:{branch}", "widgets:issue-124"),
        ("", ""),
    ],
)
def test_filled(template: str, made: str) -> None:
    assert problem(template) == ""
    assert filled(template, VALUES) == made


@given(st.text(alphabet="{}slot id+-*/%()0123456789.\\'[]x", max_size=40))
def test_any_text_is_filled_or_refused_with_a_sentence(template: str) -> None:
    if problem(template):
        return
    try:
        made = filled(template, VALUES)
    except ValueError as wrong:
        made = str(wrong)
        assert "divides by 0" in made
    assert isinstance(made, str)
