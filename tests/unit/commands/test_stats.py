"""`orchestra stats`: figures by table, and told by the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.events import happened, happened_at
from support.person import configure

from orchestra.cli.main import cli
from orchestra.core.lifecycle import machine
from orchestra.core.models import Event, Status
from orchestra.core.text import stamp
from orchestra.ui.console import Console
from orchestra.workers.figures import figures

pytestmark = pytest.mark.fast
NOON = 1_767_873_600.0


def event(minute: float, kind: str, **facts: object) -> Event:
    return happened_at(kind, stamp(NOON + minute * 60), "x", **facts)


SPAWNED = event(0, "spawned", id="7", title="Seven", nonce="n", queued=False)
STORY = [
    SPAWNED,
    event(1, "started", session="s"),
    event(2, "accepted", guidance=[]),
    event(12, "escalated", gate="domain", summary="Which?", options=[], request="r"),
    event(42, "told", text="red", answers="r", **{"from": "human"}),
    event(45, "started", session="s"),
    event(45, "reported", status="working"),
    event(50, "shipped", url="https://github.com/a/b/pull/1"),
]


@pytest.mark.parametrize(
    ("events", "minutes", "worked", "shipped", "waited", "counts"),
    [
        ([SPAWNED], 5, 5, 0, 0, (0, 0)),
        ([event(0, "spawned", id="7", title="Seven", nonce="n", queued=True)], 5, 0, 0, 0, (0, 0)),
        (STORY[:4], 20, 12, 0, 8, (1, 1)),
        (STORY, 60, 20, 10, 30, (1, 2)),
        ([*STORY, event(55, "cancelled")], 60, 20, 5, 30, (1, 2)),
        ([*STORY[:3], event(1, "turn-ended")], 3, 4, 0, 0, (0, 1)),  # a clock set back takes nothing away
    ],
)
def test_where_the_time_went(
    events: list[Event], minutes: float, worked: float, shipped: float, waited: float, counts: tuple[int, int]
) -> None:
    worker = machine.fold(events)
    assert worker is not None
    found = figures(worker, events, NOON + minutes * 60)
    assert [found.worked / 60, found.shipped / 60, found.waited / 60] == [worked, shipped, waited]
    assert (found.asked, found.starts) == counts


def test_it_is_told(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(repo)
    store = Console(str(repo), dict(os.environ), lambda: NOON).project.store
    transcript = tmp_path / "t.jsonl"
    transcript.write_text(
        json.dumps({"type": "assistant", "message": {"id": "m", "usage": {"output_tokens": 1500}}}) + "\n"
    )
    facts = {"id": "7", "title": "Seven", "nonce": "n", "agent": "claude", "queued": False}
    store.record("7", happened("spawned", "x", **facts))
    store.record("7", happened("started", "x", session="s", transcript=str(transcript)))
    store.record("8", happened("spawned", "x", **{**facts, "id": "8", "queued": True}))
    monkeypatch.chdir(repo)
    text = CliRunner().invoke(cli, ["stats"]).output
    lines = text.splitlines()
    assert lines[0] == "widgets   2 workers: 1 registered, 1 queued"
    assert lines[2].split() == ["status", "worked", "shipping", "waited", "asked", "starts", "tokens"]
    assert lines[3].split()[:2] == ["#7", "registered"]
    assert lines[3].split()[-3:] == ["0", "1", "1k"]
    assert lines[4].split() == ["#8", "queued", "0s", "0s", "0s", "0", "0", "-"]
    assert lines[5].split()[-1] == "1k"
    told = json.loads(CliRunner().invoke(cli, ["stats", "--json"]).output)
    assert told["workers"][0]["tokens"]["total"] == 1500
    assert told["workers"][1]["tokens"] is None
    assert told["workers"][1]["status"] == Status.QUEUED
