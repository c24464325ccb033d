"""What a worker, or a project in a day, may use, and what is used: tokens, cost, time at work, turns. Pure.

Standard library only: the session file holds a worker's own budget.
"""

from __future__ import annotations

from orchestra.core.records import Record
from orchestra.core.text import short

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

WARNED_AT = 0.8  # of a limit: the worker and the user are told
_SUFFIXES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
MOST_TOKENS = 10**12
MOST_COST = 10**6
MOST_SECONDS = 10**7
MOST_TURNS = 10**6


class Budget(Record):
    """The most that may be used; 0 means no limit. `time` in seconds at work, `cost` in the agent's own currency."""

    tokens: int = 0
    cost: float = 0.0
    time: float = 0.0
    turns: int = 0


class Spent(Record):
    """What was used; None where the agent does not tell."""

    tokens: int | None = None
    cost: float | None = None
    time: float = 0.0
    turns: int = 0


def of_worker(own: Budget, configured: Budget) -> Budget:
    """The budget that holds for a worker: its own where it has one, else that of the config."""
    return Budget(
        own.tokens or configured.tokens,
        own.cost or configured.cost,
        own.time or configured.time,
        own.turns or configured.turns,
    )


def together(found: Iterable[Spent]) -> Spent:
    """The sum; what no one tells stays unknown."""
    all_of_them = list(found)
    tokens = [one.tokens for one in all_of_them if one.tokens is not None]
    costs = [one.cost for one in all_of_them if one.cost is not None]
    return Spent(
        sum(tokens) if tokens else None,
        sum(costs) if costs else None,
        sum(one.time for one in all_of_them),
        sum(one.turns for one in all_of_them),
    )


def since(now: Spent, before: Spent) -> Spent:
    """What was used from one look to a later one."""
    tokens = None if now.tokens is None else max(0, now.tokens - (before.tokens or 0))
    cost = None if now.cost is None else max(0.0, now.cost - (before.cost or 0.0))
    return Spent(tokens, cost, max(0.0, now.time - before.time), max(0, now.turns - before.turns))


def used_up(spent: Spent, budget: Budget, *, in_turn: bool) -> tuple[str, ...]:
    """The limits that are reached, by name. The last turn may be finished: it is over the limit to begin another."""
    return tuple(name for name in Budget._fields if _is_used_up(name, spent, budget, in_turn=in_turn))


def _is_used_up(name: str, spent: Spent, budget: Budget, *, in_turn: bool) -> bool:
    used, most = getattr(spent, name), getattr(budget, name)
    if not most or used is None:
        return False
    return bool(used > most if name == "turns" and in_turn else used >= most)


def once_more(spent: Spent, own: Budget, configured: Budget) -> Budget:
    """A worker's own budget when it gets as much again of what it has used up."""
    limits = of_worker(own, configured)
    over = used_up(spent, limits, in_turn=False)
    more = {name: getattr(spent, name) + (getattr(configured, name) or getattr(own, name)) for name in over}
    return own._replace(**more)


def nearly_used_up(spent: Spent, budget: Budget) -> tuple[str, ...]:
    """The limits of which so much is used that it is worth a warning."""
    limits = ((name, getattr(spent, name), getattr(budget, name)) for name in Budget._fields)
    return tuple(name for name, used, most in limits if most and used is not None and used >= WARNED_AT * most)


def unknown(spent: Spent, budget: Budget) -> tuple[str, ...]:
    """The limits that cannot be held, because the agent does not tell what it uses."""
    return tuple(name for name in Budget._fields if getattr(budget, name) and getattr(spent, name) is None)


def figures(names: Iterable[str], spent: Spent, budget: Budget) -> str:
    """`2.1M of 2M tokens, $4.10 of $4`."""
    return ", ".join(_figure(name, getattr(spent, name), getattr(budget, name)) for name in names)


def _figure(name: str, used: float | None, most: float) -> str:
    if name == "cost":
        return f"{money(used or 0)} of {money(most)}"
    if name == "time":
        return f"{duration(used or 0)} of {duration(most)} at work"
    return f"{short(int(used or 0))} of {short(int(most))} {name}"


def summary(spent: Spent) -> str:
    """`1.2M tokens, $3.10, 42m at work, 7 turns`."""
    parts = [f"{short(spent.tokens)} tokens"] if spent.tokens is not None else []
    parts += [money(spent.cost)] if spent.cost is not None else []
    return ", ".join(
        [*parts, f"{duration(spent.time)} at work", f"{spent.turns} turn{'' if spent.turns == 1 else 's'}"]
    )


def money(amount: float) -> str:
    """`$4`, `$4.10`, `$0.004`."""
    text = f"{amount:.2f}" if amount >= 0.01 or not amount else f"{amount:.2g}"
    return "$" + text.removesuffix(".00")


def duration(seconds: float) -> str:
    """`45s`, `12m`, `1h30m`."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{int(seconds)}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h" * bool(hours) + f"{minutes}m" * bool(minutes or not hours)


def tokens_in(text: str) -> int | None:
    """The number that `2M`, `500k`, `1.5M` or `20000` means; None for anything else."""
    number, suffix = _parts(text)
    found = None if number is None or suffix not in _SUFFIXES else round(number * _SUFFIXES[suffix])
    return found if found and 0 < found <= MOST_TOKENS else None


def cost_in(text: str) -> float | None:
    """The amount that `5`, `2.50` or `$2.50` means; None for anything else."""
    number, suffix = _parts(text.removeprefix("$"))
    return number if number is not None and not suffix and 0 < number <= MOST_COST else None


def seconds_in(text: str) -> float | None:
    """The seconds that `90s`, `45m` or `2h` means; None for anything else."""
    number, suffix = _parts(text)
    found = None if number is None or suffix not in _SECONDS else number * _SECONDS[suffix]
    return found if found and 0 < found <= MOST_SECONDS else None


def turns_in(text: str) -> int | None:
    """A whole number of turns; None for anything else."""
    found = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
    return found if 0 < found <= MOST_TURNS else None


def _parts(text: str) -> tuple[float | None, str]:
    """`1.5M` as 1.5 and `m`."""
    suffix = text[-1:].lower() if text[-1:].isalpha() else ""
    number = text[: len(text) - len(suffix)]
    whole, dot, part = number.partition(".")
    plain = number.isascii() and whole.isdecimal() and (part.isdecimal() or not dot) and len(number) < 14
    return (float(number) if plain else None), suffix
