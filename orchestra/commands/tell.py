"""`orchestra tell ID TEXT`: guidance to a worker; it answers the worker's open question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core.guidance import without_controls
from orchestra.core.models import LEFT, ActivityState, Delivery, Status
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.workers import answers, delivery
from orchestra.workers.answers import Decision
from orchestra.workers.overview import pane_of, worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project


class Told(Record):
    """Guidance `id` for a worker, how far it has come, and whether it answered an open escalation."""

    worker: str
    id: str
    state: Delivery
    answered: bool
    why: str = ""  # they are queued, where that is known


def tell(project: Project, number: str, words: str, decision: Decision, patience: float = delivery.PATIENCE) -> Told:
    """Record `words` as guidance, then bring them to the agent; raises OrchestraError when nothing can be told."""
    words = without_controls(words).strip()
    if not words:
        raise OrchestraError("there is nothing to tell", f'give the words: orchestra tell {number} "..."')
    worker = worker_of(project.store, number)
    asked = answers.asked_choice(project, worker, decision)
    if asked is not None and asked in worker.dialogs:
        given = answers.parse_answers(number, asked, words, decision.answers)
        answers.answer(project, number, asked, "allow", decision.how, answers=given)
        return Told(number, "", Delivery.DELIVERED, answered=True)
    text = answers.match_option(asked.options, words) if asked is not None else words
    said = answers.record_reply(project, number, asked, text, decision.how)
    try:
        state = delivery.deliver(project, number, said.id, patience)
    except OrchestraError:  # they are recorded: to end with an error now would have them told again
        state = Delivery.QUEUED
    refresh(project)
    return Told(
        number, said.id, state, asked is not None, _why_queued(project, number) if state is Delivery.QUEUED else ""
    )


def _why_queued(project: Project, number: str) -> str:
    worker = worker_of(project.store, number)
    if worker.activity.state is ActivityState.ENDED and worker.activity.detail == LEFT:
        return f"you ended its agent: orchestra spawn {number} goes on"
    if worker.status is Status.PAUSED:
        return f"it is paused: orchestra resume {number} goes on"
    try:
        pane = pane_of(project, worker)
        return delivery.cramped(project.panes, worker, pane) if pane is not None else ""
    except OrchestraError:  # tmux does not answer
        return ""
