"""`orchestra review ID`: what a worker has changed, file by file, and what the user says of it.

To the worker, or as one review on GitHub.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestra.core.models import Worker
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.git import patch
from orchestra.git.change import Change
from orchestra.storage.files import locked, make_private, read_text
from orchestra.workers import review_drafts
from orchestra.workers.overview import worker_of
from orchestra.workers.review_drafts import Draft, Drafts, ReviewFile, Spot

if TYPE_CHECKING:
    from orchestra.github.pull_actions import LineComment, PullActions
    from orchestra.project.context import Project
    from orchestra.storage.session_store import Store

_WHERE = regex(r"(?P<path>.+):(?P<old>-?)(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?", re.ASCII | re.DOTALL)
MOST_NEW = 1024 * 1024  # bytes of a file that git does not know yet
MOST_FILES = 2000  # of those
MOST_QUOTED_LINES = 8
MOST_SENDING = 60.0  # seconds that another terminal's sending is waited for
EVENTS = {"comment": "COMMENT", "approve": "APPROVE", "changes": "REQUEST_CHANGES"}


class Review(Record):
    """What there is to review: the committed files first, then those of the worktree alone, and the kept comments."""

    worker: Worker
    head: str
    files: tuple[ReviewFile, ...]
    drafts: Drafts
    since: str = ""
    has_worktree: bool = True

    def spot(self, draft: Draft) -> Spot | None:
        """Where a comment is now; None: its lines are gone."""
        return review_drafts.find(draft, self.files)


def review(project: Project, number: str, since: str = "", *, ignore_space: bool = False) -> Review:
    """The change against its base as it was fetched; `since` a commit: only what came after it."""
    worker = worker_of(project.store, number)
    change = change_to_review(project, worker)
    head = project.repository.commit(change.head, at=change.at) or ""
    if since and project.repository.commit(since, at=change.at) is None:
        since = ""  # it was rewritten and is gone: everything is new
    committed = [ReviewFile(one) for one in patch.parse(change.patch(since, ignore_space=ignore_space))]
    loose = [ReviewFile(one, committed=False) for one in patch.parse(change.uncommitted(ignore_space=ignore_space))]
    loose += [ReviewFile(one, committed=False) for one in _new_files(change)]
    drafts = review_drafts.load(project.store, number)
    return Review(worker, head, (*committed, *loose), drafts, since, change.at is not None)


def change_to_review(project: Project, worker: Worker) -> Change:
    """Of its worktree, or of its branch where the worktree is gone."""
    if project.repository.ready(worker.worktree):
        return project.change_of(worker)
    if worker.branch and project.repository.branch_tip(worker.branch) is not None:
        return Change(project.repository, worker.base, worker.base_commit, head=f"refs/heads/{worker.branch}")
    raise OrchestraError(f"#{worker.id} has neither a worktree nor a branch", f"see it: orchestra show {worker.id}")


def _new_files(change: Change) -> Iterator[patch.FilePatch]:
    names = change.untracked()
    for name in names[:MOST_FILES]:
        yield _new_file(os.path.join(str(change.at), name), name)
    if len(names) > MOST_FILES:
        note = f"{len(names) - MOST_FILES} more files that git does not know are not shown"
        yield patch.FilePatch("(more)", patch.Kind.ADDED, notes=(note,))


def _new_file(path: str, name: str) -> patch.FilePatch:
    """A new file; what a link or a FIFO leads to is never opened."""
    try:
        facts = os.lstat(path)
        if stat.S_ISLNK(facts.st_mode):
            return patch.of_new_file(name, os.readlink(path), ("a link to:",))
        if not stat.S_ISREG(facts.st_mode):
            return patch.FilePatch(name, patch.Kind.ADDED, notes=("not a regular file, or a repository of its own",))
        if facts.st_size > MOST_NEW:
            return patch.FilePatch(name, patch.Kind.ADDED, notes=(f"{facts.st_size // 1024} KiB: too large to show",))
        return patch.of_new_file(name, read_text(path, MOST_NEW))
    except OSError as wrong:
        return patch.FilePatch(name, patch.Kind.ADDED, notes=(f"it cannot be read: {wrong.strerror}",))


# --- what the user says ---


def add(project: Project, number: str, where: str, words: str) -> str:
    """Keep a comment on `FILE:LINE`, `FILE:LINE-LINE` or `FILE:-LINE` (removed); returns its id and place."""
    found = _WHERE.fullmatch(where)
    if found is None or not words.strip():
        raise OrchestraError(
            f"{clean(where, 80)!r} with a text is expected as FILE:LINE TEXT", "for example: src/a.py:7 'why?'"
        )
    path, old, first = found["path"], bool(found["old"]), int(found["first"])
    last = int(found["last"] or first)
    for file in review(project, number).files:
        side = dict(review_drafts.side_of(file.patch, old=old)) if file.patch.path == path else {}
        lines = [side[at] for at in range(first, last + 1) if at in side]
        if lines and len(lines) == last - first + 1:
            before, after = review_drafts.around(file.patch, first, len(lines), old=old)
            draft = Draft(
                review_drafts.new_id(), path, first, review_drafts.quoted(lines), words.strip(), old, file.committed,
                before, after,
            )  # fmt: skip
            review_drafts.put(project.store, number, draft)
            return f"{draft.id} on {clean(path, 200)}, {draft.where}"
    raise OrchestraError(f"{clean(where, 200)} is not in the change of #{number}", f"see it: orchestra diff {number}")


def forget(project: Project, number: str, comment: str) -> None:
    """Forget a kept comment."""
    worker_of(project.store, number)
    if comment not in {one.id for one in review_drafts.load(project.store, number).comments}:
        raise OrchestraError(f"no comment {clean(comment, 40)!r} is kept for #{number}", f"orchestra review {number}")
    review_drafts.remove(project.store, number, [comment])


@contextmanager
def to_send(project: Project, number: str) -> Iterator[tuple[Draft, ...]]:
    """The kept comments, which are forgotten where nothing fails inside; raises OrchestraError when there is none."""
    worker_of(project.store, number)
    with _sending(project.store, number):
        drafts = review_drafts.load(project.store, number).comments
        if not drafts:
            raise OrchestraError(f"there is no comment to send to #{number}", "comment on a line first")
        yield drafts
        review_drafts.sent(project.store, number, drafts)


def _sending(store: Store, number: str) -> locked:
    """Hold the sending of this worker's comments: two terminals, or a key pressed twice, send them once."""
    make_private(store.directory(number))
    return locked(store.file(number, "review.lock"), MOST_SENDING)


