"""Tell the user once when a worker begins to need them, whoever notices first: a verb or the monitor."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra import notifications
from orchestra.core.models import Attention, Status
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.notifications import Alert, Channels
from orchestra.storage import json_cache
from orchestra.storage.files import locked, make_private
from orchestra.workers.overview import Overview, WorkerRow, overview

if TYPE_CHECKING:
    from orchestra.project.context import Project

NAME = "announced.json"  # in the project's cache: the last edge told of each worker


def announce(project: Project, view: Overview | None = None) -> tuple[str, ...]:
    """Tell what is new since the last time, and remember it; returns the lines that were told."""
    rows = (view or overview(project, changes=False)).rows
    make_private(project.store.cache)
    path = os.path.join(project.store.cache, NAME)
    with locked(path + ".lock"):
        before = json_cache.read_texts(path)
        now = {row.worker.id: _edge(row) for row in rows}
        if now != before and not json_cache.write(path, now):
            return ()  # a full disk: told when it can be remembered, or the same alert would come at every look
    told = [row for row in rows if now[row.worker.id] and now[row.worker.id] != before.get(row.worker.id)]
    lines = tuple(line(row) for row in told)
    for row, text in zip(told, lines, strict=True):
        _alert(project, now[row.worker.id].partition(":")[0], row.worker.id, text)
    return lines


def _alert(project: Project, kind: str, worker: str, text: str) -> None:
    """Tell the user, if the workspace is open; never a reason for a command to fail."""
    how, clients = project.config.notify, project.clients
    ways = Channels(clients.say, clients.terminals, how.bell, how.desktop, how.command, how.kinds, how.quiet)
    minute = notifications.minute_of_day(project.now())
    try:
        if project.tmux.running():
            notifications.notify(Alert(kind, worker, project.title, text), ways, project.environ, minute)
    except OrchestraError:
        return


def _edge(row: WorkerRow) -> str:
    """What the user would be told of: the same words are told once. A second question is another edge."""
    if row.worker.status is Status.MERGED:
        return "merged"
    if row.attention is Attention.STUCK:
        asked = row.worker.escalation
        return f"stuck:{asked.request if asked is not None else int(row.shown.since)}"
    return str(row.attention) if row.attention not in (None, Attention.SILENT) else ""


def line(row: WorkerRow) -> str:
    """`#124 question: Token refresh approach?`"""
    return f"#{row.worker.id} {row.shown.word}: {row.why or clean(row.worker.title, 80)}"
