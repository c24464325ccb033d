"""Other people's machines: their tmux configuration, their locale, their full disks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import mounts
from support.person import Person, configure, write_issue
from support.polling import eventually

pytestmark = pytest.mark.journey
Git = Callable[..., str]

WORK = '```script\nstatus working\nwrite a.txt "one"\ncommit One\nship\n```\n'
ASK = '```script\nstatus working\nescalate "Which?" --option red --option blue\nwrite c.txt "{answer}"\ncommit C\nship\n```\n'
CONFIGS = {
    "indexes": "set -g base-index 1\nsetw -g pane-base-index 1\nset -g renumber-windows on",
    "fish": "set -g default-shell FISH",
    "dash": "set -g default-shell /bin/dash\nset -g default-command 'exec /bin/dash'",
    "remain-on-exit": "setw -g remain-on-exit on\nset -g destroy-unattached off",
    "keys": "unbind C-b\nset -g prefix C-a\nbind C-a send-prefix\nset -g mode-keys vi\nset -g status-keys vi\nset -g mouse off",
    "theme": """
set -g status 2
set -g status-position top
set -g status-interval 1
set -g status-style bg=#1e1e2e,fg=#cdd6f4
set -g status-left-length 100
set -g status-left '#[bg=red]#{?client_prefix,#[bold],} #S #[default]#(echo left) '
set -g status-right-length 20
set -g status-right '#[fg=green]#(uptime | cut -c1-9)#[default] %H:%M #{pane_current_command} '
set -g status-format[1] '#[align=centre]#(echo second line) #{W:#I#F }'
setw -g window-status-format ' #I #W#{?window_flags,#{window_flags}, } '
setw -g window-status-current-format '#[reverse] #I #W '
setw -g pane-border-status bottom
setw -g pane-border-format ' #P #{pane_title} '
setw -g automatic-rename on
setw -g automatic-rename-format '#{b:pane_current_path}'
set -g set-titles on
""",
    "lifetimes": """
set -s exit-empty off
set -s exit-unattached on
set -g destroy-unattached on
set -g detach-on-destroy on
set -g default-command 'exec sh -c "exec sh"'
setw -g aggressive-resize on
set -g history-limit 10
set -g default-terminal screen
""",
    "hooks": """
set-hook -g after-new-session 'set-option status-right theirs'
set-hook -g after-new-window 'rename-window theirs'
set-hook -g after-split-window 'select-layout even-vertical'
set-hook -g after-set-option 'display-message set'
set-hook -g after-kill-pane 'select-layout tiled'
set-hook -g window-renamed 'setw automatic-rename on'
set-hook -g pane-focus-in 'display-message in'
set-hook -g pane-died 'kill-pane'
set-hook -g pane-exited 'display-message gone'
set-hook -g alert-bell 'kill-session'
""",
    "broken": "set -g no-such-option on\nsource-file /nowhere/at/all",
    "C locale": "",
}


# What does not contradict each other, at once; each of them alone by night.
TOGETHER = {
    "indexes, keys, a broken line, C locale": ("indexes", "keys", "broken", "C locale"),
    "dash, remain-on-exit, theme": ("dash", "remain-on-exit", "theme"),
    "lifetimes, hooks": ("lifetimes", "hooks"),
}


@pytest.fixture
def local(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "verify: 'true'")
    write_issue(repo, 1, "Work", WORK)
    write_issue(repo, 2, "Ask", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


@pytest.mark.parametrize(
    "names",
    [
        *(pytest.param(names, id=name) for name, names in TOGETHER.items()),
        *(pytest.param((name,), id=name, marks=pytest.mark.nightly) for name in CONFIGS),
    ],
)
def test_the_main_journey_under_other_configurations(
    local: Person, home: Path, names: tuple[str, ...], repo: Path, git: Git
) -> None:
    fish = shutil.which("fish")
    if "fish" in names and fish is None:
        pytest.skip("fish is not installed")
    (home / ".tmux.conf").write_text("\n".join(CONFIGS[name] for name in names).replace("FISH", fish or "") + "\n")
    person = Person(repo, {"LC_ALL": "C", "LANG": "C"}) if "C locale" in names else local
    person.runs("up", "-d")
    assert [one["result"] for one in person.asks("spawn", "1", "2")["results"]] == ["spawned"] * 2
    person.sees("2", "stuck")
    person.runs("tell", "2", "2")
    person.runs("wait", "1", "2", "--timeout", "60")
    assert git("-C", repo, "show", "issue-2:c.txt") == "blue"
    assert "@orchestra_bar" in person.tmux("show-options", "-v", "status-right")
    panes = person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}")
    person.runs("up", "-d")
    assert person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}") == panes
    person.runs("down")
    assert "brought back: #1, #2" in person.runs("up", "-d").err
    eventually(lambda: all(one["pane"] for one in person.asks("list")["workers"]), why="both to be back")


def test_the_server_of_another_program_on_our_socket_is_left_alone(repo: Path, git: Git) -> None:
    """Another project's tool uses a tmux socket of the same name."""
    configure(repo, "agent: scripted", "tracker: local")
    write_issue(repo, 1, "One", WORK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo)
    begin = ["tmux", "-L", "orchestra", "-f", "/dev/null", "new-session", "-d", "-s", "theirs", "sleep 1000"]
    subprocess.run(begin, check=True)

    def state() -> list[str]:
        asked = (
            "list-sessions",
            "list-keys",
            "show-options -s",
            "show-options -g",
            "show-options -gw",
            "show-hooks -g",
        )
        return [person.tmux(*one.split()) for one in asked]

    before = state()
    try:
        for verb in (("up", "-d"), ("spawn", "1")):
            said = person.runs(*verb, code=1)
            assert "was started by another program" in said.out + said.err
            assert "tmux: {socket: NAME}" in said.out + said.err
        for other in ("list", "status", "down"):
            person.runs(other, code=None)
        assert state() == before
        configure(repo, "agent: scripted", "tracker: local", "tmux: {socket: other}")
        person.runs("up", "-d")
        person.runs("spawn", "1")
        person.sees("1", "complete")
        person.runs("down")
        assert state() == before
    finally:
        person.tmux("kill-server")


