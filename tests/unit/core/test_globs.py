"""Shell patterns: what is compared as a string gives what fnmatch gives."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.globs import matches

pytestmark = pytest.mark.fast

TEXT = st.text("Aa_*?[]!\n", max_size=6)


@given(TEXT, TEXT)
def test_it_is_what_fnmatch_gives(name: str, pattern: str) -> None:
    assert matches(name, [pattern]) == fnmatchcase(name, pattern)


def test_one_of_several_is_enough() -> None:
    assert matches("AWS_PROFILE", ("HOME", "AWS_*"))
    assert matches("no_proxy", ("*_proxy",))
    assert not matches("XAWS_PROFILE", ("HOME", "AWS_*"))
    assert not matches("HOME", ())
