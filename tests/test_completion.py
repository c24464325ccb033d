from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from person import Person, configure, write_issue


def offered(where: Path, words: str) -> list[str]:
    """What Tab offers for the last of these words, in bash."""
    count = len(words.split(" ")) - 1
    code = "import sys; sys.argv = ['orchestra']; from orchestra.cli import main; main()"
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
        ("orchestra wait 1 --for complete,m", ["complete,merged"]),
        ("orchestra completion z", ["zsh"]),
        ("orchestra tell 9", []),
    ],
)
def test_tab_offers_what_fits(words: str, found: list[str], repo: Path) -> None:
    assert offered(repo, words) == found


@pytest.mark.fast
def test_outside_of_a_repository_tab_offers_nothing_and_says_nothing(tmp_path: Path) -> None:
    assert offered(tmp_path, "orchestra show 1") == []


@pytest.mark.journey
def test_tab_offers_the_workers(repo: Path) -> None:
    configure(repo)
    write_issue(repo, 12, "Never ends", "```script\nhang\n```")
    Person(repo).runs("spawn", "12", "--no-wait")
    assert offered(repo, "orchestra show 1") == ["12"]


@pytest.mark.fast
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(shell: str, repo: Path) -> None:
    assert "_ORCHESTRA_COMPLETE" in Person(repo).runs("completion", shell).out
