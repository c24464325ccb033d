"""An upgrade under a running workspace: what the version before has started and written goes on with this one.

Version 0.1.0 kept all modules in one directory. Its agents hold the path of its hook (`orchestra/hook.py`) in their
settings until they end, and its session files have fewer keys. Both are rebuilt here as it left them.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT
from support.person import ASK, HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform != "linux", reason="the agent's command line is read from /proc"),
]
OLD_HOOK = str(ROOT / "orchestra" / "hook.py")
NEW_HOOK = "/bin/orchestra-hook"  # in $ORCHESTRA_HOME

# Keys of a session file that 0.1.0 wrote for every worker; nine more came only with what they tell of.
OLD_KEYS = frozenset(
    [
        "schema",
        "id",
        "issueNumber",
        "status",
        "resumeStatus",
        "issueTitle",
        "issueUrl",
        "issueAuthor",
        "statusSince",
        "branch",
        "base",
        "baseCommit",
        "worktreePath",
        "agent",
        "agentSession",
        "startedAt",
        "lastHeartbeat",
        "nonce",
        "stuckReason",
        "forwardedMessage",
        "pullRequestUrl",
        "planPath",
        "activity",
        "escalation",
        "dialogs",
        "guidance",
        "pullRequest",
        "attempts",
        "signatures",
        "approvals",
        "after",
        "fed",
        "launchedAt",
        "transcriptPath",
        "journalBytes",
    ]
)


@pytest.fixture
def person(repo: Path) -> Person:
    """A user with two workers: #1 has asked a question, #2 works for ever."""
    configure(repo)
    write_issue(repo, 1, "Asks", ASK)
    write_issue(repo, 2, "Hangs", HANG)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2")
    person.sees("1", "stuck")
    person.sees("2", "working")
    return person


def directory(person: Person, number: str) -> Path:
    (sessions,) = (Path(person.environ["HOME"]) / ".orchestration" / "sessions").iterdir()
    return sessions / number


def events(person: Person, number: str) -> list[tuple[str, str]]:
    journal = directory(person, number).with_suffix(".jsonl")
    return [(one["event"], one["by"]) for one in map(json.loads, journal.read_text().splitlines())]


def pane_of(person: Person, number: str) -> tuple[str, str]:
    """The worker's pane and the process in it."""
    for line in person.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_id} #{pane_pid}").splitlines():
        worker, _, rest = line.partition(" ")
        if worker == number:
            pane, pid = rest.split()
            return pane, pid
    raise AssertionError(number)


def launch_as_before(person: Person, number: str) -> None:
    """Have the worker's agent run as 0.1.0 has launched it: its hooks call `orchestra/hook.py`."""
    settings = directory(person, number) / "settings.json"
    new = f"{person.environ['HOME']}/.orchestration{NEW_HOOK}"
    assert new in settings.read_text()
    settings.write_text(settings.read_text().replace(new, shlex.join([sys.executable, "-I", "-S", OLD_HOOK])))
    pane, pid = pane_of(person, number)
    argv, environ = (
        [os.fsdecode(part) for part in Path(f"/proc/{pid}/{name}").read_bytes().split(b"\0") if part]
        for name in ("cmdline", "environ")
    )
    argv[argv.index("--session-id")] = "--resume"
    if "--prompt-file" in argv:
        del argv[argv.index("--prompt-file") : argv.index("--prompt-file") + 2]
    script = directory(person, number) / "as-before.sh"
    script.write_text(f"exec env -i {shlex.join(environ)} {shlex.join(argv)}\n")
    before = len(events(person, number))
    worktree = str(person.asks("show", number)["worktreePath"])
    person.tmux("set-option", "-p", "-u", "-t", pane, "@orchestra_started")  # 0.1.0 did not write down what it starts
    person.tmux("respawn-pane", "-k", "-c", worktree, "-t", pane, "/bin/sh", str(script))
    eventually(
        lambda: ("started", "hook:SessionStart") in events(person, number)[before:], why="the old hook path to be heard"
    )


def write_as_before(person: Person, number: str) -> None:
    """The session file with the keys that 0.1.0 wrote."""
    path = directory(person, number).with_suffix(".json")
    found = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in found.items() if key in OLD_KEYS}))


def test_agents_of_the_version_before_are_heard_and_go_on(person: Person) -> None:
    launch_as_before(person, "1")
    write_as_before(person, "1")
    heard = len(events(person, "1"))
    assert "its question is answered" in person.runs("tell", "1", "red").out
    person.sees("1", "complete")
    told = events(person, "1")[heard:]
    assert ("accepted", "hook:UserPromptSubmit") in told
    assert ("shipped", "ship") in told
    eventually(lambda: ("turn-ended", "hook:Stop") in events(person, "1")[heard:], why="the end of its turn")


def test_a_workspace_of_the_version_before_is_brought_back(person: Person) -> None:
    for number in ("1", "2"):
        launch_as_before(person, number)
    person.tmux("kill-server")
    for number in ("1", "2"):
        write_as_before(person, number)
    assert "brought back: #1, #2" in person.runs("up", "-d").err
    eventually(
        lambda: [person.asks("show", one)["pane"]["dead"] for one in ("1", "2")] == [False, False], why="two panes"
    )
    settings = directory(person, "2") / "settings.json"
    eventually(lambda: NEW_HOOK in settings.read_text(), why="it to be launched anew, by this version")
    assert person.asks("show", "1")["escalation"]["summary"] == "Which colour?"
    person.runs("tell", "1", "blue")
    person.sees("1", "complete")
    assert person.asks("doctor")["ok"]


def test_a_hook_by_its_old_path_ends_with_0_whatever_it_is_given(repo: Path) -> None:
    for argv in ([], ["claude", "Stop", "n1"], ["tmux", "pane-died", "%1"]):
        done = subprocess.run(
            [sys.executable, "-I", "-S", OLD_HOOK, *argv], input=b"{", capture_output=True, check=False, cwd=repo
        )
        assert (done.returncode, done.stdout) == (0, b"")