@pytest.fixture
def small_disk(home: Path, tmp_path: Path) -> Iterator[Path]:
    """$ORCHESTRA_HOME on a file system of its own, of 512 KiB and 400 files."""
    with mounts.tmpfs(tmp_path / "small", "size=512k", "nr_inodes=400", "mode=0700") as place:
        yield place


def fill(place: Path, what: str) -> None:
    """Use up all its room, or all its inodes, or let nothing be written."""
    if what == "read-only":
        subprocess.run(["mount", "--bind", str(place), str(place)], check=True)  # over it: the monitor writes below
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        return
    try:
        if what == "room":
            with (place / "filling").open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 512)
        for number in range(1000):
            (place / f"filling-{number}").touch()
    except OSError:
        return


@pytest.mark.parametrize("what", ["room", "read-only", pytest.param("inodes", marks=pytest.mark.nightly)])
def test_a_disk_that_takes_nothing(local: Person, small_disk: Path, repo: Path, what: str) -> None:
    person = Person(repo, {"ORCHESTRA_HOME": str(small_disk)})
    person.runs("up", "-d")
    person.runs("spawn", "2")
    before = person.sees("2", "stuck")
    fill(small_disk, what)
    for argv in (["tell", "2", "red " * 5000], ["spawn", "1"], ["pause", "2"]):
        said = person.runs(*argv, code=None)
        if said.code:
            assert said.code == 1, said
            assert len(said.err.strip().splitlines()) <= 2, said
    row = person.asks("show", "2")
    assert row["status"] in (before["status"], "working", "paused", "complete")
    listed = person.runs("list").out
    assert "2  \u25cf question" in listed
    assert "nothing new is recorded: orchestra doctor" in listed
    found = [one for one in person.asks("doctor", code=None)["findings"] if one["id"] == "E4"]
    assert "error" in [one["severity"] for one in found], found
    eventually(lambda: "nothing new is recorded" in person.tmux("show-options", "-v", "@orchestra_bar"), why="the bar")
    assert "the monitor does not run" not in person.runs("list").out, "it had its look at the disk"
    if what == "read-only":
        subprocess.run(["umount", "-l", str(small_disk)], check=True)
    for path in small_disk.glob("filling*"):
        os.unlink(path)
    person.runs("up", "-d")
    assert person.runs("tell", "2", "red", code=None).code in (0, 1)
    found = [one for one in person.asks("doctor", code=None)["findings"] if one["id"] in ("I5", "I10")]
    assert not found


def test_a_turn_that_ended_on_a_full_disk_is_found_out_afterwards(local: Person, small_disk: Path, repo: Path) -> None:
    """Neither its question nor the end of its turn could be recorded: it is not busy for ever."""
    asks = '```script\nstatus working\nrun until test -e full; do :; done\nescalate "Which?"\n```\n'
    write_issue(repo, 3, "Ask too late", asks)
    person = Person(repo, {"ORCHESTRA_HOME": str(small_disk)})
    person.runs("up", "-d")
    person.runs("spawn", "3")
    worktree = Path(person.sees("3", "working")["worktreePath"])
    fill(small_disk, "room")
    eventually(lambda: "nothing new is recorded" in person.tmux("show-options", "-v", "@orchestra_bar"), why="the bar")
    (worktree / "full").touch()
    eventually(lambda: "could not be written" in person.screen("3").replace("\n", ""), why="the refusal")
    assert person.asks("show", "3")["activity"]["state"] == "busy"
    for path in small_disk.glob("filling*"):
        os.unlink(path)
    eventually(lambda: person.asks("show", "3")["activity"]["state"] == "waiting", 60, why="the end of the turn")
    assert "nothing could be recorded for a while" in person.runs("log", "3").out
