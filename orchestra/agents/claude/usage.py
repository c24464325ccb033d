"""What Claude Code's transcripts say of tokens. A transcript is foreign, and its path is what a worker's hook said."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from orchestra.agents.usage import LOOK_BYTES, ReadPosition, Usage

_KEPT = 32  # message ids: the lines of one message are close together, with the results of its tools between them
_PARTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
_SANE = 10**12


def transcripts(transcript: str) -> list[str]:
    """A conversation's own file, and those of the agents it started."""
    below = os.path.join(transcript.removesuffix(".jsonl"), "subagents")
    try:
        others = sorted(name for name in os.listdir(below) if name.endswith(".jsonl"))
    except OSError:
        others = []
    return [transcript, *(os.path.join(below, name) for name in others)]


def used_in(transcript: str, mark: ReadPosition, most: int) -> ReadPosition:
    """Read on from `mark`, `most` bytes; the last line waits until it is whole. No regular file holds nothing."""
    try:
        text, size = _read(transcript, mark.offset, most)
    except OSError:
        return mark._replace(behind=False)
    if size < mark.offset:  # another file under the same name
        return used_in(transcript, ReadPosition(), most)
    whole = text.rfind(b"\n") + 1
    if not whole and len(text) == most >= LOOK_BYTES:
        whole = most  # one line longer than a look: what it says is lost, not the rest
    usage, last = mark.usage, dict(mark.last)
    for name, found in _messages(text[:whole]):
        before = last.pop(name, Usage())
        last[name] = Usage(*map(max, before, found))  # a later line of the same message knows more
        usage = usage.plus(Usage(*(new - old for new, old in zip(last[name], before, strict=True))))
    newest = dict(list(last.items())[-_KEPT:])
    read = mark.offset + len(text)
    return ReadPosition(mark.offset + whole, usage, newest, behind=len(text) == most and size > read)


def _read(path: str, offset: int, most: int) -> tuple[bytes, int]:
    """`most` bytes from `offset`, and the size of the file. Nothing that could hang is opened."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(22, "no regular file", path)
        return os.pread(fd, most, offset), facts.st_size
    finally:
        os.close(fd)


def _messages(text: bytes) -> Iterator[tuple[str, Usage]]:
    for line in text.split(b"\n"):
        if b'"usage"' not in line or b'"assistant"' not in line:
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        message = entry.get("message") if isinstance(entry, dict) and entry.get("type") == "assistant" else None
        if isinstance(message, dict) and isinstance(message.get("id"), str) and isinstance(message.get("usage"), dict):
            yield message["id"][:100], _usage(message["usage"])


def _usage(found: Mapping[str, Any]) -> Usage:
    parts = (found.get(part) for part in _PARTS)
    return Usage(*(part if type(part) is int and 0 <= part < _SANE else 0 for part in parts))
