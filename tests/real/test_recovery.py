"""The tmux server ends under real Claude Code agents in the middle of a tool call: the same conversations go on."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra import processes
from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import KEY, private_home

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]

NUMBERS = ("1", "2", "3")
LONG = "echo begun >> begun.txt; test -e ../go || exec sleep 987654"
QUIET = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")  # fmt: skip


def bash(command: str) -> dict[str, Any]:
    return {"tool": "Bash", "input": {"command": command, "description": "step"}}


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi() as served:
        yield served


@pytest.fixture
def person(repo: Path, home: Path, api: MessagesApi, claude_program: Path, git: Git) -> Person:
    private_home(home, repo)
    configure(
        repo, "tracker: local", f"agents: {{claude: {{command: {claude_program}, env: [CLAUDE_CODE_DISABLE_*]}}}}"
    )
    for number in NUMBERS:
        script = marker(bash("orchestra worker status working"), bash(LONG), {"text": f"I am number {number}."})
        write_issue(repo, int(number), f"Issue {number}", f"Do it.\n\n{script}")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")})


def in_a_tool_call(person: Person) -> bool:
    """All three run the long command."""
    places = [Path(one["worktreePath"]) for one in person.asks("list")["workers"]]
    return len(places) == len(NUMBERS) and all((place / "begun.txt").exists() for place in places)


def said_to(api: MessagesApi, number: str) -> str:
    """The conversation of a worker as the program sent it last."""
    issue = f"I am number {number}."
    own = [request.body for request in api.requests if not request.side and issue in json.dumps(request.body)]
    return json.dumps(own[-1]["messages"])


@pytest.mark.parametrize("how", ["kill-server", pytest.param("kill -9", marks=pytest.mark.nightly)])
def test_three_in_the_middle_of_a_tool_call(person: Person, api: MessagesApi, repo: Path, how: str) -> None:
    person.runs("up", "-d")
    person.runs("spawn", *NUMBERS)
    eventually(lambda: in_a_tool_call(person), 60, "three tool calls")
    sessions = {one["id"]: one["agentSession"] for one in person.asks("list")["workers"]}
    nonces = {one["nonce"] for one in person.asks("list")["workers"]}
    if how == "kill-server":
        person.tmux("kill-server")
    else:
        os.kill(int(person.tmux("display-message", "-p", "#{pid}")), signal.SIGKILL)
    (repo.parent / "go").touch()

    began = time.monotonic()
    person.runs("up", "-d")
    eventually(lambda: all(f"● I am number {n}." in person.screen(n) for n in NUMBERS), 60, "all to have gone on")
    assert time.monotonic() - began < 30
    workers = person.asks("list")["workers"]
    assert {one["id"]: one["agentSession"] for one in workers} == sessions
    assert {one["status"] for one in workers} == {"working"}
    for number in NUMBERS:
        said = said_to(api, number)
        assert said.count("[[stub:") == 1, said  # its issue, once
        assert said.count("You were interrupted by a restart.") == 1, said
        begun = (repo.parent / f"widgets-issue-{number}" / "begun.txt").read_text()
        assert begun in ("begun\nbegun\n", "begun\n"), begun  # the call that was cut off, and its repetition
    left = [one for one in processes.marked_processes() if one.nonce in nonces and b"987654" in cmdline(one.pid)]
    assert not left
    found = [one for one in person.asks("doctor", code=None)["findings"] if one["id"].startswith("I")]
    assert found == []


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
