"""`orchestra new TITLE`: write a task to the tracker as an issue.

The task is kept as a draft before anything is sent, and until the tracker has it: a refusal, a lost answer or a kill
loses no text, and the next try makes no second issue.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestra.core.models import Issue
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, Unreachable, UsageError
from orchestra.storage.drafts import Draft, Drafts, new_id
from orchestra.storage.files import locked, make_private
from orchestra.trackers.combined import LOCAL_FROM, is_local
from orchestra.trackers.local import DIRECTORY, MOST_BYTES, LocalTracker

if TYPE_CHECKING:
    from orchestra.project.context import Project

MOST_TITLE = 256  # characters; what GitHub takes
MOST_BODY = 65_536
KEPT = "the text is kept: orchestra new --draft"


class NewIssue(Record):
    """The issue that was written: its number, its title, where it is, and the labels that GitHub did not give it."""

    number: str
    title: str
    place: str
    left_out: tuple[str, ...] = ()


def drafts(project: Project) -> Drafts:
    """The kept drafts of the project."""
    return Drafts(project.store.root)


def draft_for(project: Project, wanted: Draft) -> Draft:
    """The draft to send: the kept one when an earlier try had the same words, whose outcome may not be known."""
    for kept in drafts(project).free():
        if (kept.title, kept.body, kept.local) == (wanted.title, wanted.body, wanted.local):
            return wanted._replace(
                id=kept.id, sending=kept.sending, sent=kept.sent, number=kept.number, place=kept.place
            )
    return wanted._replace(id=wanted.id or new_id())


def written(title: str, body: str) -> tuple[str, str]:
    """Title and text as they are sent: the title is one line, and neither holds what no tracker takes."""
    sendable = body.replace("\r\n", "\n").replace("\0", "").encode("utf-8", "replace").decode()
    return clean(title.strip(), 10_000), sendable.strip("\n")


def ensure_tracker(project: Project) -> None:
    """A repository without a remote and without issues gets its first issue: as a file, where there is no other way."""
    if not project.config.tracker and not project.on_github:
        try:
            os.makedirs(os.path.join(project.root, DIRECTORY), exist_ok=True)
        except OSError as wrong:
            raise OrchestraError(
                f"{DIRECTORY} cannot be made: {wrong.strerror or wrong}", f"look: ls -ld {project.root}"
            ) from None


def check(project: Project, draft: Draft) -> None:
    """Everything that can be refused before the issue is written is refused here. Raises OrchestraError."""
    if not draft.title:
        raise OrchestraError("a task needs a title", 'orchestra new "What should be done"')
    if len(draft.title) > MOST_TITLE:
        raise UsageError(
            f"the title has {len(draft.title)} characters, and a title takes {MOST_TITLE}",
            "put the rest into the text below it: -m TEXT",
        )
    most = MOST_BYTES // 2 if _stays_here(project, draft) else MOST_BODY
    if len(draft.body) > most:
        raise UsageError(f"the text has {len(draft.body)} characters, and an issue takes {most}", "shorten it")


def new(project: Project, draft: Draft) -> NewIssue:
    """Write the issue to the tracker; raises OrchestraError. The draft stays, with the number of the issue."""
    if draft.number:
        return NewIssue(draft.number, draft.title, draft.place)
    check(project, draft)
    issue = _written_here(project, draft) if _stays_here(project, draft) else _sent(project, draft)
    drafts(project).save(draft._replace(number=issue.number, place=issue.place))
    return issue


def _sent(project: Project, draft: Draft) -> NewIssue:
    """The issue on GitHub; one that an earlier try has opened is found again, and gets the words as they are now."""
    from orchestra.github.new_issues import NewIssues

    sender, kept = NewIssues(project.github_client(eager=True)), drafts(project)
    words = (draft.title, draft.body)
    if draft.sending and (found := sender.find(*draft.sent, draft.sending)):
        if draft.sent != words:
            sender.rewrite(found.number, *words)
        return _issue(draft, found.number, found.url, found.labels)
    kept.save(draft._replace(sending=project.now(), sent=words))  # until it is known what became of the request
    try:
        made = sender.open(*words, draft.labels)
    except OrchestraError as wrong:
        if not _may_have_been_made(wrong):
            kept.save(draft._replace(sending=0.0))
        raise
    return _issue(draft, made.number, made.url, made.labels)


def _may_have_been_made(wrong: OrchestraError) -> bool:
    """Whether the issue may exist all the same: no answer came, or none that says what was done."""
    from orchestra.github.rate_limit import Limited
    from orchestra.github.responses import RateLimited

    return isinstance(wrong, Unreachable) and not isinstance(wrong, Limited | RateLimited)


def _issue(draft: Draft, number: str, place: str, labels: tuple[str, ...]) -> NewIssue:
    has = {one.casefold() for one in labels}
    return NewIssue(number, draft.title, place, tuple(one for one in draft.labels if one.casefold() not in has))


def _stays_here(project: Project, draft: Draft) -> bool:
    """Whether the issue is a file of the repository."""
    return draft.local or project.tracker_name == "local"


def _written_here(project: Project, draft: Draft) -> NewIssue:
    """The issue as a file of the repository; one that an earlier try has written is found again."""
    tracker = LocalTracker(project.root)
    on_github = project.tracker_name == "github"
    make_private(project.store.cache)
    with locked(os.path.join(project.store.cache, "new.lock"), wait=10):
        numbers = tracker.numbers()
        if draft.sending:
            for number in reversed(numbers):
                issue = _readable(tracker, str(number))
                if issue and (issue.title, issue.body) == draft.sent:
                    return NewIssue(issue.number, issue.title, DIRECTORY)
        drafts(project).save(draft._replace(sending=project.now(), sent=(draft.title, draft.body)))
        claimed = [int(one) for one in project.store.claimed() if not on_github or is_local(one)]
        number = max([*numbers, *claimed, LOCAL_FROM - 1 if on_github else 0]) + 1
        author = clean(project.repository.git("config", "user.name").out, 60)
        issue = tracker.add(number, draft.title, draft.body, draft.labels, author)
    return NewIssue(issue.number, issue.title, DIRECTORY)


def _readable(tracker: LocalTracker, number: str) -> Issue | None:
    try:
        return tracker.issue(number)
    except OrchestraError:
        return None
