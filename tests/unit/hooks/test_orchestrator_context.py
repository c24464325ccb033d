"""What the orchestrator hears with each prompt: what changed since the last one, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.events import happened

from orchestra.hooks import orchestrator_context
from orchestra.storage.session_store import Store

pytestmark = pytest.mark.fast


def test_only_what_changed_is_told(home: Path) -> None:
    store = Store(str(home / "o"), "acme-widgets", lambda: 1_767_870_900.0)
    assert orchestrator_context.changes_since_last_prompt(store) is None
    store.record("124", happened("spawned", "human", id="124", title="Add \x1b[31mauth", nonce="n"))
    store.record("125", happened("spawned", "human", id="125", title="Dark mode", nonce="n"))
    first = orchestrator_context.changes_since_last_prompt(store)
    assert first is not None
    assert "#124 Add [31mauth is registered" in first
    assert "#125" in first
    assert orchestrator_context.changes_since_last_prompt(store) is None
    asked = {"gate": "domain", "summary": "Which?", "options": ["a", "b"], "request": "r"}
    store.record("124", happened("escalated", "worker", **asked))
    second = orchestrator_context.changes_since_last_prompt(store)
    assert second is not None
    assert "#124" in second
    assert "stuck: asks 'Which?' (a | b)" in second
    assert "#125" not in second
