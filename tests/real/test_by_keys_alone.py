"""From a thought to a merged change by keys alone, with the real Claude Code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.by_keys import counted_in_docs, journey
from support.person import Person, configure, write_issue
from support.terminal import quick_fingers

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import KEY, QUIET, private_home
from orchestra.agents.claude.selftest.script import bash

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.timeout(300)]

QUESTION = {
    "question": "Round half up, or to even?",
    "header": "Round",
    "multiSelect": False,
    "options": [{"label": label, "description": f"to {label}"} for label in ("up", "even")],
}
TASK = marker(
    bash("orchestra worker status working"),
    {"tool": "AskUserQuestion", "input": {"questions": [QUESTION]}},
    {"tool": "Write", "input": {"file_path": "{{cwd}}/prices.txt", "content": "one\ntwo, rounded even\nthree\n"}},
    bash("npm publish 2>/dev/null; git add . && git commit -qm Round"),
    bash("orchestra worker ship"),
    {"text": "Shipped."},
    {"wait": True},
    {"tool": "Write", "input": {"file_path": "{{cwd}}/notes.txt", "content": "say what is counted\n"}},
    bash("git add . && git commit -qm Notes && orchestra worker ship"),
    {"text": "Done."},
)


def test_a_thought_is_merged_by_keys_alone(
    repo: Path, home: Path, claude_program: Path, git: Callable[..., str]
) -> None:
    quick_fingers()
    private_home(home, repo)
    command = f"agents: {{claude: {{command: {claude_program}, env: [CLAUDE_CODE_DISABLE_*]}}}}"
    configure(repo, command, "tracker: local", "gates: [external-api]")
    write_issue(repo, 1, "An issue that is there", "text", state="closed")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "config")
    with MessagesApi() as api:
        person = Person(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")})
        count = journey(person, "2", lambda: None, (TASK,), "npm publish")
        assert (repo / "prices.txt").read_text() == "one\ntwo, rounded even\nthree\n"
        assert (repo / "notes.txt").read_text() == "say what is counted\n"
        assert person.status("2") == "merged"
        assert count == counted_in_docs()
