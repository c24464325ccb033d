from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT
from support.person import Person, configure, write_issue
from support.polling import eventually
from support.terminal import Terminal

PAGE = (ROOT / "docs" / "keys.md").read_text()


def offered(where: Path, words: str) -> list[str]:
    """What Tab offers for the last of these words, in bash."""
    count = len(words.split(" ")) - 1
    code = "import sys; sys.argv = ['orchestra']; from orchestra.cli.main import main; main()"
    person = Person(where, {"COMP_WORDS": words, "COMP_CWORD": str(count), "_ORCHESTRA_COMPLETE": "bash_complete"})
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=where, env=person.environ, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("orchestra up la", ["laptop"]),
        ("orchestra layout s", ["solo"]),
        ("orchestra worker status w", ["working"]),
        ("orchestra wait 1 --for complete,m", ["complete,merged"]),
        ("orchestra completion z", ["zsh"]),
        ("orchestra tell 9", []),
    ],
)
def test_tab_offers_what_fits(words: str, found: list[str], repo: Path) -> None:
    assert offered(repo, words) == found


@pytest.mark.fast
def test_in_a_subdirectory_tab_offers_the_layouts_of_the_repository(repo: Path) -> None:
    own = repo / ".orchestra" / "layouts"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("windows: [{window_name: mine}]\n")
    (own / "..bad.yaml").write_text("")
    below = repo / "src" / "deep"
    below.mkdir(parents=True)
    assert offered(below, "orchestra layout m") == ["mine"]
    assert offered(below, "orchestra up ") == ["board", "default", "laptop", "mine", "solo", "wide"]


@pytest.mark.fast
def test_outside_of_a_repository_tab_offers_the_layouts_that_ship(tmp_path: Path) -> None:
    assert offered(tmp_path, "orchestra up w") == ["wide"]


@pytest.mark.fast
def test_outside_of_a_repository_tab_offers_nothing_and_says_nothing(tmp_path: Path) -> None:
    assert offered(tmp_path, "orchestra show 1") == []


@pytest.mark.fast
def test_a_tab_loads_nothing_heavy(repo: Path) -> None:
    code = (
        "import os, sys; from orchestra.cli.completion import layouts, numbers, statuses; "
        "[offer(None, None, '1') for offer in (layouts, numbers, statuses)]; "
        "print(*sorted({'yaml', 'git', 'libtmux', 'ghapi', 'textual', 'rich'} & set(sys.modules)))"
    )
    configure(repo)
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=repo, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.journey
def test_in_a_real_bash_as_the_page_says(repo: Path, home: Path) -> None:
    """The line of docs/keys.md in ~/.bashrc, and Tab in an interactive bash."""
    configure(repo)
    person = Person(repo)
    for number in (12, 17, 123):
        write_issue(repo, number, "Never ends", "```script\nhang\n```")
    person.runs("spawn", "12", "17", "123", "--no-wait")
    (home / "bin").mkdir()
    (home / "bin" / "orchestra").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m orchestra "$@"\n')
    (home / "bin" / "orchestra").chmod(0o755)
    line = re.search(r"^(eval .*completion bash.*?\)\")", PAGE, re.MULTILINE)
    assert line
    (home / ".bashrc").write_text(f"PS1='$ '\n{line[1]}\n")
    terminal = Terminal(100, 24, {"PATH": f"{home / 'bin'}:{os.environ['PATH']}"})
    terminal.run(["bash", "-c", f"cd {repo} && exec bash -i"])
    terminal.shows("$")
    for typed, whole in (
        ("up lap", "up laptop "),
        ("layout wi", "layout wide "),
        ("show 17", "show 17 "),
        ("worker status pl", "worker status planning "),
        ("wait 12 --for complete,mer", "wait 12 --for complete,merged "),
    ):
        terminal.type(f"orchestra {typed}")
        terminal.press("Tab")
        terminal.type("x")
        terminal.shows(f"$ orchestra {whole}x")
        terminal.press("C-u")  # the line away, and the same prompt
        eventually(lambda: terminal.text.strip() == "$", why="an empty line")
    terminal.type("orchestra show 12")
    terminal.press("Tab", "Tab")
    terminal.shows("12   123")
    terminal.end()


@pytest.mark.fast
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(shell: str, repo: Path) -> None:
    assert "_ORCHESTRA_COMPLETE" in Person(repo).runs("completion", shell).out
