"""The recipes of docs/keys.md, each run as it is printed there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.paths import ROOT
from support.person import HANG, Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal

pytestmark = pytest.mark.journey

PAGE = (ROOT / "docs" / "keys.md").read_text()
THEME = "set -g @thm_crust '#11111b'\nset -g @thm_peach '#fab387'\nset -g status-right 'theirs'\n"


def blocks(language: str) -> list[str]:
    """The fenced blocks of the page in this language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def person(repo: Path, home: Path) -> Person:
    """A user whose repository is at ~/src/widgets, with `orchestra` on the PATH."""
    configure(repo)
    write_issue(repo, 7, "Dark\x1b[31m mode\tnow", HANG)
    write_issue(repo, 8, "Export", HANG)
    (home / "src").mkdir()
    (home / "src" / "widgets").symlink_to(repo)
    programs = home / "bin"
    programs.mkdir()
    (programs / "orchestra").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m orchestra "$@"\n')
    (programs / "fzf").write_text("#!/bin/sh\nexec head -1\n")  # somebody who takes the first line
    for program in programs.iterdir():
        program.chmod(0o755)
    return Person(home / "src" / "widgets", {"PATH": f"{programs}:{os.environ['PATH']}"})


def shell(person: Person, command: str) -> str:
    argv = ["bash", "-c", command]
    done = subprocess.run(argv, cwd=person.where, env=person.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    return done.stdout


def workers(person: Person) -> list[str]:
    return [one["id"] for one in person.asks("list")["workers"]]


@pytest.mark.skipif(shutil.which("jq") is None, reason="the recipe needs jq")
def test_pickers_spawn_what_was_picked(person: Person) -> None:
    (recipe,) = blocks("sh")
    shell(person, recipe)
    assert workers(person) == ["7"]
    config = yaml.safe_load(blocks("yaml")[0])
    command = config["keybindings"]["issues"][0]["command"]
    filled = command.replace("{{.RepoPath}}", config["repoPaths"]["acme/widgets"]).replace("{{.IssueNumber}}", "8")
    assert "spawned" in shell(person.at(Path("/")), filled)
    assert workers(person) == ["7", "8"]


@pytest.mark.parametrize("which", [0, 1], ids=["bare", "catppuccin"])
def test_the_bar_in_a_theme(which: int, person: Person) -> None:
    """In a server of the user's own, with what the theme has set before."""
    snippet = Path(person.environ["HOME"]) / "snippet.conf"
    snippet.write_text(THEME + blocks("tmux")[which])
    terminal = Terminal(120, 24, person.environ)
    terminal.run(["tmux", "-L", "theirs", "-f", str(snippet), "new-session", "sleep 1000"])
    terminal.shows("theirs")
    eventually(lambda: re.search(r"theirs +no workers *$", terminal.text), why="ours beside theirs")
    if which:
        assert "48;" in terminal("capture-pane", "-p", "-e")  # the theme's colour behind it
    terminal.end()


def test_the_segment_of_tmux_powerline(person: Person) -> None:
    (segment,) = blocks("bash")
    assert shell(person.at(Path("/")), segment + "run_segment") == "no workers\n"
