"""Hook payloads and transcripts that three versions of Claude Code wrote, damaged at random: nothing breaks, and nothing
is claimed that only the damaged record could prove: 500 of a fixed seed, 100 in the fast part, 5,000 by night.

The records are those of `orchestra doctor --agent` with each version.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import mutate
from support.events import happened
from support.paths import DATA

from orchestra.agents.claude import transcript
from orchestra.agents.claude.tested_versions import TESTED
from orchestra.core.attention import ObservedWorker, attention
from orchestra.core.models import ActivityState, Attention, Delivery, Pane, Worker
from orchestra.hooks import entry
from orchestra.hooks.entry import Outcome
from orchestra.storage.session_store import Store

SEED = 20261127
NOW = 1_767_870_900.0
PANE = Pane("%1", "124", "n124", "@1", dead=False, exit_status=None, pid=1)
CERTAIN = (ActivityState.WAITING, ActivityState.ENDED)
COUNTS = [
    pytest.param(100, marks=pytest.mark.fast),
    500,
    pytest.param(5000, marks=[pytest.mark.nightly, pytest.mark.timeout(900)]),
]
Call = tuple[str, dict[str, Any]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written through to the disk, which takes most of the time here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def transcript_of(version: str) -> list[dict[str, Any]]:
    found = (DATA / "agent_records" / f"{version}.transcript.jsonl").read_text()
    return [json.loads(line) for line in found.splitlines()]


def as_lines(records: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(record, separators=(",", ":")).encode() for record in records]


def planning(version: str) -> list[dict[str, Any]]:
    """The transcript up to the agent's own step into plan mode."""
    records = transcript_of(version)
    entered = next(
        at
        for at, record in enumerate(records)
        if '"EnterPlanMode"' in json.dumps(record.get("message")) and record["type"] == "assistant"
    )
    return records[: entered + 1]


# --- hook payloads ---


class Desk:
    """A store with one worker of one recorded conversation, whose hooks are called in this process."""

    def __init__(self, home: Path, session: str) -> None:
        self.home, self.store, self._payload = home, Store(str(home), "p", lambda: NOW), home / "payload"
        claim = {"id": "124", "title": "x", "nonce": "n124", "agent": "claude", "agentSession": session, "base": "main"}
        self.record("spawned", branch="b", worktreePath="/w", baseCommit="0" * 40, **claim)
        for text in ("use blue", "not green", "go on"):
            self.record("told", text=text, **{"from": "human"})
        self.record("sent", guidance=["g1", "g2", "g3"])

    def record(self, kind: str, **facts: Any) -> None:
        assert not self.store.record("124", happened(kind, "human", **facts)).refused

    def call(self, hook: str, given: bytes) -> Outcome:
        environ = {"ORCHESTRA_HOME": self.store.home, "ORCHESTRA_PROJECT": "p", "ORCHESTRA_WORKER": "124"}
        self._payload.write_bytes(given)
        with self._payload.open("rb") as file, pytest.MonkeyPatch.context() as patch:
            patch.setattr(entry, "STDIN", file.fileno())
            return entry.run(["claude", hook, "n124", entry.GOES_ON, f"{entry.AFTER}acceptEdits"], environ)

    @property
    def worker(self) -> Worker:
        found = self.store.read("124")
        assert found is not None
        return found

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.home.rglob("*") if path.is_file()}

    def put_back(self, files: dict[Path, bytes]) -> None:
        for path in self.home.rglob("*"):
            if path.is_file() and path not in files:
                path.unlink()
        for path, content in files.items():
            path.write_bytes(content)


class Life(NamedTuple):
    """One recorded conversation: its calls, and the worker and its files before each of them and at the end."""

    desk: Desk
    calls: list[Call]
    workers: list[Worker]
    files: list[dict[Path, bytes]]


def life(home: Path, version: str) -> Life:
    home.mkdir()
    calls = json.loads((DATA / "agent_records" / f"{version}.hooks.json").read_text())
    path = home.parent / f"{calls[0][1]['session_id']}.jsonl"
    path.write_bytes(b"\n".join(as_lines(planning(version))) + b"\n")
    calls = [(hook, {**payload, "transcript_path": str(path)}) for hook, payload in calls]
    desk = Desk(home, str(calls[0][1]["session_id"]))
    workers, files, replies = [desk.worker], [desk.files()], []
    for hook, payload in calls:
        replies.append(desk.call(hook, json.dumps(payload).encode()).reply)
        workers.append(desk.worker)
        files.append(desk.files())
    assert sum(reply is not None for reply in replies) == 1, "the agent's own plan goes on by itself"
    assert proven(workers[-1]) == {"g1", "g2", "g3"}
    assert workers[-1].activity.state is ActivityState.WAITING
    return Life(desk, calls, workers, files)


@pytest.mark.parametrize("count", COUNTS)
def test_a_damaged_payload_claims_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], count: int) -> None:
    lives = {version: life(tmp_path / version, version) for version in TESTED}
    for number in range(count):
        rng, version = random.Random(SEED + number), TESTED[number % len(TESTED)]
        one = lives[version]
        at = rng.randrange(len(one.calls))
        given = mutate.either(rng, one.calls[at][1])
        try:
            check(one, at, given, asks=rng.random() < 0.3)
            if number % 4 == 0:
                check_the_rest(one, at)
        except BaseException as wrong:
            wrong.add_note(f"case {number}: {version}, {one.calls[at][0]} {given[:1000]!r}")
            raise
    assert "Traceback" not in capsys.readouterr().err


