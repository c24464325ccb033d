"""`orchestra deny ID [TEXT]`: do not let what a worker asks for pass; it is told why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import Escalation, How
from orchestra.workers import answers as answering
from orchestra.workers import delivery as guide
from orchestra.workers.answers import Decision
from orchestra.workers.overview import refresh, worker_of

if TYPE_CHECKING:
    from orchestra.project.context import Orchestra


def deny(orchestra: Orchestra, number: str, words: str, decision: Decision) -> tuple[Escalation, ...]:
    """Answer what is open with no, and the reason; returns what was denied."""
    found = answering.questions(orchestra, number, decision)
    for asked in found:
        if asked in worker_of(orchestra, number).dialogs:
            answering.answer(orchestra, number, asked, "deny", decision.how, text=words.strip())
        else:
            _deny(orchestra, number, asked, words, decision.how)
    return found


def _deny(orchestra: Orchestra, number: str, asked: Escalation, words: str, how: How) -> None:
    text = f"Denied: {asked.summary}" + (f"\n{words.strip()}" if words.strip() else "")
    said = answering.reply(orchestra, number, asked, text, how)
    guide.bring(orchestra, number, said.id, guide.PATIENCE)
    refresh(orchestra)
