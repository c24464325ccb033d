"""Drafts of new tasks: what the user has written, kept until the tracker has it. One private JSON file for each."""

from __future__ import annotations

import os

from orchestra.core import fast_json
from orchestra.core.json_fields import list_at, text_at, typed_or
from orchestra.core.records import Record
from orchestra.errors import OrchestraError
from orchestra.storage.files import (
    is_held,
    make_private,
    names_in,
    read_text,
    remove_if_present,
    write_atomic,
)

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class Draft(Record):
    """A task as it is written: its issue, and how a worker begins on it. Empty options are the project's own."""

    id: str
    title: str = ""
    body: str = ""
    labels: tuple[str, ...] = ()
    local: bool = False
    start: bool = True
    base: str = ""
    parent: str = ""  # the worker on whose branch it builds
    after: tuple[str, ...] = ()
    agent: str = ""
    model: str = ""
    plan: str = ""
    sending: float = 0.0  # when the issue was sent to the tracker, as long as it is not known whether it was made
    sent: tuple[str, str] = ("", "")  # the title and the text that were sent then
    number: str = ""  # of the issue that was made; its worker may not have been started
    place: str = ""  # where that issue is

    @property
    def empty(self) -> bool:
        """Whether nothing was written that is worth keeping."""
        return not (self.title.strip() or self.body.strip())


class Drafts:
    """The drafts of one project, below its session files at `root`."""

    def __init__(self, root: str) -> None:
        self.directory = os.path.join(root, "drafts")

    def all(self) -> tuple[Draft, ...]:
        """Every draft that can be read, the one that was changed last first."""
        found = []
        for name in names_in(self.directory):
            path = os.path.join(self.directory, name)
            if name.endswith(".json") and (draft := _read(path)) is not None:
                found.append((_changed(path), draft))
        return tuple(draft for _, draft in sorted(found, key=lambda one: one[0], reverse=True))

    def free(self) -> tuple[Draft, ...]:
        """Those that no open form holds."""
        return tuple(one for one in self.all() if not is_held(self.lock(one.id)))

    def changed(self, draft: Draft) -> float:
        """When a draft was changed last, in epoch seconds."""
        return _changed(self._path(draft.id))

    def save(self, draft: Draft) -> None:
        """Write a draft; raises OrchestraError when the disk does not take it."""
        try:
            make_private(self.directory)
            write_atomic(self._path(draft.id), fast_json.dumps(draft._asdict()))
        except OSError as wrong:
            raise OrchestraError(
                f"the draft could not be kept: {wrong.strerror or wrong}", f"check: df -h {self.directory}"
            ) from None

    def remove(self, draft: Draft) -> None:
        """Forget a draft: the tracker has it, or the user does not want it."""
        for path in (self._path(draft.id), self.text_file(draft.id), self.lock(draft.id)):
            remove_if_present(path)

    def lock(self, name: str) -> str:
        """The lock file that an open form holds."""
        return os.path.join(self.directory, f"{name}.lock")

    def text_file(self, name: str) -> str:
        """The file that the user's editor is given: it is there only while that runs, or when it was killed."""
        return os.path.join(self.directory, f"{name}.md")

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, f"{name}.json")


def new_id() -> str:
    """The name of a new draft."""
    return os.urandom(6).hex()


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _read(path: str) -> Draft | None:
    """One draft; None for a file that is none, which is left where it is."""
    try:
        found = fast_json.loads(read_text(path))
        return _draft(found) if found["id"] == os.path.basename(path).removesuffix(".json") else None
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _draft(found: Any) -> Draft:
    texts = ("id", "title", "body", "base", "parent", "agent", "model", "plan", "number", "place")
    return Draft(
        **{name: text_at(found, name, "") for name in texts},
        labels=tuple(map(str, list_at(found, "labels"))),
        after=tuple(map(str, list_at(found, "after"))),
        local=typed_or(found, "local", False),
        start=typed_or(found, "start", True),
        sent=_words(list_at(found, "sent")),
        sending=typed_or(found, "sending", 0.0),
    )


def _words(found: list[Any]) -> tuple[str, str]:
    return (str(found[0]), str(found[1])) if len(found) == 2 else ("", "")
