"""Many processes write session files at once: no event is lost, none is torn (failures.md R1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestra import lifecycle
from orchestra.store import Store

pytestmark = pytest.mark.journey

WRITER = """
import sys, time
from orchestra.store import Store
home, number, worker, count = sys.argv[1:]
store = Store(home, "p", time.time, lock_wait=60)
for turn in range(int(count)):
    done = store.record(worker, store.event("noted", "test", text=f"{number}.{turn}"))
    assert not done.refused, done.refused
    assert store.read(worker).id == worker
    assert all(w.id for w in store.listing().workers), "a torn file"
"""


@pytest.mark.parametrize("workers", [1, 10], ids=["one worker", "ten workers"])
def test_no_event_is_lost(home: Path, workers: int) -> None:
    processes, each = 40, 5
    place = str(home / "state")
    store = Store(place, "p", lambda: 1_700_000_000.0)
    for number in range(1, workers + 1):
        facts = {"id": str(number), "title": "t", "branch": "b", "nonce": "n"}
        store.record(str(number), store.event("spawned", "test", **facts))
    running = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", WRITER, place, str(number), str(1 + number % workers), str(each)],
            stderr=subprocess.PIPE,
            env=dict(os.environ),
        )
        for number in range(processes)
    ]
    for process in running:
        _, said = process.communicate(timeout=110)
        assert process.returncode == 0, said.decode()
    found = []
    for number in range(1, workers + 1):
        events = store.journal(str(number))
        found += [str(event.data["text"]) for event, refused in events if event.kind == "noted" and not refused]
        told, kept = lifecycle.fold([event for event, _ in events]), store.read(str(number))
        assert told is not None
        assert kept is not None
        assert kept._replace(extra={}) == told._replace(extra={})
    assert sorted(found) == sorted(f"{n}.{turn}" for n in range(processes) for turn in range(each))
