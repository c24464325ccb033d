"""200 processes write 1,000 events at once: no event is lost, none is torn, readers see whole files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.events import happened

from orchestra.core.lifecycle import machine
from orchestra.storage.session_store import Store

pytestmark = pytest.mark.journey
WRITERS, EACH, READERS = 200, 5, 4

# All are forked from one process, which has made the imports.
CROWD = """
import os, select, sys, time
from orchestra.core import events
from orchestra.storage.session_store import Store
home, workers, writers, each, readers = sys.argv[1], *map(int, sys.argv[2:])
store = Store(home, "p", time.time, lock_wait=100)
begin, end = os.pipe(), os.pipe()

def write(number):
    os.read(begin[0], 1)
    worker = str(1 + number % workers)
    for turn in range(each):
        done = store.record(worker, events.verified("test", events.Failure("same"), passed=False, tail=f"{number}.{turn}"))
        assert not done.refused, done.refused
        assert done.worker.id == worker

def read(_):
    os.close(end[1])
    while not select.select([end[0]], [], [], 0.005)[0]:
        found = store.listing()
        assert [one.id for one in found.workers] == [str(n) for n in range(1, workers + 1)], found
        assert not found.problems, found.problems

children, watchers = [], []
for act, count, kept in ((read, readers, watchers), (write, writers, children)):
    for number in range(count):
        pid = os.fork()
        if pid == 0:
            act(number)
            os._exit(0)
        kept.append(pid)
os.close(end[0])
os.write(begin[1], b"." * writers)
failed = [pid for pid in children if os.waitpid(pid, 0)[1]]
os.close(end[1])
failed += [pid for pid in watchers if os.waitpid(pid, 0)[1]]
sys.exit(len(failed))
"""


@pytest.mark.parametrize("workers", [1, 10], ids=["one worker", "ten workers"])
def test_no_event_is_lost(home: Path, workers: int) -> None:
    place = str(home / "state")
    store = Store(place, "p", lambda: 1_700_000_000.0)
    for number in range(1, workers + 1):
        facts = {"id": str(number), "title": "t", "branch": "b", "nonce": "n"}
        store.record(str(number), happened("spawned", "test", **facts))
    argv = [sys.executable, "-P", "-c", CROWD, place, *map(str, (workers, WRITERS, EACH, READERS))]
    done = subprocess.run(argv, env=dict(os.environ), capture_output=True, text=True, timeout=115, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    found, counted = [], 0
    for number in range(1, workers + 1):
        events = store.journal(str(number))
        found += [str(event.data["tail"]) for event, refused in events if event.kind == "verified" and not refused]
        told, kept = machine.fold([event for event, _ in events]), store.read(str(number))
        assert told is not None
        assert kept is not None
        assert not store.behind(kept)
        counted += kept.attempts.verify
        assert kept._replace(journal_bytes=0) == told._replace(extra={})
    assert counted == WRITERS * EACH  # each write saw the one before it
    assert sorted(found) == sorted(f"{n}.{turn}" for n in range(WRITERS) for turn in range(EACH))
