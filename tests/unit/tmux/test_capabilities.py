from __future__ import annotations

import re
import subprocess

import pytest
from support.paths import ROOT

from orchestra.tmux import capabilities
from orchestra.tmux.capabilities import FEATURES, MESSAGE_TO_CLIENT, PRINTS_DOLLARS, parse

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("tmux 3.2a", (3, 2, "a")),
        ("3.4", (3, 4, "")),
        ("tmux 3.10", (3, 10, "")),
        ("tmux next-3.8", (3, 8, "")),
        ("next-3.8\n", (3, 8, "")),
        ("tmux 3.6-rc", (3, 6, "")),
        ("tmux 2.9", (2, 9, "")),
    ],
)
def test_a_version_is_read_as_tmux_writes_it(text: str, version: tuple[int, int, str]) -> None:
    assert parse(text).version == version


@pytest.mark.parametrize("text", ["tmux master", "tmux openbsd-7.5", "", "what is this", "3.2.1.9"])
def test_what_names_no_release_is_taken_for_the_newest(text: str) -> None:
    assert all(parse(text).has(feature) for feature in FEATURES)
    assert not parse(text).too_old


@pytest.mark.parametrize(
    ("text", "says", "dollars", "old"),
    [
        ("3.1c", False, True, True),
        ("3.2", False, True, True),
        ("3.2a", False, True, False),
        ("3.3", True, True, False),
        ("3.4", True, False, False),
        ("3.5a", True, True, False),
        ("next-3.8", True, True, False),
    ],
)
def test_a_feature_is_there_from_its_version_on_and_not_where_it_is_broken(
    text: str, says: bool, dollars: bool, old: bool
) -> None:
    found = parse(text)
    assert (found.has(MESSAGE_TO_CLIENT), found.has(PRINTS_DOLLARS), found.too_old) == (says, dollars, old)


def test_what_the_user_misses_is_told_once_per_feature_and_nothing_with_the_newest() -> None:
    assert list(parse("master").losses()) == []
    said = list(parse("3.2a").losses())
    assert said
    assert len(set(said)) == len(said)


def test_every_feature_says_how_it_is_seen_and_what_is_done_without_it() -> None:
    assert all(feature.name and feature.seen and feature.without for feature in FEATURES)
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)


def test_no_other_module_knows_a_version_of_tmux() -> None:
    """A number in a comment says where a fault was seen; one in code would be a second table."""
    number = re.compile(r"""(["'(\s])\(?3, [2-9], ["']|["'](?:tmux )?3\.\d[a-z]?["']""")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "orchestra/*.py", "tools/*.py"], capture_output=True, text=True, check=True
    ).stdout.split()
    assert [
        name for name in listed if name != "orchestra/tmux/capabilities.py" and number.search((ROOT / name).read_text())
    ] == []


def test_the_documents_name_the_oldest_version_that_is_supported() -> None:
    assert f"tmux {capabilities.version_text()}" in (ROOT / "README.md").read_text()
