"""`orchestra deny ID [TEXT]`: do not let what a worker asks for pass; it is told why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra import answering, guide
from orchestra.errors import OrchestraError
from orchestra.model import Escalation
from orchestra.view import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.app import Orchestra


def deny(orchestra: Orchestra, number: str, words: str) -> Escalation:
    """Answer the open escalation with no, and the reason; returns what was denied."""
    asked = answering.first_question(orchestra, number)
    if asked in worker_of(orchestra, number).dialogs:
        answering.answer(orchestra, number, asked, "deny", text=words.strip())
        return asked
    text = f"Denied: {asked.summary}" + (f"\n{words.strip()}" if words.strip() else "")
    facts = {"from": "human", "text": text, "answers": asked.request, "how": "command"}
    recorded = orchestra.store.record(number, orchestra.store.event("told", "human", **facts))
    if recorded.refused or recorded.worker is None:
        raise OrchestraError(f"#{number}: {recorded.refused}")
    guide.bring(orchestra, number, recorded.worker.guidance[-1].id, guide.PATIENCE)
    refresh(orchestra)
    return asked
