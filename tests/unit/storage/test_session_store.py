"""The session files: one way to write, readers without locks, nothing lost by a crash or a bad file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import EVENTS, SENSIBLE, happened
from support.paths import ROOT

from orchestra.core.lifecycle import machine
from orchestra.core.models import Event, Status
from orchestra.errors import OrchestraError
from orchestra.storage.session_store import Store

pytestmark = pytest.mark.fast


@pytest.fixture
def store(home: Path) -> Store:
    return Store(str(home / "o"), "acme-widgets", lambda: 1_767_870_900.0)


def spawned(store: Store, number: str = "124") -> None:
    recorded = store.record(number, happened("spawned", "human", id=number, title="Add auth", nonce="n1"))
    assert not recorded.refused


def test_the_session_file_is_the_published_pattern(store: Store) -> None:
    spawned(store)
    found = json.loads(Path(store.root, "124.json").read_text())
    wanted = {
        "schema", "id", "issueNumber", "issueTitle", "issueUrl", "issueAuthor", "status", "statusSince", "stuckReason",
        "branch", "base", "baseCommit", "worktreePath", "agent", "agentSession", "startedAt", "lastHeartbeat",
        "activity", "escalation", "forwardedMessage", "guidance", "pullRequestUrl", "pullRequest", "attempts",
        "approvals", "nonce",
    }  # fmt: skip
    assert wanted <= set(found)
    assert (found["issueNumber"], found["statusSince"]) == (124, "2026-01-08T11:15:00Z")


def test_files_are_private(store: Store) -> None:
    spawned(store)
    assert os.stat(store.home).st_mode & 0o777 == 0o700
    for path in (Path(store.root, "124.json"), Path(store.root, "124.jsonl"), Path(store.file("124", "lock"))):
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert os.stat(store.directory("124")).st_mode & 0o777 == 0o700


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=st.lists(EVENTS | SENSIBLE, max_size=12))
def test_folding_the_journal_gives_the_snapshot(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    store = Store(str(tmp_path_factory.mktemp("o")), "p", lambda: 0.0)
    spawned(store)
    for event in events:
        store.record("124", event)
    told = machine.fold([event for event, refused in store.journal("124") if not refused])
    kept = store.read("124")
    assert told is not None
    assert kept is not None
    assert told._replace(journal_bytes=0) == kept._replace(journal_bytes=0)


def test_a_refused_event_is_kept_and_changes_nothing(store: Store) -> None:
    spawned(store)
    before = store.read("124")
    recorded = store.record("124", happened("reported", "worker", status="complete"))
    assert "cannot claim complete" in recorded.refused
    assert [(event.kind, bool(refused)) for event, refused in store.journal("124")] == [
        ("spawned", False),
        ("reported", True),
    ]
    after = store.read("124")
    assert before is not None
    assert after is not None
    assert before._replace(journal_bytes=0) == after._replace(journal_bytes=0)


def test_unknown_keys_survive_a_rewrite(store: Store) -> None:
    spawned(store)
    path = Path(store.root, "124.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "fromTheFuture": {"a": [1]}}))
    store.record("124", happened("accepted", "hook"))
    assert json.loads(path.read_text())["fromTheFuture"] == {"a": [1]}


@pytest.mark.parametrize(
    "bad",
    ["", "{", "[]", "null", '{"id": {}}', '{"id":"124","status":{}}', '{"id":"7","status":"working"}', "\x00\xff", "9" * 5000,
     "[" * 100_000, '{"id":"124","status":"working","issueTitle":"\\ud800"}', '{"id":"124","status":"working","guidance":5}'],
    ids=range(12),
)  # fmt: skip
def test_a_bad_snapshot_is_set_aside_and_rebuilt(store: Store, bad: str) -> None:
    spawned(store)
    store.record("124", happened("accepted", "hook"))
    Path(store.root, "124.json").write_text(bad, encoding="utf-8")
    found = store.read("124")
    assert found is not None
    assert found.status is Status.PLANNING
    aside = [name for name in os.listdir(store.root) if ".json.bad-" in name]
    assert len(aside) == 1
    assert Path(store.root, aside[0]).read_text() == bad
    assert [problem.id for problem in store.listing().problems] == ["124"]


def test_a_lost_snapshot_comes_back_from_the_journal(store: Store) -> None:
    spawned(store)
    os.unlink(os.path.join(store.root, "124.json"))
    found = store.read("124")
    assert found is not None
    assert found.title == "Add auth"


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_last_line_is_dropped(store: Store, cut: int) -> None:
    spawned(store)
    store.record("124", happened("accepted", "hook"))
    path = Path(store.root, "124.jsonl")
    path.write_bytes(path.read_bytes() + b'{"at": "2026", "event": "cancelled", "by": "x", "data": {}}'[:cut])
    store.record("124", happened("reported", "worker", status="working"))
    assert [event.kind for event, _ in store.journal("124")] == ["spawned", "accepted", "reported"]
    found = store.read("124")
    assert found is not None
    assert found.status is Status.WORKING


def test_a_lost_journal_goes_on_from_the_snapshot(store: Store) -> None:
    spawned(store)
    store.record("124", happened("accepted", "hook"))
    os.unlink(os.path.join(store.root, "124.jsonl"))
    store.record("124", happened("reported", "worker", status="working"))
    told = machine.fold([event for event, _ in store.journal("124")])
    assert told is not None
    assert told.status is Status.WORKING


def test_an_event_ahead_of_the_snapshot_is_not_lost(store: Store) -> None:
    """Killed between the journal's fsync and the rename of the snapshot."""
    spawned(store)
    old = Path(store.root, "124.json").read_bytes()
    store.record("124", happened("accepted", "hook"))
    Path(store.root, "124.json").write_bytes(old)
    seen = store.read("124")
    assert seen is not None
    assert store.behind(seen)
    recorded = store.record("124", happened("reported", "worker", status="working"))
    assert not recorded.refused
    assert recorded.worker is not None
    assert recorded.worker.last_heartbeat  # the accepted prompt was seen


