"""What has changed, brought to the person: the bar after every event, and the orchestrator's next prompt.

Runs inside hooks: standard library only, and no project configuration is read.
"""

from __future__ import annotations

import os

from orchestra.core import attention, fast_json
from orchestra.core.attention import ObservedWorker
from orchestra.core.dialogs import open_questions
from orchestra.core.text import clean
from orchestra.errors import Unreachable
from orchestra.storage import project_info
from orchestra.storage.files import make_private, read_text, write_atomic
from orchestra.storage.session_store import Store

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from orchestra.tmux.session import Session

SEEN = "orchestrator.json"  # in the project's cache: what the orchestrator has been told


def session_of(store: Store, environ: Mapping[str, str]) -> Session | None:
    """The project's tmux server as `up` or `spawn` knew it; None when neither has run."""
    known = project_info.read(store.cache)
    if known is None:
        return None
    from orchestra.tmux.client import Server
    from orchestra.tmux.session import Session

    return Session(Server(known.socket, project_info.person_environ(known, environ)), store.project)


def push_bar(store: Store, environ: Mapping[str, str]) -> None:
    """Bring bar and borders up to date after an event; nothing happens while no server runs."""
    known, tmux = project_info.read(store.cache), session_of(store, environ)
    if known is None or tmux is None:
        return
    from orchestra.tmux.status_bar import StatusBar

    try:
        if not tmux.running():
            return
        panes = {(pane.worker, pane.nonce): pane for pane in tmux.panes()}
        found = [
            ObservedWorker(worker, panes.get((worker.id, worker.nonce)), True, store.heartbeat(worker.id))
            for worker in store.listing().workers
        ]
        now = store.now()
        shown = attention.bar(found, now, known.silent)
        kinds = [(seen, attention.attention(seen, now, known.silent)) for seen in found]
        borders = {seen.pane.id: attention.border(seen.worker, kind) for seen, kind in kinds if seen.pane}
        StatusBar(tmux).show(shown.text, shown.level, borders)
    except Unreachable:
        return


def changes_since_last_prompt(store: Store) -> dict[str, Any] | None:
    """What changed since the orchestrator's last prompt, as context for this one; None when nothing did."""
    path = os.path.join(store.cache, SEEN)
    before, now = _read(path), _now(store)
    if before == now:
        return None
    make_private(store.cache)
    write_atomic(path, fast_json.dumps(now))
    lines = [line for number, line in now.items() if before.get(number) != line]
    text = "Changed since the last prompt (from the session files):\n" + "\n".join(lines)
    return {"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": text}}


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


def _read(path: str) -> dict[str, str]:
    try:
        found = fast_json.loads(read_text(path))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
