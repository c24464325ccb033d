"""A finished worker's pane is put away; what it has shown stays."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal
from support.warm import warm

pytestmark = pytest.mark.journey

DONE = '```script\nstatus working\nwrite a.txt "one"\ncommit One\nship\nwait\n```\n'


def pane(person: Person, number: str) -> str:
    listed = person.tmux("list-panes", "-a", "-F", "#{pane_id} #{@orchestra_worker}").splitlines()
    return next((line.split()[0] for line in listed if line.endswith(f" {number}")), "")


def test_a_pane_is_put_away_and_can_still_be_read(repo: Path, git: Callable[..., str]) -> None:
    configure(repo, "agent: scripted", "tracker: local", "workers: {max: 9}", "layout: still")
    (repo / ".orchestra" / "layouts").mkdir(parents=True)
    (repo / ".orchestra" / "layouts" / "still.yaml").write_text("windows: [{window_name: shell}]\n")
    write_issue(repo, 1, "Ends", DONE)
    write_issue(repo, 2, "Never ends", "```script\nstatus working\nhang\n```\n")
    with warm(Person(repo)) as person:
        walk(person, repo, git)


def walk(person: Person, repo: Path, git: Callable[..., str]) -> None:
    person.runs("up", "-d")
    person.tmux("kill-window", "-t", ":monitor")  # its passes are made one by one here
    person.runs("spawn", "1", "2")
    person.sees("1", "complete")
    eventually(lambda: person.asks("show", "1")["activity"]["state"] == "waiting", why="the turn to end")

    living = person.runs("log", "2", "--pane").out
    assert "Never ends" in living
    (kept,) = Path(person.environ["ORCHESTRA_HOME"]).glob("sessions/*/2")
    (kept / "screen.txt").write_text("old \x1b]0;x\x07 line\n" * 80_000)
    person.runs("cancel", "2")
    assert pane(person, "2") == ""
    assert stat.S_IMODE((kept / "screen.txt").stat().st_mode) == 0o600
    assert len((kept / "screen.txt").read_text()) == 1_000_000
    said = person.asks("log", "2", "--pane")["text"]
    assert said.startswith("old") or "\nold" in said
    assert "this pane was closed" in said
    assert said.rstrip().endswith(living.rstrip()[-200:])
    assert "\x1b" not in person.runs("log", "2", "--pane").out

    terminal = Terminal(80, 24)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    eventually(lambda: person.tmux("list-clients"), why="attached")
    person.tmux("select-window", "-t", pane(person, "1"), ";", "select-pane", "-t", pane(person, "1"))
    git("-C", repo, "merge", "-q", "issue-1")
    person.runs("monitor", "--once")
    assert person.status("1") == "merged"
    assert pane(person, "1")  # while the user looks at it, it stays
    person.tmux("select-window", "-t", ":shell")
    assert "its pane is put away" in person.runs("monitor", "--once").out
    assert pane(person, "1") == ""
    assert "Ends" in person.runs("log", "1", "--pane").out
    assert "its pane" not in person.runs("monitor", "--once").out
    assert person.asks("prune", "--dry-run")["removed"] == ["1", "2"]
    terminal.end()
