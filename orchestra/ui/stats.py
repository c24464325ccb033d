"""The figures of `orchestra stats`, as a table and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from orchestra.core.text import age, clean
from orchestra.workers import token_usage

if TYPE_CHECKING:
    from orchestra.commands.stats import Stats
    from orchestra.workers.figures import Figures

_HEAD = ("", "status", "worked", "shipping", "waited", "asked", "starts", "tokens")


def table(found: Stats, title: str) -> Iterable[str]:
    """A line a worker, and one for all of them."""
    counts = Counter(one.status for one in found.workers)
    told = ", ".join(f"{count} {status.value}" for status, count in counts.items())
    yield f"{clean(title)}   {len(found.workers)} workers" + (f": {told}" if told else "")
    if not found.workers:
        return
    yield ""
    yield _line(_HEAD)
    yield from (_line((f"#{one.id}", one.status.value, *_facts(one))) for one in found.workers)
    yield _line(("all", "", *_all(found.workers)))
    yield ""
    yield "waited: for you. Tokens: all that the agents' own transcripts count, what was read again from the cache too."


def _line(parts: Iterable[str]) -> str:
    number, status, *facts = parts
    return f"{number:<7} {status:<11}" + "".join(f"{fact:>9}" for fact in facts)


def _facts(one: Figures) -> tuple[str, ...]:
    times = (age(seconds) for seconds in (one.worked, one.shipped, one.waited))
    return (*times, str(one.asked), str(one.starts), str(one.tokens or "-"))


def _all(workers: Sequence[Figures]) -> tuple[str, ...]:
    times = (age(sum(getattr(one, name) for one in workers)) for name in ("worked", "shipped", "waited"))
    counts = (str(sum(getattr(one, name) for one in workers)) for name in ("asked", "starts"))
    return (*times, *counts, str(token_usage.total(one.tokens for one in workers) or "-"))


def document(found: Stats) -> str:
    """`stats --json`."""
    return json.dumps(
        {"schema": 1, "project": found.project, "workers": [_json(one) for one in found.workers]}, indent=2
    )


def _json(one: Figures) -> dict[str, Any]:
    return {
        "id": one.id,
        "status": one.status.value,
        "workedSeconds": int(one.worked),
        "shippingSeconds": int(one.shipped),
        "waitedSeconds": int(one.waited),
        "asked": one.asked,
        "starts": one.starts,
        "tokens": token_usage.as_json(one.tokens),
    }
