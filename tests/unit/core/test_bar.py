"""What the bar says, in every length: what is left out first, and what never is."""

from __future__ import annotations

import pytest
from support.hostile import strings

from orchestra.core import bar, cells
from orchestra.core.attention import ObservedWorker
from orchestra.core.models import Pane, Status, Worker
from orchestra.core.state import Role, Shown, State

pytestmark = pytest.mark.fast

NOW = 1_767_870_900.0


def item(number: int, state: State, title: str = "Export the catalogue", reason: str = "", window: str = "@1"):  # type: ignore[no-untyped-def]
    pane = Pane(f"%{number}", str(number), "n", window, dead=False, exit_status=None, pid=1)
    worker = Worker(str(number), title, Status.WORKING, "")
    return ObservedWorker(worker, pane), Shown(state, state.value, reason, NOW - 180)


ASKED = item(2, State.QUESTION, reason="Token refresh approach?")
ALL = [item(1, State.READY), ASKED, item(3, State.WORKING), item(4, State.WAITING)]


def text(variant: tuple[bar.Segment, ...]) -> str:
    return "|".join(segment.text for segment in variant)


def test_without_workers() -> None:
    assert bar.bar([], NOW).text == "no workers"
    assert bar.bar([], NOW).level == "none"


def test_when_nobody_needs_a_look_it_counts() -> None:
    found = bar.bar([item(3, State.WORKING), item(4, State.PLANNING), item(5, State.WAITING)], NOW)
    assert found.text == "2 working   1 waiting"
    assert [text(one) for one in found.variants] == ["2 working|1 waiting", "\u25b82|\u25cc1", "\u25b82"]


def test_the_order_in_which_it_shrinks() -> None:
    found = bar.bar(ALL, NOW)
    assert found.level == "alarm"
    assert [text(one) for one in found.variants] == [
        "\u25cf #2 question: Token refresh approach? (3m)|\u2714 #1 Export the catalogue|1 working|1 waiting",
        "\u25cf #2 question: Token refresh approach?|1 ready|1 working|1 waiting",
        "\u25cf #2 question: Token refresh approach?|\u27141|\u25b81|\u25cc1",
        "\u25cf #2 question: Token refresh\u2026|\u27141|\u25b81|\u25cc1",
        "\u25cf #2 question: Token\u2026|\u27141|\u25b81|\u25cc1",
        "\u25cf #2 question|\u27141|\u25b81|\u25cc1",
        "\u25cf #2 question|\u27141|\u25b81",
        "\u25cf #2 question",
    ]


def test_of_a_change_to_review_the_title_is_said() -> None:
    found = bar.bar([item(1, State.READY, reason="PR #31, checks pass")], NOW)
    assert found.text == "\u2714 #1 ready: Export the catalogue"
    assert found.level == "good"


def test_others_that_need_the_user_are_counted() -> None:
    found = bar.bar([ASKED, item(5, State.STUCK), item(6, State.LOGIN)], NOW)
    assert found.text.endswith("2 need you")


def test_no_variant_is_longer_than_the_one_before_and_none_loses_the_most_urgent() -> None:
    for words in strings(7, 200):
        found = bar.bar([item(2, State.QUESTION, words, words), item(1, State.READY, words), *ALL[2:]], NOW)
        widths = [sum(cells.width(one.text) + 3 for one in variant) for variant in found.variants]
        assert widths == sorted(widths, reverse=True)
        assert all(variant[0].text.startswith("\u25cf #2 question") for variant in found.variants)
        assert len(found.variants) <= 11


def test_a_border_says_the_same_word() -> None:
    found = bar.border(*ASKED)
    assert (found.label, found.short, found.role) == ("#2 \u25cf question", "#2 \u25cf", Role.ALARM)
    assert found.title == "Export the catalogue"


def test_a_window_says_how_many_in_it_need_the_user() -> None:
    items = [ASKED, item(5, State.STUCK), item(1, State.READY, window="@2"), item(3, State.WORKING, window="@3")]
    assert bar.window_marks(items) == {"@1": "\u25cf2", "@2": "\u27141", "@3": ""}
