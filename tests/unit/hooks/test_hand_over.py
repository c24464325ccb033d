"""Queued words that a busy agent is given by its hook: in order, and no more than it reads of a hook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.events import happened

from orchestra.agents.claude import hooks
from orchestra.core.models import Delivery
from orchestra.hooks import entry
from orchestra.storage.session_store import Store

pytestmark = pytest.mark.fast

NOW = 1_767_870_900.0
SESSION = "0b1a6a2c-53f5-4f7e-9c57-6f3f0c1f2c11"
LONG = "y" * 10_000


def of_a_hook(home: Path, store: Store, hook: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the hook hands to the model."""
    payload = {
        "session_id": SESSION,
        "hook_event_name": hook,
        "transcript_path": "/t",
        "cwd": "/w",
        "tool_name": "Bash",
        "tool_input": {"command": "true"},
        "tool_response": {},
    }
    (home / "payload").write_text(json.dumps(payload))
    environ = {"ORCHESTRA_HOME": store.home, "ORCHESTRA_PROJECT": "p", "ORCHESTRA_WORKER": "124"}
    with (home / "payload").open("rb") as file:
        monkeypatch.setattr(entry, "STDIN", file.fileno())
        reply: Any = entry.run(["claude", hook, "n124"], environ).reply or {}
    return str(reply.get("hookSpecificOutput", {}).get("additionalContext", "") or reply.get("reason", ""))


@pytest.mark.parametrize(
    ("texts", "given", "again"),
    [
        (["one", "two"], 2, 0),
        ([LONG], 0, 0),
        (["one", LONG, "two"], 1, 0),
        (["a" * 5000, "b" * 5000], 1, 1),
    ],
    ids=["short ones at once", "too long for a hook", "none overtakes another", "the rest by the next hook"],
)
def test_no_more_than_the_agent_reads_of_a_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], given: int, again: int
) -> None:
    store = Store(str(tmp_path), "p", lambda: NOW)
    claim = {"id": "124", "title": "x", "nonce": "n124", "agent": "claude", "agentSession": SESSION, "base": "main"}
    store.record("124", happened("spawned", "human", branch="b", worktreePath="/w", baseCommit="0" * 40, **claim))
    for text in texts:
        assert not store.record("124", happened("told", "human", text=text, **{"from": "human"})).refused

    def states() -> list[Delivery]:
        worker = store.read("124")
        assert worker is not None
        return [one.state for one in worker.guidance]

    said = of_a_hook(tmp_path, store, "PostToolUse", monkeypatch)
    assert len(said) <= hooks.MOST_WORDS
    assert states() == [Delivery.SENT] * given + [Delivery.QUEUED] * (len(texts) - given)
    assert [text for text in texts if text in said] == texts[:given]
    mailbox = Path(store.file("124", "mailbox"))
    assert mailbox.exists() is (0 < given < len(texts)), "the next hook looks again where something is left"
    of_a_hook(tmp_path, store, "PostToolUse", monkeypatch)
    assert states()[given : given + again] == [Delivery.SENT] * again