def test_settling_brings_the_snapshot_up_and_cuts_a_torn_line_off(store: Store) -> None:
    """Otherwise the snapshot counts bytes of the journal that the next event takes the place of."""
    spawned(store)
    journal, file = Path(store.root, "124.jsonl"), Path(store.root, "124.json")
    old = file.read_bytes()
    store.record("124", happened("accepted", "hook"))
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"at": "2026", "ev')
    file.write_bytes(old)
    store.settle("124")
    assert journal.read_bytes() == whole
    found = store.read("124")
    assert found is not None
    assert found.status is Status.PLANNING
    assert not store.behind(found)
    assert store.record("124", happened("reported", "worker", status="complete")).refused
    found = store.read("124")
    assert found is not None
    assert not store.behind(found)  # a refused event is not a lost change


@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)], ids=["fifo", "dir", "link"]
)
def test_an_entry_that_is_not_a_file_hides_no_worker(store: Store, make: object) -> None:
    spawned(store)
    assert callable(make)
    make(os.path.join(store.root, "125.json"))
    found = store.listing()
    assert [worker.id for worker in found.workers] == ["124"]


@pytest.mark.parametrize("number", ["../x", "0", "１２３", "-1", "1\n", "", "1/2", "٣"])
def test_an_invalid_worker_id_makes_no_path(store: Store, number: str) -> None:
    with pytest.raises(OrchestraError, match="not an issue number"):
        store.directory(number)


WRITER = """
import sys, time
from orchestra.core import events
from orchestra.storage.session_store import Store
store = Store(sys.argv[1], "p", time.time)
for turn in range(int(sys.argv[3])):
    assert not store.record(sys.argv[2], events.noted("w", f"{sys.argv[4]} {turn}")).refused
"""


def test_many_writers_lose_nothing(home: Path) -> None:
    """The measured experiment, in small: 12 processes, 10 events each, on one worker."""
    store = Store(str(home / "o"), "p", lambda: 0.0)
    spawned(store)
    argv = [sys.executable, "-c", WRITER, store.home, "124", "10"]
    root = ROOT
    running = [subprocess.Popen([*argv, str(name)], cwd=root) for name in range(12)]
    while any(one.poll() is None for one in running):
        assert store.read("124") is not None
    assert [one.wait() for one in running] == [0] * 12
    said = {event.data["text"] for event, _ in store.journal("124") if event.kind == "noted"}
    assert len(said) == 120
    assert not [name for name in os.listdir(store.root) if name.endswith(".tmp")]


def test_a_full_disk_leaves_the_old_state(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    spawned(store)
    before = Path(store.root, "124.json").read_bytes(), Path(store.root, "124.jsonl").read_bytes()
    write = os.write

    def full(fd: int, content: bytes) -> int:
        write(fd, content[:7])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OrchestraError, match="No space left"):
        store.record("124", happened("accepted", "hook"))
    assert before == (Path(store.root, "124.json").read_bytes(), Path(store.root, "124.jsonl").read_bytes())
