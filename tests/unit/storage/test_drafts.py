"""Drafts of new tasks: what is written is read again, and a form that has one open keeps it."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestra.storage.drafts import Draft, Drafts
from orchestra.storage.files import locked

_TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=60)
_LIST = st.lists(_TEXT, max_size=3).map(tuple)


@pytest.mark.fast
@settings(max_examples=30)
@given(
    st.builds(
        Draft, st.just("a1"), _TEXT, _TEXT, labels=_LIST, local=st.booleans(), start=st.booleans(), base=_TEXT,
        after=_LIST, sending=st.floats(0, 2e9), sent=st.tuples(_TEXT, _TEXT), number=_TEXT, model=_TEXT, plan=_TEXT,
        parent=_TEXT, agent=_TEXT, place=_TEXT,
    )
)  # fmt: skip
def test_a_draft_is_read_as_it_was_saved(draft: Draft) -> None:
    with tempfile.TemporaryDirectory() as place:
        kept = Drafts(place)
        kept.save(draft)
        assert kept.all() == (draft,)


@pytest.mark.fast
def test_the_last_one_comes_first_and_what_a_form_holds_is_not_free(tmp_path: Path) -> None:
    import os

    kept = Drafts(str(tmp_path / "sessions"))
    for at, name in enumerate(("a", "b", "c")):
        kept.save(Draft(name, name))
        os.utime(tmp_path / "sessions" / "drafts" / f"{name}.json", (at, at))
    assert [one.id for one in kept.free()] == ["c", "b", "a"]
    with locked(kept.lock("b"), wait=0):
        assert [one.id for one in kept.free()] == ["c", "a"]
    place = tmp_path / "sessions" / "drafts"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    for one in kept.all():
        kept.remove(one)
    assert not list(place.iterdir())


@pytest.mark.fast
@pytest.mark.parametrize(
    "text", ["", "[]", '{"id": "other"}', '{"id": "a", "title": 7}', "\x00", '{"id": "a", "sent": 3}']
)
def test_a_file_that_is_no_draft_is_left_where_it_is(tmp_path: Path, text: str) -> None:
    kept = Drafts(str(tmp_path))
    kept.save(Draft("b", "B"))
    (tmp_path / "drafts" / "a.json").write_text(text)
    assert [one.id for one in kept.all()] == ["b"]
    assert (tmp_path / "drafts" / "a.json").exists()
