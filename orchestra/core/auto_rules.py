"""The rules by which workers start by themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from orchestra.core.backlog import OCCUPYING
from orchestra.core.models import Status, Worker
from orchestra.core.records import Record

UNDER_WAY = OCCUPYING | {Status.QUEUED, Status.PAUSED}


class AutoRule(Record):
    """Issues of `project` (`acme/widgets`) with `label`, by members, or by these `authors` of them.

    At most `max` of them are under way at once, and at most `per_day` are begun in a day.
    """

    project: str
    label: str
    authors: tuple[str, ...] = ()
    max: int = 1
    per_day: int = 5


def may_start(
    rule: AutoRule, number: str, started: Mapping[str, Mapping[str, str]], workers: Mapping[str, Worker], today: str
) -> bool:
    """Whether the rule may start a worker on one more issue now, by what it has `started` on each day.

    A start that was counted and cut off before there was a worker is not counted twice.
    """
    mine = {one for numbers in started.values() for one, label in numbers.items() if label == rule.label}
    under_way = sum(one in workers and workers[one].status in UNDER_WAY for one in mine)
    begun = sum(label == rule.label and one != number for one, label in started.get(today, {}).items())
    return under_way < rule.max and begun < rule.per_day
