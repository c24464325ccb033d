"""A pull request survives its way through a session file, and nothing else becomes one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core import fast_json
from orchestra.core.pull_json import pull_from_json, pull_json
from orchestra.core.pull_request import Check, Checks, CheckState, Head, Pull, Review, Thread, Update

pytestmark = pytest.mark.fast

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
flags = st.booleans()
pulls = st.builds(
    Pull, st.integers(1, 99_999), st.sampled_from(["open", "closed", "merged"]), words, st.sampled_from(list(Checks)),
    st.none() | words, st.none() | st.integers(0, 9), st.none() | flags, words, flags, words, flags, flags,
    st.sampled_from(list(Head)), words, flags, st.integers(0, 999),
    st.lists(st.builds(Check, words, st.sampled_from(list(CheckState)), flags, flags, words), max_size=3).map(tuple),
    st.lists(st.builds(Thread, words, flags, flags), max_size=3).map(tuple),
    st.lists(st.builds(Review, words, words, flags, flags), max_size=3).map(tuple),
    st.integers(0, 9), flags, st.sampled_from(list(Update)), st.lists(words, max_size=3).map(tuple), flags, words, words,
    words, words, flags, st.lists(words, max_size=2).map(tuple), st.lists(words, max_size=2).map(tuple), flags, words,
    words, words, words,
)  # fmt: skip


@given(st.none() | pulls)
def test_a_pull_request_is_read_as_it_was_written(pull: Pull | None) -> None:
    assert pull_from_json(fast_json.loads(fast_json.dumps(pull_json(pull)))) == pull


def test_what_an_older_version_wrote_is_read() -> None:
    old = {"number": 7, "state": "open", "headSha": "a", "checks": "passing", "reviewDecision": None,
           "unresolved": 0, "mergeable": True, "observedAt": "2026-01-08T11:15:00Z"}  # fmt: skip
    assert pull_from_json(old) == Pull(7, "open", "a", Checks.PASSING, None, 0, True, "2026-01-08T11:15:00Z")


@pytest.mark.parametrize(
    "wrong",
    [{"number": True}, {"number": "7"}, {"state": 1}, {"draft": 1}, {"passed": "4"}, {"rows": {"a": 1}}, {"rows": [{}]},
     {"rows": [{"name": "a", "state": "odd"}]}, {"threads": [7]}, {"head": "elsewhere"}, {"headSha": "\0"}],
    ids=str,
)  # fmt: skip
def test_what_is_not_a_pull_request_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        pull_from_json({"number": 7, "state": "open", **wrong})
