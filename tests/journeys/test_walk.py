"""The walk of docs/walk.md, at each of its sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.walk import SIZES, Walk, prepare

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(
    ("columns", "rows"), [SIZES[0], *(pytest.param(*size, marks=pytest.mark.nightly) for size in SIZES[1:])]
)
def test_the_walk(columns: int, rows: int, repo: Path, git: Callable[..., str]) -> None:
    prepare(repo, git)
    screens: dict[str, str] = {}
    walk = Walk(repo, columns, rows, screens.__setitem__)
    walk.all()
    walk.terminal.end()
    assert all(len(screen.split("\n")) <= rows for screen in screens.values())
    for words in ("the picker", "the board"):
        screen = next(screen for what, screen in screens.items() if words in what)
        assert (
            "#(touch canary) #[fg=" if words == "the picker" else "#(touch"
        ) in screen  # the board's table cuts titles
    assert not list(repo.parent.rglob("canary"))
