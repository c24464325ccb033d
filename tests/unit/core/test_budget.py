"""Budgets: amounts as the user writes them, what is used up, and what is used since."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestra.core import budget, serialization
from orchestra.core.budget import Budget, Spent

pytestmark = pytest.mark.fast

AMOUNTS = [
    (budget.tokens_in, "2M", 2_000_000),
    (budget.tokens_in, "1.5m", 1_500_000),
    (budget.tokens_in, "500k", 500_000),
    (budget.tokens_in, "20000", 20_000),
    (budget.tokens_in, "0", None),
    (budget.tokens_in, "2MB", None),
    (budget.tokens_in, "-5", None),
    (budget.tokens_in, "nan", None),
    (budget.tokens_in, "1e9", None),
    (budget.tokens_in, "", None),
    (budget.tokens_in, "²k", None),
    (budget.tokens_in, "9" * 20, None),
    (budget.cost_in, "$2.50", 2.5),
    (budget.cost_in, "5", 5.0),
    (budget.cost_in, "5k", None),
    (budget.cost_in, "0.00", None),
    (budget.seconds_in, "90s", 90.0),
    (budget.seconds_in, "1.5h", 5400.0),
    (budget.seconds_in, "45m", 2700.0),
    (budget.seconds_in, "2d", None),
    (budget.turns_in, "12", 12),
    (budget.turns_in, "0", None),
    (budget.turns_in, "1.5", None),
]


@pytest.mark.parametrize(("meaning", "text", "amount"), AMOUNTS)
def test_amounts_as_the_user_writes_them(
    meaning: Callable[[str], float | None], text: str, amount: float | None
) -> None:
    assert meaning(text) == amount


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_nothing(text: str) -> None:
    for meaning in (budget.tokens_in, budget.cost_in, budget.seconds_in, budget.turns_in):
        found = meaning(text)
        assert found is None or found > 0


@pytest.mark.parametrize(
    ("spent", "limits", "in_turn", "names"),
    [
        (Spent(tokens=999), Budget(tokens=1000), True, ()),
        (Spent(tokens=1000), Budget(tokens=1000), True, ("tokens",)),
        (Spent(tokens=None), Budget(tokens=1), True, ()),
        (Spent(cost=5.0, tokens=10), Budget(cost=4.99, tokens=10), True, ("tokens", "cost")),
        (Spent(time=60), Budget(time=60), False, ("time",)),
        (Spent(turns=2), Budget(turns=3), False, ()),
        (Spent(turns=3), Budget(turns=3), True, ()),
        (Spent(turns=3), Budget(turns=3), False, ("turns",)),
        (Spent(turns=4), Budget(turns=3), True, ("turns",)),
        (Spent(10**9, 10**5, 10**6, 10**5), Budget(), True, ()),
    ],
)
def test_a_limit_is_reached_at_its_figure(spent: Spent, limits: Budget, in_turn: bool, names: tuple[str, ...]) -> None:
    assert budget.used_up(spent, limits, in_turn=in_turn) == names


def test_a_limit_is_near_at_four_fifths() -> None:
    limits = Budget(tokens=1000, cost=5, turns=10)
    assert budget.nearly_used_up(Spent(799, 3.99, 0, 7), limits) == ()
    assert budget.nearly_used_up(Spent(800, 4.0, 0, 8), limits) == ("tokens", "cost", "turns")


def test_what_is_said_of_it() -> None:
    spent, limits = Spent(2_100_000, 4.1, 5400, 12), Budget(2_000_000, 4, 3600, 12)
    names = budget.used_up(spent, limits, in_turn=False)
    said = budget.figures(names, spent, limits)
    assert said == "2.1M of 2.0M tokens, $4.10 of $4, 1h30m of 1h at work, 12 of 12 turns"
    assert budget.summary(spent) == "2.1M tokens, $4.10, 1h30m at work, 12 turns"
    assert budget.summary(Spent(turns=1)) == "0s at work, 1 turn"
    assert budget.unknown(Spent(tokens=1), Budget(tokens=5, cost=5)) == ("cost",)


SPENT = st.builds(
    Spent,
    st.none() | st.integers(0, 10**9),
    st.none() | st.floats(0, 1000),
    st.floats(0, 10**6),
    st.integers(0, 1000),
)
BUDGETS = st.builds(
    Budget, st.integers(0, 10**9), st.floats(0.01, 1000) | st.just(0.0), st.floats(1, 10**6), st.integers(0, 1000)
)


@given(SPENT, BUDGETS, BUDGETS)
def test_as_much_again_is_no_longer_used_up(spent: Spent, own: Budget, configured: Budget) -> None:
    more = budget.once_more(spent, own, configured)
    assert budget.used_up(spent, budget.of_worker(more, configured), in_turn=False) == ()


@given(SPENT, SPENT)
def test_what_is_used_since_is_never_less_than_nothing(now: Spent, before: Spent) -> None:
    for name, used in budget.since(now, before)._asdict().items():
        assert used is None or used >= 0, name


@given(BUDGETS)
def test_a_budget_survives_the_session_file(limits: Budget) -> None:
    assert serialization.budget_from_json(serialization.budget_json(limits)) == limits
