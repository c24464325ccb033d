"""An upgrade from a release, with its own program: it opens the workspace, and this one goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import earlier
from support.person import ASK, HANG, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


@pytest.fixture
def before(repo: Path, tmp_path: Path) -> Person:
    """The user of release 0.1.0, with two workers that ask and one that works, and sessions beside them."""
    configure(repo)
    write_issue(repo, 1, "Asks", ASK)
    write_issue(repo, 2, "Hangs", HANG)
    write_issue(repo, 3, "Asks too", ASK.replace("colour", "size"))
    before = Person(repo, python=str(earlier.install("0.1.0", tmp_path / "earlier")))
    before.runs("up", "-d")
    before.runs("spawn", "1", "2", "3")
    for number in ("1", "3"):
        before.sees(number, "stuck")
    before.sees("2", "working")
    before.tmux("new-session", "-d", "-s", "mine", "sleep 1000")
    return before


def panes(person: Person) -> dict[str, str]:
    """Every worker's pane, and the user's, with its process."""
    form = "#{?@orchestra_worker,#{@orchestra_worker},#{session_name}} #{pane_pid}"
    found = dict(line.split() for line in person.tmux("list-panes", "-a", "-F", form).splitlines())
    return {name: pid for name, pid in found.items() if name.isdigit() or name == "mine"}


def files(home: Path) -> dict[str, Any]:
    """The session files, by worker."""
    return {path.stem: json.loads(path.read_text()) for path in home.glob(".orchestration/sessions/*/*.json")}


def test_running_workers_go_on_under_the_new_version(before: Person, repo: Path, home: Path) -> None:
    now = Person(repo)
    were, held = panes(before), files(home)
    monitors = before.tmux("list-panes", "-a", "-F", "#{window_name} #{pane_pid}")
    said = now.runs("up", "-d").err
    assert "its monitor, bar and borders are of this version now" in said
    assert panes(now) == were
    assert now.tmux("list-panes", "-a", "-F", "#{window_name} #{pane_pid}") != monitors
    for number, file in files(home).items():
        assert {key: file.get(key) for key in ("branch", "worktreePath", "agentSession", "nonce", "escalation")} == {
            key: held[number].get(key) for key in ("branch", "worktreePath", "agentSession", "nonce", "escalation")
        }
    (session,) = {line for line in now.tmux("list-sessions", "-F", "#{session_name}").splitlines() if line != "mine"}
    assert "@orchestra_alerts" in now.tmux("show-options", "-v", "-t", session, "status-right")
    assert "fg=" in now.tmux("show-options", "-wv", "-t", f"{session}:workers", "pane-border-style")
    assert "this version" not in now.runs("up", "-d").err
    assert now.asks("doctor")["ok"]
    now.runs("tell", "1", "red")
    now.sees("1", "complete")
    now.runs("tell", "3", "large")
    now.sees("3", "complete")
    assert panes(now) == were
    now.runs("down")
    assert set(panes(now)) == {"mine"}
    now.runs("up", "-d")
    eventually(lambda: len(panes(now)) == 4, why="three workers and the user's session")
    assert now.asks("doctor")["ok"]


def test_the_server_of_the_version_before_is_known_by_its_keys_when_only_sessions_of_the_user_are_left(
    before: Person, repo: Path
) -> None:
    before.runs("down")
    assert set(panes(before)) == {"mine"}
    mine = panes(before)
    now = Person(repo)
    now.runs("up", "-d")
    eventually(lambda: len(panes(now)) == 4, why="three workers and the user's session")
    assert panes(now)["mine"] == mine["mine"]
    now.runs("down")
    for table in ("orchestra", "prefix"):
        now.tmux("unbind-key", "-a", "-T", table)
    now.runs("up", "-d")  # marked by now


def test_the_version_before_keeps_what_it_does_not_know(before: Person, repo: Path, home: Path) -> None:
    now = Person(repo)
    now.runs("up", "-d")
    now.runs("tell", "1", "red")
    now.sees("1", "complete")
    held, were = files(home), panes(now)
    for verb in (["list"], ["show", "2"], ["up", "-d"], ["list", "--all"], ["doctor"], ["status"]):
        before.runs(*verb, code=None)
    assert panes(now) == were
    after = files(home)
    for number, file in held.items():
        assert set(file) <= set(after[number]), number
    now.runs("up", "-d")
    now.runs("tell", "3", "large")
    now.sees("3", "complete")


def test_a_session_file_of_a_newer_version_is_named_and_not_touched(repo: Path, home: Path) -> None:
    configure(repo)
    write_issue(repo, 1, "Asks", ASK)
    write_issue(repo, 2, "Asks too", ASK)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", "1", "2")
    for number in ("1", "2"):
        person.sees(number, "stuck")
    (path,) = home.glob(".orchestration/sessions/*/2.json")
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    journal, worktree = path.with_suffix(".jsonl"), repo.with_name("widgets-issue-2")
    held = path.read_bytes(), journal.read_bytes()
    for verb in (["show"], ["tell", "red"], ["cancel"], ["restart"]):
        said = person.runs(verb[0], "2", *verb[1:], code=None)
        assert said.code, verb
        assert "written by a newer version of orchestra (schema 2, known 1)" in said.err, said
    assert "newer version" in person.runs("list").out
    for verb in (["up", "-d"], ["prune"], ["monitor", "--once"], ["down"], ["up", "-d"]):
        person.runs(*verb, code=None)
    findings = person.asks("doctor", code=None)["findings"]
    assert [one["id"] for one in findings] == ["I10"], findings
    assert (path.read_bytes(), journal.read_bytes()) == held
    assert worktree.is_dir()
    path.write_bytes(held[0].replace(b'"schema": 2', b'"schema": 1'))
    person.runs("up", "-d")
    person.runs("tell", "2", "red")
    person.sees("2", "complete")
