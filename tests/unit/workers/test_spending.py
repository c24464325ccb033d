"""The ledger of what is used by day, and what Claude Code's status line tells of the cost."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from orchestra.agents.claude.status_line import FILE, cost_in, status_line, users_status_line
from orchestra.core.budget import Spent
from orchestra.core.models import Status, Worker
from orchestra.workers import spending
from orchestra.workers.spending import CostReading, Ledger, key_of

pytestmark = pytest.mark.fast
ONE = Worker("1", "One", Status.WORKING, "", nonce="a", started_at="2026-11-25T10:00:00Z")
TWO = Worker("2", "Two", Status.WORKING, "", nonce="b", started_at="2026-11-27T10:00:00Z")


def look(ledger: Ledger, day: str, **totals: Spent) -> Ledger:
    workers = {"one": ONE, "two": TWO}
    return spending.updated(
        ledger, [workers[name] for name in totals], {key_of(workers[n]): t for n, t in totals.items()}, day
    )


def test_what_is_used_in_a_day_is_the_difference_to_the_day_before() -> None:
    ledger = look(Ledger(), "2026-11-25", one=Spent(100, 1.0, 60, 2))
    ledger = look(ledger, "2026-11-25", one=Spent(150, 1.5, 90, 3))
    ledger = look(ledger, "2026-11-27", one=Spent(400, 2.0, 100, 5), two=Spent(50))
    assert spending.on_day(ledger, "2026-11-25") == Spent(150, 1.5, 90, 3)
    assert spending.on_day(ledger, "2026-11-26") == Spent()
    assert spending.on_day(ledger, "2026-11-27") == Spent(300, 0.5, 10, 2)
    assert spending.totals_of(ledger, ONE) == Spent(400, 2.0, 100, 5)
    assert spending.totals_of(ledger, ONE._replace(nonce="z")) is None
    removed = look(ledger, "2026-11-27", two=Spent(60))
    assert spending.on_day(removed, "2026-11-27").tokens == 310  # what a removed worker has used stays used


def test_a_worker_of_an_earlier_day_that_is_seen_first_has_used_nothing_today() -> None:
    ledger = look(Ledger(), "2026-11-27", one=Spent(10**6), two=Spent(70))
    assert spending.on_day(ledger, "2026-11-27").tokens == 70
    ledger = look(ledger, "2026-11-27", one=Spent(10**6 + 5), two=Spent(70))
    assert spending.on_day(ledger, "2026-11-27").tokens == 75


def test_a_count_that_begins_again_is_added_to_that_of_the_run_before() -> None:
    reading = None
    for now, total in ((0.5, 0.5), (2.0, 2.0), (None, 2.0), (0.25, 2.25), (0.75, 2.75), (0.75, 2.75)):
        reading = spending.read_on(reading, now)
        assert reading is not None
        assert reading.before + reading.last == total
    assert spending.read_on(None, None) is None
    assert spending.read_on(None, 3.0) == CostReading(0.0, 3.0)


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ('{"cost": {"total_cost_usd": 1.25}}', 1.25),
        ('{"cost": {"total_cost_usd": 0}}', 0.0),
        ('{"cost": {"total_cost_usd": true}}', None),
        ('{"cost": {"total_cost_usd": -1}}', None),
        ('{"cost": {"total_cost_usd": NaN}}', None),
        ('{"cost": {"total_cost_usd": "3"}}', None),
        ('{"cost": 3}', None),
        ("[]", None),
        ('{"cost": {"total', None),
        ("", None),
    ],
)
def test_the_status_line_keeps_what_it_is_told_and_runs_the_users_own(
    tmp_path: Path, told: str, cost: float | None
) -> None:
    directory = tmp_path / "it's here"
    directory.mkdir()
    own = "cat >own.txt; echo 'mine' # at the end"
    for command, shown in (("", ""), (own, "mine\n")):
        line = status_line(str(directory), command)["command"]
        done = subprocess.run(
            ["/bin/sh", "-c", line], input=told, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == (shown, "")
    assert (directory / FILE).stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "own.txt").read_text() == told
    assert cost_in(str(directory)) == cost
    assert cost_in(str(tmp_path)) is None


def test_the_users_own_status_line_is_found_in_their_settings(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    assert users_status_line(environ) == ""
    (tmp_path / ".claude").mkdir()
    settings = tmp_path / ".claude" / "settings.json"
    for written, command in (
        ({"statusLine": {"type": "command", "command": "my-line"}}, "my-line"),
        ({"statusLine": {"type": "other", "command": "my-line"}}, ""),
        ({"statusLine": "my-line"}, ""),
        ([], ""),
    ):
        settings.write_text(json.dumps(written))
        assert users_status_line(environ) == command
    assert users_status_line({"HOME": "/nowhere", "CLAUDE_CONFIG_DIR": str(tmp_path)}) == ""
