"""The user's shell and what its start-up files do: workers start, and what is typed into windows arrives."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import ASK, Person, configure, write_issue
from support.polling import eventually

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
Git = Callable[..., str]

NOISE = """
echo 'welcome to this machine'; printf '\\033]0;title\\007'
alias git='echo aliased'; alias orchestra='echo aliased'; alias cd='echo no'
PROMPT_COMMAND="echo direnv: loading .envrc"; precmd() { echo "mise: activated"; }
export PATH=/usr/bin:/bin
"""
RC = {
    "prints, has aliases and hooks": NOISE,
    "is slow and asks": "sleep 4; printf 'update now? [y/n] '; read answer",
    "ends the shell": "exit 3",
    "starts tmux": "exec tmux -L other new-session -A -s main",
    "execs another shell": '[ -n "$DEPTH" ] || { export DEPTH=1; exec sh; }',
}
FISH = {
    "fish prints": "echo welcome; sleep 4",
    "fish starts tmux": "exec tmux -L other new-session -A -s main",
}
CASES = [
    *(("bash", ".bashrc", RC[name]) for name in ("prints, has aliases and hooks", "ends the shell")),
    *(("zsh", ".zshrc", text) for text in RC.values()),
    *(("fish", ".config/fish/config.fish", text) for text in FISH.values()),
]
NAMES = ["bash prints, has aliases and hooks", "bash ends the shell", *(f"zsh {name}" for name in RC), *FISH]


@pytest.mark.parametrize(("shell", "file", "text"), CASES, ids=NAMES)
def test_a_worker_starts_and_answers_whatever_the_shell_does(
    shell: str, file: str, text: str, repo: Path, home: Path, git: Git
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    for name in {file, ".profile", ".bash_profile"} if shell != "fish" else {file}:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text + "\n")
    (home / ".tmux.conf").write_text(f"set -g default-shell {program}\n")
    configure(repo, "agent: scripted", "tracker: local")
    write_issue(repo, 1, "Ask", ASK)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issues")
    person = Person(repo, {"SHELL": program})
    person.runs("up", "-d")
    person.runs("spawn", "1")
    person.sees("1", "stuck")
    person.runs("tell", "1", "blue")
    person.sees("1", "complete")
    eventually(lambda: person.asks("list")["warning"] is None, why="the monitor to run")
