"""What has changed since the orchestrator's last prompt, as context for its next one. Standard library only."""

from __future__ import annotations

import os

from orchestra.core.dialogs import open_questions
from orchestra.core.text import clean
from orchestra.storage import json_cache
from orchestra.storage.session_store import Store

TYPE_CHECKING = False


SEEN = "orchestrator.json"  # in the project's cache: what the orchestrator has been told


def changes_since_last_prompt(store: Store) -> str | None:
    """What changed since the orchestrator's last prompt, as context for this one; None when nothing did."""
    path = os.path.join(store.cache, SEEN)
    before, now = json_cache.read_texts(path), _now(store)
    if before == now:
        return None
    json_cache.write(path, now)
    lines = [line for number, line in now.items() if before.get(number) != line]
    return "Changed since the last prompt (from the session files):\n" + "\n".join(lines)


def _now(store: Store) -> dict[str, str]:
    found = {}
    for worker in store.listing().workers:
        asked = next(iter(open_questions(worker)), None)
        more = f": asks {clean(asked.summary)!r}" if asked else ""
        if asked and asked.options:
            more += f" ({' | '.join(clean(option, 60) for option in asked.options)})"
        if worker.pull_url:
            more += f" {clean(worker.pull_url)}"
        found[worker.id] = f"#{worker.id} {clean(worker.title, 80)} is {worker.status.value}{more}"
    return found
