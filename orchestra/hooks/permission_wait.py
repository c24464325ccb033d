"""The hook that waits for an answer: the user gives it anywhere, and the pane's own dialog stays usable meanwhile.

Imported for a dialog alone. It ends by itself when it was answered, here or in the pane; when its agent is
gone (the pipe it would answer into has no reader, or it has another parent); and when it is told to. Whatever ends it,
the dialog in the pane works on. Standard library only.
"""

from __future__ import annotations

import os
import select

from orchestra.core import events
from orchestra.core.dialogs import allowed_by, answer_to
from orchestra.core.models import AnswerChannel
from orchestra.errors import OrchestraError
from orchestra.storage.files import locked, remove_if_present

TYPE_CHECKING = False

if TYPE_CHECKING:
    from orchestra.core.models import Answer, Worker
    from orchestra.storage.session_store import Store

LOOK = 250  # milliseconds between two looks at the session file
STDOUT = 1


def wait(store: Store, worker: Worker) -> Answer | None:
    """Wait for the answer to the dialog that this hook has just opened; None when the pane has it, or nobody will."""
    if not worker.dialogs:
        return None
    asked = worker.dialogs[-1]
    request = asked.request
    if allowed_by(worker, asked):
        given = events.answered("rule", request, "allow", AnswerChannel.RULE, summary=asked.summary)
        recorded = store.record(worker.id, given)
        return answer_to(recorded.worker, request) if recorded.worker is not None and not recorded.refused else None
    path = store.answer_lock(worker.id, request)
    try:
        with locked(path, wait=1.0):  # one who only looks whether it is held has it for a moment
            answer = _answer(store, worker, request)
            remove_if_present(path)
    except OrchestraError:  # the same call asks twice at once, and another hook waits for it
        return None
    return answer


def _answer(store: Store, worker: Worker, request: str) -> Answer | None:
    parent = os.getppid()
    seen: tuple[object, ...] | None = None
    reader = select.poll()
    reader.register(STDOUT, 0)  # tells nothing but that the other end is gone
    while True:
        now = _mark(f"{store.directory(worker.id)}.json")
        if now != seen:
            seen = now
            found = store.read(worker.id)
            if found is None or found.nonce != worker.nonce:
                return None
            answer = answer_to(found, request)
            if answer is not None or all(one.request != request for one in found.dialogs):
                return answer
        if reader.poll(LOOK) or os.getppid() != parent:
            return None


def _mark(path: str) -> tuple[object, ...]:
    """What changes when a file is replaced."""
    try:
        facts = os.stat(path)
    except OSError:
        return ()
    return (facts.st_ino, facts.st_mtime_ns, facts.st_size)
