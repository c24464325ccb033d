"""`orchestra new TITLE`: write a task to the tracker as an issue."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.storage.files import locked, make_private
from orchestra.trackers.combined import LOCAL_FROM
from orchestra.trackers.local import DIRECTORY, LocalTracker

if TYPE_CHECKING:
    from orchestra.project.context import Project


class NewIssue(NamedTuple):
    """The issue that was written: its number, its title, and where it is."""

    number: str
    title: str
    place: str


def new(project: Project, title: str, body: str, labels: Sequence[str] = (), *, local: bool = False) -> NewIssue:
    """Write the issue to the project's tracker, or with `local` to a file of the repository; raises OrchestraError."""
    title = clean(title.strip(), 256)
    if not title:
        raise OrchestraError("a task needs a title", 'orchestra new "What should be done"')
    if project.tracker_name == "github" and not local:
        from orchestra.github.pull_actions import PullActions

        number, url = PullActions(project.github_client(eager=True)).new_issue(title, body, labels)
        return NewIssue(number, title, url)
    tracker = LocalTracker(project.root)
    first = LOCAL_FROM if project.tracker_name == "github" else 1
    make_private(project.store.cache)
    with locked(os.path.join(project.store.cache, "new.lock"), wait=10):
        taken = [*tracker.numbers(), *map(int, project.store.claimed()), first - 1]
        author = clean(project.repository.git("config", "user.name").out, 60)
        issue = tracker.add(max(taken) + 1, title, body, labels, author)
    return NewIssue(issue.number, issue.title, DIRECTORY)
