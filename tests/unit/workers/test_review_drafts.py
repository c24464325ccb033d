"""Where a comment is when the lines around it have moved, and what is kept on the disk."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from orchestra.errors import OrchestraError
from orchestra.git.patch import of_new_file
from orchestra.storage.session_store import Store
from orchestra.workers import review_drafts
from orchestra.workers.review_drafts import Draft, ReviewFile, Spot

pytestmark = pytest.mark.fast


def file(text: str, path: str = "a.py", *, committed: bool = True) -> ReviewFile:
    return ReviewFile(of_new_file(path, text), committed)


def draft_on(text: str, line: int, count: int = 1) -> Draft:
    patch = of_new_file("a.py", text)
    before, after = review_drafts.around(patch, line, count, old=False)
    lines = text.split("\n")[line - 1 : line - 1 + count]
    return Draft("d", "a.py", line, tuple(lines), "why?", before=before, after=after)


TEXT = "def f():\n    return\ndef g():\n    return\ndef h():\n    return\n"


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (TEXT, 4),
        ("import os\n\n" + TEXT, 6),
        (TEXT.replace("def f():\n    return\n", ""), 2),
        ("import os\n\n\n\n\n\n\n\n" + TEXT, 12),
        (TEXT.replace("def g():\n    return\n", "def g():\n    return 1\n"), None),  # the same text is left elsewhere
        (TEXT.replace("return", "pass"), None),
    ],
)
def test_a_comment_moves_with_its_line_also_where_the_line_is_there_many_times(now: str, line: int | None) -> None:
    spot = review_drafts.find(draft_on(TEXT, 4), [file("x", "b.py"), file(now)])
    assert spot == (None if line is None else Spot(1, line))


def test_a_range_is_found_as_a_whole_or_not_at_all() -> None:
    draft = draft_on(TEXT, 3, 2)
    assert review_drafts.find(draft, [file("\n" + TEXT)]) == Spot(0, 4)
    assert review_drafts.find(draft, [file(TEXT.replace("g():\n", "g():\n\n"))]) is None


def test_a_comment_on_what_was_not_committed_is_found_in_the_commit() -> None:
    draft = draft_on(TEXT, 2)._replace(committed=False)
    assert review_drafts.find(draft, [file(TEXT)]) == Spot(0, 2)
    both = [file(TEXT), file(TEXT, committed=False)]
    assert review_drafts.find(draft, both) == Spot(1, 2)


def test_comments_are_kept_for_the_user_alone_and_come_back_as_they_were(tmp_path: Path) -> None:
    store = Store(str(tmp_path), "p", time.time)
    odd = Draft("1", "a\udcff\n.py", 3, ("x \udcff \x1b[31m",), "two\nlines", before=("",), after=("}",), old=True)
    review_drafts.put(store, "7", odd)
    review_drafts.put(store, "7", odd._replace(id="2"))
    review_drafts.put(store, "7", odd._replace(words="changed"))
    review_drafts.looked_at(store, "7", "abc")
    kept = review_drafts.load(store, "7")
    assert kept == review_drafts.Drafts((odd._replace(words="changed"), odd._replace(id="2")), "abc")
    assert Path(review_drafts.path_of(store, "7")).stat().st_mode & 0o777 == 0o600
    assert [one.id for one in review_drafts.remove(store, "7", ["1"]).comments] == ["2"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"comments": [{}]}', "\x00"])
def test_a_file_that_cannot_be_read_is_never_overwritten(tmp_path: Path, text: str) -> None:
    store = Store(str(tmp_path), "p", time.time)
    review_drafts.looked_at(store, "7", "abc")
    path = Path(review_drafts.path_of(store, "7"))
    path.write_text(text)
    with pytest.raises(OrchestraError, match="cannot be read"):
        review_drafts.looked_at(store, "7", "def")
    assert path.read_text() == text
