"""What each worker and the project have used, by day: the agents' own tokens and cost, time at work, turns.

`cache/<project>/spent.json` holds the totals of each worker as of the last look of each day, so that the use of a day
is a difference, also of workers that were removed since. The monitor keeps it; commands read it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from orchestra import agents
from orchestra.core import budget
from orchestra.core.budget import Spent
from orchestra.core.records import Record
from orchestra.core.text import seconds_of
from orchestra.errors import OrchestraError
from orchestra.storage import json_cache
from orchestra.workers import token_usage
from orchestra.workers.figures import Journals

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

NAME = "spent.json"
MOST_DAYS = 400
Totals = dict[str, Spent]  # by worker and nonce


class CostReading(Record):
    """An agent's own count begins again with each run: what earlier runs came to, and the last figure of this one."""

    before: float = 0.0
    last: float = 0.0


class Ledger(Record):
    """The totals as of the last look of each day, and how far each agent's count of its cost was read."""

    days: Mapping[str, Totals] = {}
    costs: Mapping[str, CostReading] = {}


class Spending(Record):
    """What was used: in all by each worker, by number, and by all workers today."""

    workers: Mapping[str, Spent]
    today: Spent


def day_of(now: float) -> str:
    """The date, by the clock of this machine: `2026-11-27`."""
    return time.strftime("%Y-%m-%d", time.localtime(now))


def end_of_day(now: float) -> float:
    """The next midnight, in epoch seconds."""
    year, month, day = time.localtime(now)[:3]
    return time.mktime((year, month, day + 1, 0, 0, 0, 0, 0, -1))


def key_of(worker: Worker) -> str:
    """What a worker is called in the ledger; another worker on the same issue is another one."""
    return f"{worker.id} {worker.nonce}"


def look(project: Project, journals: Journals) -> Spending:
    """What has been used by now, written to the ledger."""
    now, workers = project.now(), project.store.listing().workers
    before = read(project.store)
    tokens = token_usage.tokens_of(project, workers)
    figures = journals.figures(project.store, workers, now)
    costs = {key_of(one): _cost(project.store, one, before.costs.get(key_of(one))) for one in workers}
    totals: Totals = {}
    for one in workers:
        used, read_cost = tokens.get(one.id), costs[key_of(one)]
        totals[key_of(one)] = Spent(
            used.usage.total if used else None,
            None if read_cost is None else read_cost.before + read_cost.last,
            figures[one.id].busy,
            figures[one.id].turns,
        )
    after = updated(before, workers, totals, day_of(now))
    kept = {**before.costs, **{key: cost for key, cost in costs.items() if cost is not None}}
    after = after._replace(costs=kept)
    if after != before:
        json_cache.write(os.path.join(project.store.cache, NAME), _json(after))
    return Spending({one.id: totals[key_of(one)] for one in workers}, on_day(after, day_of(now)))


def updated(before: Ledger, workers: Iterable[Worker], totals: Totals, today: str) -> Ledger:
    """The ledger with these totals; a worker of an earlier day that it does not know begins with what it has used."""
    days = {day: dict(found) for day, found in before.days.items()}
    known = {key for found in days.values() for key in found}
    for worker in workers:
        key, began = key_of(worker), seconds_of(worker.started_at)
        started = day_of(began) if began else today
        if key not in known and started < today:
            days.setdefault(started, {})[key] = totals[key]
        if totals[key] != (_last(days, key, today) or Spent()) or key in days.get(today, {}):
            days.setdefault(today, {})[key] = totals[key]
    return Ledger(dict(sorted(days.items())[-MOST_DAYS:]), before.costs)


def today(project: Project) -> Spent:
    """What all workers have used today, as of the last look."""
    return on_day(read(project.store), day_of(project.now()))


def on_day(ledger: Ledger, day: str) -> Spent:
    """What all workers together have used on a day."""
    return budget.together(by_worker(ledger, day).values())


def by_worker(ledger: Ledger, day: str) -> dict[str, Spent]:
    """What each worker has used on a day, by its name in the ledger."""
    found = ledger.days.get(day, {})
    return {key: budget.since(total, _last(ledger.days, key, day) or Spent()) for key, total in found.items()}


def _last(days: Mapping[str, Totals], key: str, day: str) -> Spent | None:
    """The totals of a worker as of the end of the last day before `day` on which it was seen."""
    found = [earlier for earlier in sorted(days) if earlier < day and key in days[earlier]]
    return days[found[-1]][key] if found else None


def read(store: Store) -> Ledger:
    """The ledger as it was last written."""
    return json_cache.read(os.path.join(store.cache, NAME), _parsed, Ledger())


def totals_of(ledger: Ledger, worker: Worker) -> Spent | None:
    """The last totals of a worker; None where it was not looked at yet."""
    key = key_of(worker)
    return next((ledger.days[day][key] for day in sorted(ledger.days, reverse=True) if key in ledger.days[day]), None)


def _cost(store: Store, worker: Worker, before: CostReading | None) -> CostReading | None:
    try:
        now = agents.agent(worker.agent).cost_in(store.directory(worker.id)) if worker.agent else None
    except OrchestraError:  # an agent that this version does not know
        return before
    return read_on(before, now)


def read_on(before: CostReading | None, now: float | None) -> CostReading | None:
    """A figure below the last one is that of another run."""
    if now is None:
        return before
    known = before or CostReading()
    return CostReading(known.before + known.last if now < known.last else known.before, now)


def _json(ledger: Ledger) -> dict[str, Any]:
    days = {day: {key: list(total) for key, total in found.items()} for day, found in ledger.days.items()}
    return {"days": days, "costs": {key: list(cost) for key, cost in ledger.costs.items()}}


def _parsed(found: Any) -> Ledger:
    days = {
        str(day): {str(key): _spent(*total) for key, total in totals.items()} for day, totals in found["days"].items()
    }
    costs = {str(key): CostReading(float(before), float(last)) for key, (before, last) in found["costs"].items()}
    return Ledger(days, costs)


def _spent(tokens: Any, cost: Any, seconds: Any, turns: Any) -> Spent:
    known = None if cost is None else float(cost)
    return Spent(None if tokens is None else int(tokens), known, float(seconds), int(turns))