def check(one: Life, at: int, given: bytes, *, asks: bool) -> None:
    """Damage call `at`. With `asks` the worker waits for the user."""
    desk, (hook, whole), plain = one.desk, one.calls[at], one.workers[at + 1]
    desk.put_back(one.files[at])
    if asks:
        desk.record("escalated", gate="domain", summary="which?", request="r1", options=[])
    before, reply, after = desk.worker, desk.call(hook, given).reply, desk.worker
    read = read_as_json(given)
    believed = read.get("session_id") == whole["session_id"] and read.get("hook_event_name", hook) == hook
    assert after.status in (before.status, plain.status, one.workers[at].status)
    assert proven(after) <= proven(before) | proven(plain)
    if after.activity.state in CERTAIN and after.activity != before.activity:
        assert believed, f"shown as {after.activity.state} by a payload that may be of any conversation"
    if asks and after.escalation is None:
        assert hook == "UserPromptSubmit"
        assert isinstance(read.get("prompt"), str), "the user's answer is taken from words that were not read"
        assert read["prompt"].strip()
    if reply is not None and hook == "PermissionRequest":
        assert (read.get("tool_name"), read.get("transcript_path")) == ("ExitPlanMode", whole["transcript_path"])
    if hook == "PermissionRequest" and reply is None:
        assert attention(ObservedWorker(after, PANE, open=True), NOW, 300.0) is Attention.BLOCKED


def check_the_rest(one: Life, at: int) -> None:
    """The rest of the turn tells the truth again."""
    desk = one.desk
    for later, payload in one.calls[at + 1 :]:
        desk.call(later, json.dumps(payload).encode())
        if later == "Stop":
            assert (desk.worker.activity.state, desk.worker.dialogs) == (ActivityState.WAITING, ())
            break


def read_as_json(given: bytes) -> dict[str, Any]:
    try:
        found = json.loads(given.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def proven(worker: Worker) -> set[str]:
    """The words that are claimed to have reached the model."""
    return {piece.id for piece in worker.guidance if piece.state in (Delivery.DELIVERED, Delivery.READ)}


@pytest.mark.fast
@pytest.mark.parametrize("hook", ["SessionStart", "Stop", "SessionEnd"])
@pytest.mark.parametrize(
    "given", [b"", b"{", b"[]", b'{"session_id": null}', b'{"session_id": "s", "hook_event_name": "X"}']
)
def test_a_hook_that_cannot_be_read_leaves_the_worker_unknown(tmp_path: Path, hook: str, given: bytes) -> None:
    desk = Desk(tmp_path, "s")
    desk.call("UserPromptSubmit", b'{"session_id": "s", "prompt": "go", "hook_event_name": "UserPromptSubmit"}')
    desk.call(hook, given)
    assert desk.worker.activity.state is ActivityState.UNKNOWN
    assert hook in desk.worker.activity.detail
    assert attention(ObservedWorker(desk.worker, PANE, open=True), NOW, 300.0) is Attention.UNKNOWN


# --- transcripts ---


def damaged(rng: random.Random, whole: list[bytes]) -> bytes:
    """The transcript with one record damaged: in half of the cases the last one."""
    lines = [*whole]
    at = len(lines) - 1 if rng.random() < 0.5 else rng.randrange(len(lines))
    lines[at] = mutate.either(rng, json.loads(lines[at]))
    return b"\n".join(lines) + b"\n"


@pytest.mark.parametrize("count", COUNTS)
def test_a_damaged_transcript_proves_no_more_than_a_whole_one(tmp_path: Path, count: int) -> None:
    path, ids = tmp_path / "t.jsonl", ["g1", "g2", "g3", "g4"]
    whole = {version: as_lines([*transcript_of(version), only_queued(version)]) for version in TESTED}
    for lines in whole.values():
        path.write_bytes(b"\n".join(lines))
        assert transcript.accepted_in(str(path), 0, ids) == {"g1", "g2", "g3"}
        assert transcript.enqueued_in(str(path), 0, ids) == set(ids)
    for number in range(count):
        rng = random.Random(SEED + number)
        path.write_bytes(damaged(rng, whole[TESTED[number % len(TESTED)]]))
        assert transcript.accepted_in(str(path), 0, ids) <= {"g1", "g2", "g3"}, f"case {number}"
        assert transcript.enqueued_in(str(path), 0, ids) <= set(ids), f"case {number}"
        assert isinstance(transcript.hooked_at(str(path)), str)


def only_queued(version: str) -> dict[str, Any]:
    """A record of words that the agent has in its queue and the model has not been given."""
    found = next(record for record in transcript_of(version) if record.get("operation") == "enqueue")
    return {**found, "content": "Guidance g4 from human:\nlater"}


@pytest.mark.parametrize("count", COUNTS)
def test_a_plan_that_the_user_asked_for_is_never_the_agents(tmp_path: Path, count: int) -> None:
    path = tmp_path / "t.jsonl"
    whole = {}
    for version in TESTED:
        path.write_bytes(b"\n".join(as_lines(planning(version))) + b"\n")
        assert transcript.plan_is_the_agents(str(path))
        typed = next(record for record in transcript_of(version) if "permissionMode" in record and "message" in record)
        whole[version] = as_lines([*planning(version), {**typed, "permissionMode": "plan"}])
    for number in range(count):
        path.write_bytes(damaged(random.Random(SEED + number), whole[TESTED[number % len(TESTED)]]))
        assert not transcript.plan_is_the_agents(str(path)), f"case {number}: {path.read_bytes().splitlines()[-1]!r}"
