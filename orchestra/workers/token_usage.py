"""The tokens of each worker, by its agent's own transcripts: read on from the last look, so many bytes a look."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from orchestra import agents
from orchestra.agents.usage import LOOK_BYTES, ReadPosition, Usage
from orchestra.core import events
from orchestra.core.records import Record
from orchestra.core.text import short
from orchestra.errors import OrchestraError
from orchestra.storage import json_cache

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

Marks = dict[str, ReadPosition]  # by transcript


class Tokens(Record):
    """What a worker has used, over all its conversations; `behind`: at least so many, the rest is not read yet."""

    usage: Usage
    behind: bool = False

    def __str__(self) -> str:
        """`1.2M`, or `1.2M+` while there is more to read."""
        return short(self.usage.total) + ("+" if self.behind else "")


def summary(found: Tokens) -> str:
    """`1.2M: 12k in, 1.1M from the cache, 80k into it, 9k out`."""
    fresh, cached, stored, written = map(short, found.usage)
    return f"{found}: {fresh} in, {cached} from the cache, {stored} into it, {written} out"


def in_all(count: int) -> Tokens:
    """Tokens of which no more is known than how many there are."""
    return Tokens(Usage(fresh=count))


def total(found: Iterable[Tokens | None]) -> Tokens | None:
    """All of several workers; None where no transcript tells."""
    told = [one for one in found if one]
    usage = Usage()
    for one in told:
        usage = usage.plus(one.usage)
    return Tokens(usage, any(one.behind for one in told)) if told else None


def as_json(found: Tokens | None) -> dict[str, int | bool] | None:
    """As `--json` prints them; None where no transcript tells."""
    return {**found.usage._asdict(), "total": found.usage.total, "behind": found.behind} if found else None


def tokens_of(project: Project, workers: Iterable[Worker]) -> dict[str, Tokens]:
    """The tokens of those workers whose agents have a transcript that tells. No request is made."""
    path = os.path.join(project.store.cache, "tokens.json")
    kept: dict[str, tuple[str, Marks]] = json_cache.read(path, _kept, {})
    seen: dict[str, tuple[str, Marks]] = {}
    left = LOOK_BYTES
    for worker in workers:
        marks = _known(project.store, worker, *kept.get(worker.id, ("", {})))
        for transcript, mark in marks.items():
            marks[transcript] = agents.agent(worker.agent).used_in(transcript, mark, max(0, left))
            left -= marks[transcript].offset - mark.offset
        if marks:
            seen[worker.id] = (worker.nonce, marks)
    if seen != kept:
        json_cache.write(path, seen)
    found = {
        number: total(Tokens(mark.usage, mark.behind) for mark in marks.values()) for number, (_, marks) in seen.items()
    }
    return {number: used for number, used in found.items() if used and used.usage.total}


def _known(store: Store, worker: Worker, nonce: str, marks: Marks) -> Marks:
    """The transcripts of all conversations of the worker: the journal has those before the one of now."""
    now = worker.transcript
    if not now:
        return {}
    if now not in marks or nonce != worker.nonce:
        journal = store.journal(worker.id)
        said = (events.fact(event, "transcript") for event, refused in journal if not refused)
        mine = dict.fromkeys([*filter(None, said), now])
    else:
        mine = dict.fromkeys(marks)
    try:
        files = agents.agent(worker.agent).transcripts
    except OrchestraError:  # an agent that this version does not know
        return {}
    return {path: marks.get(path, ReadPosition()) for one in mine for path in files(one)}


def _kept(found: Any) -> dict[str, tuple[str, Marks]]:
    return {
        str(number): (str(nonce), {str(name): _mark(mark) for name, mark in marks.items()})
        for number, (nonce, marks) in found.items()
    }


def _mark(found: Any) -> ReadPosition:
    offset, usage, last, behind = found
    used = {str(name): Usage(*map(int, one)) for name, one in last.items()}
    return ReadPosition(int(offset), Usage(*map(int, usage)), used, bool(behind))