def message(worker: str, drafts: Sequence[Draft]) -> str:
    """All comments as one text for the worker, with file, line and the quoted lines."""
    count = f"{len(drafts)} comment{'' if len(drafts) == 1 else 's'}"
    lines = [f"Review of your change for #{worker}: {count}. Do what each one asks, or say why not; then ship again."]
    for place, draft in enumerate(drafts, 1):
        lines += ["", f"{place}. {clean(draft.path, 400)}, {draft.where}:", *_quote(draft), draft.words]
    return "\n".join(lines)


def _quote(draft: Draft) -> list[str]:
    shown = [f"> {line}".rstrip() for line in draft.quote[:MOST_QUOTED_LINES]]
    left = len(draft.quote) - len(shown)
    return [*shown, *([f"> ({left} more lines)"] if left > 0 else [])]


def post(project: Project, number: str, head: str, event: str, words: str = "") -> str:
    """One review on GitHub of the commit `head` that was seen, with all kept comments; returns what was done.

    What is in no commit, or whose lines are gone, is put into the text of the review: nothing is left out.
    """
    _check_allowed(project)
    worker_of(project.store, number)
    with _sending(project.store, number):
        return _posted(project, number, head, event, words.strip())


def _posted(project: Project, number: str, head: str, event: str, words: str) -> str:
    from orchestra.github.pull_actions import NoPlace

    found = review(project, number)
    pull = found.worker.pull
    if pull is None or pull.state != "open":
        raise OrchestraError(f"#{number} has no open pull request", "send the comments to the worker instead")
    drafts = found.drafts.comments
    if event != "approve" and not drafts and not words:
        raise OrchestraError("there is nothing to post", "comment on a line, or write what the review says")
    actions = _actions(project)
    now = actions.now(pull.number) if found.head == head == pull.head_sha else pull  # the poll may be a minute old
    if now.state != "open":
        raise OrchestraError(f"pull request #{pull.number} is {now.state}", "send the comments to the worker instead")
    if not now.head_sha == found.head == head:
        other = found.head if found.head != head else now.head_sha
        why = f"you see {head[:8]}, and {'the branch' if found.head != head else 'GitHub'} is at {other[:8]}"
        raise OrchestraError(why, "look again when both are the same, or send the comments to the worker")
    beside, body = _placed(found)
    try:
        actions.review(pull.number, head, EVENTS[event], _text(words, body), beside)
    except NoPlace:
        body = "\n\n".join(_in_text(draft) for draft in drafts)
        actions.review(pull.number, head, EVENTS[event], _text(words, body))
    review_drafts.sent(project.store, number, drafts)
    said = {"comment": "commented on", "approve": "approved", "changes": "requested changes of"}[event]
    count = f", with {len(drafts)} comment{'' if len(drafts) == 1 else 's'}" if drafts else ""
    return f"{said} #{pull.number} on GitHub{count}"


def _text(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _in_text(draft: Draft) -> str:
    return "\n".join([f"{clean(draft.path, 400)}, {draft.where}:", *_quote(draft), "", draft.words])


def _placed(found: Review) -> tuple[list[LineComment], str]:
    """The comments that GitHub can put beside lines, and the text with all others."""
    from orchestra.github.pull_actions import LineComment

    beside, rest = list[LineComment](), list[str]()
    for draft in found.drafts.comments:
        spot = found.spot(draft)
        file = found.files[spot.file] if spot else None
        if spot is None or file is None or not file.committed:
            rest.append(_in_text(draft))
            continue
        last, side = spot.line + len(draft.quote) - 1, "LEFT" if draft.old else "RIGHT"
        start = spot.line if last > spot.line else 0
        beside.append(LineComment(file.patch.path, last, draft.words, start, side))
    return beside, "\n\n".join(rest)


def _actions(project: Project) -> PullActions:
    from orchestra.github.pull_actions import PullActions

    return PullActions(project.github_client(eager=True))


def _check_allowed(project: Project) -> None:
    if "ORCHESTRA_WORKER" in project.environ or project.who == "orchestrator":
        raise OrchestraError("a review on GitHub is the user's", "tell the worker instead: orchestra tell ID TEXT")
