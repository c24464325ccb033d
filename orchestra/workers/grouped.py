"""The figures of many workers together: by day, week, label or agent. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from orchestra.core.records import Record
from orchestra.core.text import seconds_of
from orchestra.workers import token_usage
from orchestra.workers.figures import Figures
from orchestra.workers.token_usage import Tokens

BY = ("day", "week", "label", "agent")


class Group(Record):
    """Several workers together; what none of them tells is None. `answer`: the median seconds to an answer."""

    name: str
    workers: int
    merged: int
    wall: float
    busy: float
    waited: float
    shipped: float
    asked: int
    answer: float | None
    tokens: Tokens | None
    cost: float | None
    lines: int | None


def grouped(found: Iterable[Figures], by: str) -> list[Group]:
    """The groups by name; a worker with several labels is in each of theirs, one without in `(none)`."""
    groups: dict[str, list[Figures]] = {}
    for one in found:
        for name in _names(one, by):
            groups.setdefault(name, []).append(one)
    return [group(name, members) for name, members in sorted(groups.items())]


def group(name: str, members: Sequence[Figures]) -> Group:
    """The workers as one."""
    costs = [one.cost for one in members if one.cost is not None]
    sizes = [one.size.insertions + one.size.deletions for one in members if one.size is not None]
    return Group(
        name,
        len(members),
        sum(one.merged for one in members),
        _sum(members, lambda one: one.wall),
        _sum(members, lambda one: one.busy),
        _sum(members, lambda one: one.waited),
        _sum(members, lambda one: one.shipped),
        sum(one.asked for one in members),
        median([seconds for one in members for seconds in one.answers]),
        token_usage.total(one.tokens for one in members),
        sum(costs) if costs else None,
        sum(sizes) if sizes else None,
    )


def median(found: Sequence[float]) -> float | None:
    """The middle one, of an even number the lower of both; None of nothing."""
    return sorted(found)[(len(found) - 1) // 2] if found else None


def _sum(members: Iterable[Figures], part: Callable[[Figures], float]) -> float:
    return sum(part(one) for one in members)


def _names(one: Figures, by: str) -> Sequence[str]:
    if by == "label":
        return one.labels or ("(none)",)
    if by == "agent":
        return (one.agent or "(none)",)
    began = seconds_of(one.began)
    if began is None:
        return ("(not known)",)
    day = time.localtime(began)
    return (time.strftime("%Y-%m-%d" if by == "day" else "%G-W%V", day),)
