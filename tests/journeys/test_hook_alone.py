"""A hook alone, with nobody else to notice: bar, border and window's mark say that a worker needs the user."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually

from orchestra.project import entry_points

pytestmark = pytest.mark.journey


def test_a_hook_alone_sets_bar_border_and_the_window_s_mark(repo: Path, git: object) -> None:
    configure(repo)
    write_issue(repo, 1, "Publish it", HANG)
    subprocess.run(["git", "-C", str(repo), "add", "."], check=True)
    subprocess.run(["git", "-C", str(repo), "commit", "-qm", "issue"], check=True)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.sees("1", "working")
    person.tmux("kill-window", "-t", "monitor")
    eventually(lambda: "the monitor does not run" in person.runs("list").out, why="list to say so")
    assert [one["id"] for one in person.asks("doctor", code=1)["findings"] if one["id"][0] == "I"] == ["I13"]
    worker, project = person.asks("show", "1"), person.asks("list")["project"]
    assert "workers" in person.tmux("list-windows", "-a", "-F", "#{window_name}").split()

    hook = entry_points.hook_argv(person.environ["ORCHESTRA_HOME"], project, "claude")
    asked = {"hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": {"command": "npm publish"}}
    environ = {**person.environ, "ORCHESTRA_PROJECT": project, "ORCHESTRA_WORKER": "1"}
    waiting = subprocess.Popen(
        [*hook, "PermissionRequest", worker["nonce"]], env=environ, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert waiting.stdin is not None
    waiting.stdin.write(json.dumps(asked).encode())
    waiting.stdin.close()
    try:
        names = "#{window_name}"
        eventually(lambda: "workers\u25cf1" in person.tmux("list-windows", "-a", "-F", names).split(), why="the mark")
        assert person.tmux("show-options", "-v", "@orchestra_bar").startswith("\u25cf #1 permission: Bash: npm publish")
        labels = person.tmux("list-panes", "-a", "-F", "#{@orchestra_label}").splitlines()
        assert "#1 \u25cf permission" in labels
    finally:
        waiting.kill()
        waiting.wait()
    person.runs("down")
