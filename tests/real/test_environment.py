"""The real agent logs in by key, by queue, and when the monitor brings it back after kill -9.

The API key is in the environment of one command only: the `orchestra up` that opened the workspace.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import real_claude
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal, quick_fingers

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import KEY, private_home

pytestmark = [
    pytest.mark.real,
    pytest.mark.journey,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="it looks at the agent's process"),
]
claude_program = real_claude.claude_program
Git = Callable[..., str]

QUIET = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")  # fmt: skip


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    with MessagesApi() as served:
        yield served


def test_the_agent_is_logged_in_by_key_by_queue_and_after_a_kill(
    repo: Path, home: Path, api: MessagesApi, claude_program: Path, git: Git
) -> None:
    quick_fingers()
    private_home(home, repo)
    program = f"{{command: {claude_program}, env: [CLAUDE_CODE_DISABLE_*]}}"
    configure(repo, "tracker: local", "workers: {max: 1}", f"agents: {{claude: {program}}}", "layout: desk")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "desk.yaml").write_text(
        "windows:\n  - {window_name: shell, role: shell, focus: true}\n  - {window_name: workers, role: workers}\n"
        "  - {window_name: monitor, role: monitor}\n"
    )
    for number in ("1", "2"):
        write_issue(repo, int(number), f"Issue {number}", f"Do it.\n\n{marker({'text': f'I am number {number}.'})}")
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    Person(repo, {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")}).runs(
        "up", "-d"
    )
    bare = Person(repo)
    terminal = Terminal(120, 40)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("no workers")
    terminal.type("clear; echo 'see #1'; tput cuu 1; read wait")
    terminal.press("Enter")
    terminal.shows("see #1")
    terminal.press("C-b", "O")
    terminal.shows("which key?")
    terminal.press("s")
    eventually(lambda: "● I am number 1." in bare.screen("1"), 90, "the agent that a key started to have answered")

    bare.runs("spawn", "2")
    assert bare.status("2") == "queued"
    pane = bare.asks("show", "1")["pane"]["id"]
    agent = int(bare.tmux("display-message", "-p", "-t", pane, "#{pane_pid}"))
    os.kill(agent, signal.SIGKILL)
    eventually(
        lambda: "started again" in bare.runs("log", "1").out or bare.asks("show", "1")["attempts"]["restart"], 60
    )
    eventually(lambda: bare.screen("1").count("● I am number 1.") >= 1 and "❯" in bare.screen("1"), 60, "it to be back")
    assert "Not logged in" not in bare.screen("1")
    bare.runs("tell", "1", f"Again. {marker({'text': 'Here I am.'})}")
    eventually(lambda: "● Here I am." in bare.screen("1"), 60, "an answer after the kill")

    bare.runs("cancel", "1")
    eventually(lambda: "● I am number 2." in bare.screen("2"), 90, "the agent that the queue started to have answered")
    terminal.end()
