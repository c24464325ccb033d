"""Answers of GitHub kept on disk with their ETags: a 304 costs no quota, also after a restart.

Kept beside the client and not as its transport: a client that is handed a transport ignores HTTPS_PROXY.
An answer is kept only after its reader has understood it; a broken one would be confirmed by 304s for ever.
"""

from __future__ import annotations

import contextlib
import hashlib
import os

from orchestra.core.records import Record
from orchestra.storage.files import make_private, names_in, read_text, remove_if_present, write_atomic

MOST_FILES = 500  # 50 workers, a handful of questions each, and the head commits before
MOST_BYTES = 32 * 1024 * 1024  # a hundred pull requests with the longest bodies GitHub takes are 8 MB


class CachedAnswer(Record):
    """An answer as it was last given; nothing has been kept when `etag` is empty."""

    etag: str = ""
    content: str = ""


class ETagCache:
    """The answers below `directory` that were given to the token of that mark; ETags are bound to the token."""

    def __init__(self, directory: str, who: str) -> None:
        self._directory, self._who = directory, who

    def find(self, url: str, accept: str) -> CachedAnswer:
        """What is kept of this address; nothing when the file is missing or damaged."""
        try:
            etag, digest, content = read_text(self._path(url, accept), MOST_BYTES).split("\n", 2)
        except (OSError, ValueError):
            return CachedAnswer()
        return CachedAnswer(etag, content) if _digest(etag + content) == digest and _sendable(etag) else CachedAnswer()

    def keep(self, url: str, accept: str, kept: CachedAnswer) -> None:
        """Remember an answer that was understood. A disk that is full costs quota, nothing else."""
        if not _sendable(kept.etag) or len(kept.content) > MOST_BYTES // 4:
            return
        path = self._path(url, accept)
        with contextlib.suppress(OSError):
            make_private(self._directory)
            if not os.path.exists(path):
                self._make_room()
            write_atomic(path, f"{kept.etag}\n{_digest(kept.etag + kept.content)}\n{kept.content}")

    def _path(self, url: str, accept: str) -> str:
        return os.path.join(self._directory, _digest(f"{url}\n{accept}\n{self._who}"))

    def _make_room(self) -> None:
        paths = [os.path.join(self._directory, name) for name in names_in(self._directory)]
        if len(paths) >= MOST_FILES:
            for path in sorted(paths, key=_changed)[: MOST_FILES // 5]:
                remove_if_present(path)


def token_fingerprint(token: str | None) -> str:
    """A short name for a token that does not give it away."""
    return _digest(f"token {token}")[:16] if token else "nobody"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:40]


def _sendable(etag: str) -> bool:
    return bool(etag) and etag.isascii() and etag.isprintable()


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
