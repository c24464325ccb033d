"""`orchestra deny ID [TEXT]`: deny a worker's open request; the worker is told why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.models import AnswerChannel, Escalation
from orchestra.workers import answers, delivery
from orchestra.workers.answers import Decision
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


def deny(project: Project, number: str, words: str, decision: Decision) -> tuple[Escalation, ...]:
    """Answer what is open with no, and the reason; returns what was denied."""
    found = answers.open_requests(project, number, decision)
    for asked in found:
        if asked in worker_of(project.store, number).dialogs:
            answers.answer(project, number, asked, "deny", decision.how, text=words.strip())
        else:
            _deny(project, number, asked, words, decision.how)
    return found


def _deny(project: Project, number: str, asked: Escalation, words: str, how: AnswerChannel) -> None:
    text = f"Denied: {asked.summary}" + (f"\n{words.strip()}" if words.strip() else "")
    said = answers.record_reply(project, number, asked, text, how)
    delivery.deliver(project, number, said.id, delivery.PATIENCE)
    refresh(project)
