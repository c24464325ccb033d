"""Session files: what an older version wrote is read as it was meant, and what is not known survives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.paths import DATA

from orchestra.core import serialization
from orchestra.core.lifecycle import machine
from orchestra.core.models import Answer, Limit, Status

pytestmark = pytest.mark.fast

OLD = DATA / "sessions"  # written by the last version that kept nine facts among its unknown keys


def common(now: Any, before: Any) -> Any:
    """`now` with the keys that `before` has, at every depth."""
    if isinstance(before, dict) and isinstance(now, dict):
        return {key: common(now.get(key), before[key]) for key in before}
    if isinstance(before, list) and isinstance(now, list) and len(now) == len(before):
        return [common(one, other) for one, other in zip(now, before, strict=True)]
    return now


def test_a_session_file_of_an_older_version_is_read_and_written_unchanged() -> None:
    text = (OLD / "124.json").read_text()
    worker = serialization.loads(text)
    again, before = json.loads(serialization.dumps(worker)), json.loads(text)
    assert common(again, before) == before, "newer versions add keys, and change none"
    assert worker.extra == {}
    assert worker.launched_at == "2026-01-08T11:15:14Z"
    assert worker.limit == Limit(
        "rate_limit",
        "You've hit your session limit",
        "2026-01-08T15:30:00Z",
        "Wait until the limit resets, then tell it to go on.",
    )
    assert worker.ci_counted == "c" * 40
    assert worker.addressed == ("check:abc:test",)
    assert worker.transcript == "/home/u/.claude/projects/x/6e.jsonl"
    assert worker.trusted == "b" * 64
    assert worker.held == "issue #124 was closed meanwhile"
    assert worker.answers == (
        Answer("aa11", "allow", how="command", summary="Bash: npm publish", by="human", at="2026-01-08T11:15:42Z"),
    )
    assert worker.journal_bytes == (OLD / "124.jsonl").stat().st_size


def test_the_journal_of_an_older_version_leads_to_its_snapshot() -> None:
    lines = (OLD / "124.jsonl").read_text().splitlines()
    told = machine.fold([event for event, refused in map(serialization.event_from_line, lines) if not refused])
    kept = serialization.loads((OLD / "124.json").read_text())
    assert told is not None
    assert told.pull is not None
    assert told._replace(pushed=(), pull=kept.pull) == kept._replace(journal_bytes=0)
    assert kept.status is Status.PAUSED


@pytest.mark.parametrize("key", ["fromTheFuture", "pane", "Limit"])
def test_a_key_of_a_newer_version_survives(key: str) -> None:
    found = {**json.loads((OLD / "124.json").read_text()), key: {"a": [1, None]}}
    again = json.loads(serialization.dumps(serialization.loads(json.dumps(found))))
    assert again[key] == found[key]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("limit", "soon"), ("limit", {"kind": 5}), ("answers", {"a": 1}), ("answers", [{"request": "r"}]),
        ("journalBytes", "many"), ("journalBytes", True), ("launchedAt", 5), ("held", ["x"]), ("addressed", "x"),
        ("transcriptPath", "a\0b"),
    ],
)  # fmt: skip
def test_a_fact_of_another_type_is_a_bad_session_file(key: str, value: object) -> None:
    found = {**json.loads((OLD / "124.json").read_text()), key: value}
    with pytest.raises(serialization.BadSnapshot):
        serialization.loads(json.dumps(found))
