"""docs/keys.md has every key: those of the key table as `orchestra keys` prints them, and those of each screen."""

from __future__ import annotations

import re

import pytest
from support.paths import ROOT

from orchestra.core import actions
from orchestra.ui.popups import key_lines
from orchestra.ui.screens import board, review
from orchestra.ui.screens.help import table_groups

pytestmark = pytest.mark.fast

DOC = (ROOT / "docs" / "keys.md").read_text()


def section(title: str) -> str:
    """The part of the page under a heading."""
    return DOC.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_table_is_what_orchestra_keys_prints() -> None:
    printed = DOC.split("$ orchestra keys\nprefix O, then:\n")[1].split("right click")[0]
    assert printed.splitlines() == key_lines(actions.chosen({}))


@pytest.mark.parametrize(
    ("title", "keys"),
    [("The board", [board.OWN_KEYS]), ("Review", [keys for _, keys in review.KEYS])],
)
def test_the_keys_of_a_screen_are_in_its_section(title: str, keys: list[list[tuple[str, str]]]) -> None:
    told = set(re.split(r"[^A-Za-z0-9/?<>\[\]-]+", section(title)))
    for key, words in (one for group in keys for one in group):
        for name in key.replace(",", " ").split():
            assert name in told, f"{name} ({words}) is not in the section {title!r} of docs/keys.md"


def test_the_help_has_every_action_once() -> None:
    chosen = actions.chosen({})
    listed = [key for _, keys in table_groups(chosen) for key, _ in keys]
    assert sorted(listed) == sorted(chosen.values())
    assert len(set(listed)) == len(listed)


def test_a_key_that_the_user_has_given_away_is_taken_from_a_newer_action_only() -> None:
    assert "pause" not in actions.chosen({"spawn": "P"})
    assert actions.chosen({"list": "l"})["list"] == "l"
    assert "log" not in actions.chosen({"list": "l"})
    assert actions.problem({"spawn": "a"}, "spawn") == "a is the key of next too"
    assert not actions.problem({"spawn": "P"}, "spawn")
