"""`orchestra approve ID`: approve a worker's open request, from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestra.core import events
from orchestra.core.models import AnswerChannel, Escalation, Gate
from orchestra.errors import OrchestraError
from orchestra.workers import answers, delivery
from orchestra.workers.answers import Decision
from orchestra.workers.overview import worker_of
from orchestra.workers.statusbar import refresh

if TYPE_CHECKING:
    from orchestra.project.context import Project

_PASSES = (Gate.PERMISSION, Gate.PLAN, Gate.DOMAIN)  # what a yes alone answers, of several


def approve(project: Project, number: str, decision: Decision) -> tuple[Escalation, ...]:
    """Record the approval of just what is asked, and tell the worker; returns what was approved."""
    found = answers.open_requests(project, number, decision)
    found = tuple(one for one in found if one.gate in _PASSES) or found[:1]
    if decision.always and not all(one.rule for one in found):
        raise OrchestraError(
            f"#{number} asks for something that cannot be allowed for good", f"orchestra approve {number}"
        )
    for asked in found:
        if asked not in worker_of(project.store, number).dialogs:
            _approve(project, number, asked, decision.how)
        elif asked.gate is Gate.QUESTION:
            raise OrchestraError(f"#{number} asks to choose: {asked.summary}", f"answer it: orchestra tell {number} 1")
        else:
            answers.answer(project, number, asked, "allow", decision.how, always=decision.always)
    return found


def _approve(project: Project, number: str, asked: Escalation, how: AnswerChannel) -> None:
    """What the worker asked itself: its approval is on record, and the worker is told."""
    store = project.store
    if store.record(number, events.approved(project.who, asked.request, how, asked.summary)).refused:
        raise answers.already_answered(project, number, asked.request)
    told = store.record(number, events.told(project.who, f"Approved: {asked.summary}", sender="human"))
    if told.worker is not None and not told.refused:
        delivery.deliver(project, number, told.worker.guidance[-1].id, delivery.PATIENCE)
    refresh(project)
