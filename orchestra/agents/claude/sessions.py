"""Which sessions of Claude Code run, by the files that it keeps: `<config>/sessions/<pid>.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from orchestra.agents.records import RunningSession
from orchestra.core.text import clean
from orchestra.storage.files import read_text

MOST = 500  # files; a directory with very many files must not hold up a pass
MOST_VERSION = 30  # characters


def running_sessions(transcript: str) -> tuple[RunningSession, ...] | None:
    """The sessions that run, without the daemon's spare ones; None where nothing tells.

    `transcript` is `<config>/projects/<directory>/<session>.jsonl`: the configuration may have been moved.
    """
    if not transcript:
        return None
    place = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(transcript))), "sessions")
    try:
        names = [name for name in os.listdir(place) if name.removesuffix(".json").isdecimal()]
    except OSError:
        return None
    return tuple(_found(place, names[:MOST]))


def _found(place: str, names: list[str]) -> Iterator[RunningSession]:
    for name in names:
        try:
            facts = json.loads(read_text(os.path.join(place, name)))
        except (OSError, ValueError, RecursionError):
            continue  # it has just ended, or is being written
        if not isinstance(facts, dict) or facts.get("spare") is True:
            continue
        session, directory, began = (facts.get(key) for key in ("sessionId", "cwd", "startedAt"))
        if isinstance(session, str) and isinstance(directory, str) and isinstance(began, int | float):
            pid, version = int(name.removesuffix(".json")), facts.get("version")
            version = clean(version, MOST_VERSION) if isinstance(version, str) else ""
            yield RunningSession(pid, session, directory, facts.get("kind") == "bg", began / 1000, version)
