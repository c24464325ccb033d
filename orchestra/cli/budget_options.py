"""The options that say what a worker may use."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestra.core import budget
from orchestra.core.budget import Budget

Command = TypeVar("Command", bound=Callable[..., Any])

# Generic since click 8.3 only: before that it cannot have a parameter when the program runs.
if TYPE_CHECKING:
    Kind = click.ParamType[float]
else:
    Kind = click.ParamType


class Amount(Kind):
    """Text that `meaning` takes; `wanted` says what that is."""

    name = "amount"

    def __init__(self, meaning: Callable[[str], float | None], wanted: str) -> None:
        self.meaning, self.wanted = meaning, wanted

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The amount."""
        found = self.meaning(str(value))
        if found is None:
            self.fail(f"expected {self.wanted}, got {str(value)[:40]!r}", param, ctx)
        return found


_OPTIONS = (
    click.option("--tokens", type=Amount(budget.tokens_in, "2M or 500k"), help="Most tokens: 2M.", metavar="N"),
    click.option(
        "--cost", type=Amount(budget.cost_in, "5 or 2.50"), help="Most cost, as its agent counts.", metavar="N"
    ),
    click.option("--time", type=Amount(budget.seconds_in, "45m or 2h"), help="Most time at work: 2h.", metavar="T"),
    click.option(
        "--turns", type=Amount(budget.turns_in, "a whole number"), help="Most turns of its agent.", metavar="N"
    ),
)


def budget_options(command: Command) -> Command:
    """Add `--tokens`, `--cost`, `--time` and `--turns`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(options: dict[str, Any]) -> Budget:
    """The budget that was given; the options are taken out."""
    found = {name: options.pop(name, None) for name in Budget._fields}
    return Budget(**{name: amount for name, amount in found.items() if amount})
