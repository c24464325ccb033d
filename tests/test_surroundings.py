"""Other people's machines: their tmux configuration, their locale, their full disks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import eventually
from person import Person, configure, write_issue

pytestmark = pytest.mark.journey
Git = Callable[..., str]

WORK = '```script\nstatus working\nwrite a.txt "one"\ncommit One\nship\n```\n'
ASK = '```script\nstatus working\nescalate "Which?" --option red --option blue\nwrite c.txt "{answer}"\ncommit C\nship\n```\n'
CONFIGS = {
    "base-index": "set -g base-index 1\nsetw -g pane-base-index 1",
    "renumber": "set -g renumber-windows on\nset -g base-index 3",
    "dash": "set -g default-shell /bin/dash\nset -g default-command 'exec /bin/dash'",
    "remain-on-exit": "setw -g remain-on-exit on\nset -g destroy-unattached off",
    "prefix": "unbind C-b\nset -g prefix C-a\nbind C-a send-prefix\nset -g mode-keys vi\nset -g status-keys vi",
    "theme": "set -g status-left '#[bg=red]#S '\nset -g status-right '%H:%M #(echo theme)'\nset -g status 2",
    "broken": "set -g no-such-option on\nsource-file /nowhere/at/all",
    "C locale": "",
}


@pytest.fixture
def local(repo: Path, git: Git) -> Person:
    configure(repo, "agent: scripted", "tracker: local", "verify: 'true'")
    write_issue(repo, 1, "Work", WORK)
    write_issue(repo, 2, "Ask", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    return Person(repo)


@pytest.mark.parametrize("name", list(CONFIGS))
def test_the_main_journey_under_other_configurations(
    local: Person, home: Path, name: str, repo: Path, git: Git
) -> None:
    (home / ".tmux.conf").write_text(CONFIGS[name] + "\n")
    person = Person(repo, {"LC_ALL": "C", "LANG": "C"}) if name == "C locale" else local
    person.runs("up", "-d")
    assert [one["result"] for one in person.asks("spawn", "1", "2")["results"]] == ["spawned"] * 2
    person.sees("2", "stuck")
    person.runs("tell", "2", "2")
    person.runs("wait", "1", "2", "--timeout", "60")
    assert git("-C", repo, "show", "issue-2:c.txt") == "blue"
    panes = person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}")
    person.runs("up", "-d")
    assert person.tmux("list-panes", "-a", "-F", "#{pane_id} #{pane_pid}") == panes
    person.runs("down")
    assert "brought back: #1, #2" in person.runs("up", "-d").err
    eventually(lambda: all(one["pane"] for one in person.asks("list")["workers"]), why="both to be back")


@pytest.fixture
def small_disk(home: Path, tmp_path: Path) -> Iterator[Path]:
    """$ORCHESTRA_HOME on a file system of its own, of 512 KiB and 400 files."""
    place = tmp_path / "small"
    place.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", "size=512k,nr_inodes=400,mode=0700", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(argv, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, what: str) -> None:
    """Use up all its room, or all its inodes."""
    try:
        if what == "room":
            with (place / "filling").open("wb", buffering=0) as file:
                while True:
                    file.write(b"x" * 512)
        for number in range(1000):
            (place / f"filling-{number}").touch()
    except OSError:
        return


@pytest.mark.parametrize("what", ["room", "inodes"])
def test_a_full_disk(local: Person, small_disk: Path, repo: Path, what: str) -> None:
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
    assert "#2" in person.runs("list").out
    assert any(one["id"] == "E4" for one in person.asks("doctor", code=None)["findings"])
    for path in small_disk.glob("filling*"):
        os.unlink(path)
    person.runs("up", "-d")
    assert person.runs("tell", "2", "red", code=None).code in (0, 1)
    found = [one for one in person.asks("doctor", code=None)["findings"] if one["id"] in ("I5", "I10")]
    assert not found
