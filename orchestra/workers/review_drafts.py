"""Comments on a worker's change that are not sent yet: kept beside its session file, and found again as lines move."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from orchestra.core import fast_json
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.git.patch import FilePatch
from orchestra.storage.files import read_text, write_atomic

if TYPE_CHECKING:
    from orchestra.storage.session_store import Store

NAME = "review.json"
MOST_QUOTED = 400  # characters of a line that are kept to find it again
NEAR = 3  # lines around it that are kept for the same reason


class Draft(Record):
    """A comment on lines of a file: `old` on the side that was removed, `committed` or of the worktree alone."""

    id: str
    path: str
    line: int
    quote: tuple[str, ...]
    words: str
    old: bool = False
    committed: bool = True
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """`line 3`, `lines 3 to 5`, with a word for the side that was removed."""
        last = self.line + len(self.quote) - 1
        lines = f"line {self.line}" if last <= self.line else f"lines {self.line} to {last}"
        return f"{lines} (removed)" if self.old else lines


class Drafts(Record):
    """All of one worker, and the commit that the user had seen when they last looked."""

    comments: tuple[Draft, ...] = ()
    looked: str = ""


class ReviewFile(Record):
    """A file of a review: in a commit, or in the worktree alone."""

    patch: FilePatch
    committed: bool = True


class Spot(Record):
    """Where a comment is now: place of the file, and its first line."""

    file: int
    line: int


def path_of(store: Store, worker: str) -> str:
    """The file that keeps them."""
    return store.file(worker, NAME)


def load(store: Store, worker: str) -> Drafts:
    """What is kept; raises OrchestraError for a file that cannot be read, which would be lost by the next write."""
    path = path_of(store, worker)
    try:
        return _parsed(fast_json.loads(read_text(path)))
    except FileNotFoundError:
        return Drafts()
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        why = f"the review comments that are kept for #{worker} cannot be read"
        raise OrchestraError(why, f"look at the file, and move it away: {path}") from None


def update(store: Store, worker: str, change: Callable[[Drafts], Drafts]) -> Drafts:
    """Change what is kept, under the worker's lock: another terminal may review the same worker."""
    try:
        with store.locked(worker):
            before = load(store, worker)
            after = change(before)
            if after != before:
                write_atomic(path_of(store, worker), fast_json.dumps(_document(after)))
            return after
    except OSError as wrong:
        why = f"the comment could not be kept: {wrong.strerror or wrong}"
        raise OrchestraError(why, f"check: df -h {store.root}") from None


def put(store: Store, worker: str, draft: Draft) -> Drafts:
    """Keep a comment, new or changed."""

    def change(kept: Drafts) -> Drafts:
        others = [one for one in kept.comments if one.id != draft.id]
        place = next((at for at, one in enumerate(kept.comments) if one.id == draft.id), len(others))
        return kept._replace(comments=(*others[:place], draft, *others[place:]))

    return update(store, worker, change)


def remove(store: Store, worker: str, ids: Sequence[str]) -> Drafts:
    """Forget these comments."""
    gone = frozenset(ids)
    return update(
        store, worker, lambda kept: kept._replace(comments=tuple(one for one in kept.comments if one.id not in gone))
    )


def sent(store: Store, worker: str, drafts: Sequence[Draft]) -> Drafts:
    """Forget what was sent; a comment that was changed meanwhile in another terminal is kept."""
    return update(
        store, worker, lambda kept: kept._replace(comments=tuple(one for one in kept.comments if one not in drafts))
    )


def looked_at(store: Store, worker: str, commit: str) -> Drafts:
    """The user has seen the change up to this commit."""
    return update(store, worker, lambda kept: kept._replace(looked=commit))


def new_id() -> str:
    """A name for a comment."""
    return os.urandom(4).hex()


def quoted(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines as they are kept."""
    return tuple(line[:MOST_QUOTED] for line in lines)


# --- where a comment is now: pure ---


def find(draft: Draft, files: Sequence[ReviewFile]) -> Spot | None:
    """Where its lines are in this diff: the same text, the surroundings most alike, then the nearest; None: gone."""
    found: list[tuple[int, int, int, Spot]] = []
    for place, file in enumerate(files):
        if draft.path not in (file.patch.path, file.patch.before):
            continue
        side = dict(side_of(file.patch, old=draft.old))
        for line in _starts(side, draft.quote):
            alike = _alike(side, line, draft)
            other_part = int(file.committed != draft.committed)
            found.append((-alike, other_part, abs(line - draft.line), Spot(place, line)))
    if len(found) > 1 and (draft.before or draft.after) and not any(one[0] for one in found):
        return None  # the same text in several places, and none of them is its own
    return min(found)[-1] if found else None


def side_of(patch: FilePatch, *, old: bool) -> Iterator[tuple[int, str]]:
    """The lines of one side of the diff by number."""
    for hunk in patch.hunks:
        for line in hunk.lines:
            number = line.old if old else line.new
            if number:
                yield number, line.text[:MOST_QUOTED]


def _starts(side: dict[int, str], quote: Sequence[str]) -> Iterator[int]:
    if not quote:
        return
    for number, text in side.items():
        if text == quote[0] and all(side.get(number + at) == line for at, line in enumerate(quote)):
            yield number


def _alike(side: dict[int, str], line: int, draft: Draft) -> int:
    before = sum(side.get(line - at) == text for at, text in enumerate(reversed(draft.before), 1))
    last = line + len(draft.quote) - 1
    return before + sum(side.get(last + at) == text for at, text in enumerate(draft.after, 1))


def around(patch: FilePatch, line: int, count: int, *, old: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines before and after, which find a comment again where its own line is in the file many times."""
    side = dict(side_of(patch, old=old))
    before = [side[at] for at in range(line - NEAR, line) if at in side]
    after = [side[at] for at in range(line + count, line + count + NEAR) if at in side]
    return tuple(before), tuple(after)


# --- as JSON ---


def _document(drafts: Drafts) -> dict[str, Any]:
    rows = [{**one._asdict(), "quote": [*one.quote], "before": [*one.before], "after": [*one.after]}
            for one in drafts.comments]  # fmt: skip
    return {"version": 1, "looked": drafts.looked, "comments": rows}


def _parsed(found: Any) -> Drafts:
    comments = tuple(
        Draft(
            str(row["id"]), str(row["path"]), int(row["line"]), tuple(map(str, row["quote"])), str(row["words"]),
            bool(row.get("old")), bool(row.get("committed", True)),
            tuple(map(str, row.get("before", ()))), tuple(map(str, row.get("after", ()))),
        )
        for row in found["comments"]
    )  # fmt: skip
    return Drafts(comments, str(found.get("looked", "")))
