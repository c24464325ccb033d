"""`orchestra stats`: figures by table, and told by the command line."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner
from support.events import happened, happened_at
from support.person import configure

from orchestra.cli.main import cli
from orchestra.commands.stats import Stats
from orchestra.core.lifecycle import machine
from orchestra.core.models import Event, Size, Status
from orchestra.core.text import stamp
from orchestra.ui import stats as shown
from orchestra.ui.console import Console
from orchestra.workers import grouped
from orchestra.workers.figures import Figures, figures
from orchestra.workers.receipts import line

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


def test_what_happened_is_counted_by_kind() -> None:
    more = [
        event(50.5, "verified", passed=False, signature="a"),
        event(51, "verified", passed=True),
        event(52, "attempted", what="ci", signature="b", head="c"),
        event(53, "told", text="x", review={"signature": "r"}, **{"from": "monitor"}),
        event(54, "shipped", url="u", size={"commits": 2, "files": 3, "insertions": 40, "deletions": 5}),
        event(55, "shipped", url="u", size={"commits": 3, "files": "x", "insertions": 44, "deletions": -5}),
    ]
    worker = machine.fold([*STORY, *more])
    assert worker is not None
    found = figures(worker, [*STORY, *more], NOON + 3600)
    assert found.answers == (1800.0,)
    assert (found.verify_failed, found.ci_failed, found.reviews) == (1, 1, 1)
    assert found.size == Size(3, 0, 44, 0)
    assert (found.wall, found.title, found.merged) == (3600.0, "Seven", False)
    assert line(found._replace(cost=3.1)) == (
        "Receipt: 1h from the start, 43m at work in 1 turn, 30m waiting for 1 answer, 10m waiting for CI, $3.10, "
        "1 failed verification, 1 CI failure, 1 review round, 3 commits, +44 -0"
    )


def one(number: str, hour: float, status: Status = Status.MERGED, **facts: object) -> Figures:
    base = Figures(number, status, began=stamp(NOON + hour * 3600), busy=60.0 * int(number), agent="claude")
    return base._replace(**facts)  # type: ignore[arg-type]


WORKERS = (
    one("1", 0, labels=("ui",), answers=(60.0, 600.0), asked=2, cost=1.5, size=Size(1, 1, 10, 2)),
    one("2", 1, Status.WORKING, labels=("ui", "bug"), title="=cmd()"),
    one("3", 48, answers=(30.0,), asked=1, agent="scripted", title="<b>"),
)


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("day", {"2026-01-08": (2, 1, 180.0), "2026-01-10": (1, 1, 180.0)}),
        ("week", {"2026-W02": (3, 2, 360.0)}),
        ("label", {"ui": (2, 1, 180.0), "bug": (1, 0, 120.0), "(none)": (1, 1, 180.0)}),
        ("agent", {"claude": (2, 1, 180.0), "scripted": (1, 1, 180.0)}),
    ],
)
def test_workers_are_put_together(by: str, groups: dict[str, tuple[int, int, float]]) -> None:
    found = {row.name: (row.workers, row.merged, row.busy) for row in grouped.grouped(WORKERS, by)}
    assert found == groups


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_no_row_is_longer_than_the_terminal(columns: int) -> None:
    many = (*WORKERS, *(one(str(12_340 + place), place) for place in range(5)))
    for lines in (
        list(shown.table(Stats("p", many), "widgets", columns)),
        list(shown.groups(Stats("p", many), "widgets", "week", columns)),
    ):
        drawn = lines[2 : lines.index("", 2)]
        assert max(map(len, drawn)) <= columns
        assert drawn[-1].startswith("all")
    assert "tokens" in " ".join(shown.table(Stats("p", many), "widgets", columns))


def test_the_groups_are_shown_with_bars_and_what_is_not_known_is_not_made_up() -> None:
    lines = list(shown.groups(Stats("p", WORKERS), "widgets", "label"))
    assert lines[0] == "widgets   3 workers: 2 merged, 1 working"
    assert lines[2].split() == [
        "label",
        "workers",
        "merged",
        "at",
        "work",
        "waited",
        "CI",
        "asked",
        "answer",
        "tokens",
        "cost",
        "lines",
    ]
    assert lines[3].split()[:11] == ["(none)", "1", "1", "3m", "0s", "0s", "1", "30s", "-", "-", "-"]
    assert lines[5].split()[:11] == ["ui", "2", "1", "3m", "0s", "0s", "2", "1m", "-", "$1.50", "12"]
    assert lines[5].endswith("\u2588" * shown.BAR)
    assert lines[6].split()[:3] == ["all", "3", "2"]
    assert list(shown.groups(Stats("p", ()), "widgets", "day")) == ["widgets   0 workers"]


def test_a_spreadsheet_gets_a_row_a_worker_and_no_formula() -> None:
    rows = list(csv.DictReader(shown.as_csv(Stats("p", WORKERS)).splitlines()))
    assert [row["id"] for row in rows] == ["1", "2", "3"]
    assert (rows[0]["answerSeconds"], rows[0]["cost"], rows[0]["insertions"]) == ("60 600", "1.5", "10")
    assert (rows[1]["title"], rows[1]["labels"], rows[1]["cost"]) == ("'=cmd()", "ui bug", "")
    assert shown.as_csv(Stats("p", ())) == "id"


def test_the_page_loads_nothing_and_shows_foreign_text_as_text() -> None:
    text = shown.page(Stats("p", WORKERS), "wid<gets>")
    assert "<svg" in text
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
    assert "http" not in text
    assert "<script" not in text
    ET.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    assert "<svg" not in shown.page(Stats("p", ()), "widgets")


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
    by = CliRunner().invoke(cli, ["stats", "--by", "agent"]).output
    assert by.splitlines()[3].split()[:2] == ["claude", "2"]
    page = tmp_path / "report.html"
    assert CliRunner().invoke(cli, ["stats", "--html", str(page)]).output == ""
    assert page.read_text().startswith("<!doctype html>")
    receipt = CliRunner().invoke(cli, ["stats", "7"]).output.splitlines()
    assert receipt[-2] == "#7 Seven"
    assert receipt[-1].endswith(" from the start, 0s at work in 0 turns, 1k tokens")
    assert CliRunner().invoke(cli, ["stats", "--csv"]).output.count("\n") == 3
