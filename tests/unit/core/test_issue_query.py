"""Which issues a query means, and when a rule may start one more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core.auto_rules import AutoRule, may_start
from orchestra.core.issue_query import IssueQuery, found_in, matches, oldest_first, terms_of
from orchestra.core.models import Issue, Status, Worker

pytestmark = pytest.mark.fast
ISSUE = Issue(
    "7", "Round prices", "Half up, to the cent.", author="Sue", labels=("bug", "Ready to go"), milestone="1.2",
    assignees=("kim",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (IssueQuery(), True),
        (IssueQuery(labels=("BUG",)), True),
        (IssueQuery(labels=("bug", "ready to go")), True),
        (IssueQuery(labels=("bug", "ui")), False),
        (IssueQuery(milestone="1.2", assignee="Kim"), True),
        (IssueQuery(milestone="1.20"), False),
        (IssueQuery(assignee="sue"), False),
    ],
)
def test_an_issue_has_all_that_is_asked_of_it(query: IssueQuery, found: bool) -> None:
    assert matches(ISSUE, query) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", True),
        ("prices CENT", True),
        ("prices euro", False),
        ("-euro label:bug", True),
        ("'to the cent'", True),
        ("-label:bug", False),
        ('label:"ready to go" author:sue', True),
        ("milestone:1.2 assignee:kim is:open", True),
        ("no:assignee", False),
        ("no:label", False),
        ("state:closed", False),
        ("is:issue", True),
        ("-", True),
    ],
)
def test_a_tracker_without_a_search_has_words_and_qualifiers(text: str, found: bool) -> None:
    assert found_in(ISSUE, terms_of(text)) is found


def test_what_cannot_be_meant_is_refused() -> None:
    for text in ("'open", "lable:bug", "-involves:kim"):
        with pytest.raises(ValueError, match=r"quotation|is not known"):
            terms_of(text)


def test_the_oldest_come_first_and_each_once() -> None:
    issues = [Issue(number, "t") for number in ("12", "9", "100", "9")]
    assert [one.number for one in oldest_first(issues)] == ["9", "12", "100"]


NUMBERS = st.sampled_from([str(number) for number in range(1, 7)])
DAYS = st.sampled_from(["2026-11-26", "2026-11-27"])
STARTED = st.dictionaries(DAYS, st.dictionaries(NUMBERS, st.sampled_from(["ready", "other"]), max_size=6))


@given(STARTED, st.dictionaries(NUMBERS, st.sampled_from(list(Status))), st.integers(1, 3), st.integers(1, 4), NUMBERS)
def test_a_rule_never_has_more_under_way_nor_begins_more_in_a_day(
    started: dict[str, dict[str, str]], states: dict[str, Status], most: int, per_day: int, number: str
) -> None:
    rule = AutoRule("acme/widgets", "ready", (), most, per_day)
    workers = {one: Worker(one, "t", status, "") for one, status in states.items()}
    under_way = {
        one
        for numbers in started.values()
        for one, label in numbers.items()
        if label == "ready" and one in workers
        and workers[one].status not in (Status.COMPLETE, Status.MERGED, Status.CANCELLED)
    }  # fmt: skip
    begun = {one for one, label in started.get("2026-11-27", {}).items() if label == "ready"} - {number}
    assert may_start(rule, number, started, workers, "2026-11-27") == (len(under_way) < most and len(begun) < per_day)
