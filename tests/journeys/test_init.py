"""The first minutes of a stranger: `init`, then `up` with nothing at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.person import Person, write_issue
from support.polling import eventually
from support.terminal import Terminal

from orchestra.config import schema, test_command

Git = Callable[..., str]
ORCHESTRA = [sys.executable, "-P", "-m", "orchestra"]


@pytest.mark.fast
@pytest.mark.parametrize(
    ("files", "command"),
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"Makefile": "build:\n\ntest: build\n\tgo\n", "go.mod": "module x"}, "make test", id="own word first"),
        pytest.param({"Makefile": "test := 1\nbuild:\n", "go.mod": "module x"}, "go test ./...", id="no target"),
        pytest.param({"Makefile": "check:\n"}, "make check", id="check"),
        pytest.param({"justfile": "test arg='x':\n  go\n"}, "just test", id="just"),
        pytest.param({"package.json": {"scripts": {"test": "jest"}}}, "npm test", id="npm"),
        pytest.param({"package.json": {"scripts": {"test": "jest"}}, "pnpm-lock.yaml": ""}, "pnpm test", id="pnpm"),
        pytest.param({"package.json": {"scripts": {"test": "x"}}, "bun.lock": ""}, "bun run test", id="bun"),
        pytest.param({"package.json": {"scripts": {"test": 'echo "Error: no test specified" && exit 1'}}}, "", id="npm init"),
        pytest.param({"package.json": "[" * 100_000}, "", id="deep"),
        pytest.param({"package.json": {"scripts": []}, "Cargo.toml": ""}, "cargo test", id="next one"),
        pytest.param({"pyproject.toml": "[tool.pytest]\n"}, "python -m pytest", id="pytest"),
        pytest.param({"pyproject.toml": "pytest", "uv.lock": ""}, "uv run pytest", id="uv"),
        pytest.param({"pyproject.toml": "[project]\n"}, "", id="no pytest"),
        pytest.param({"tox.ini": "[testenv]\n"}, "tox", id="tox"),
        pytest.param({"gradlew": "#!/bin/sh", "build.gradle": ""}, "./gradlew test", id="gradle"),
    ],
)  # fmt: skip
def test_how_to_verify_is_read_from_the_project(files: dict[str, object], command: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text))
    assert test_command.find_test_command(str(tmp_path))[0] == command


@pytest.mark.fast
def test_a_fifo_in_place_of_a_makefile_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Makefile")
    assert test_command.find_test_command(str(tmp_path)) == ("", "")


@pytest.mark.fast
def test_it_writes_what_holds_explains_it_and_changes_nothing_again(repo: Path) -> None:
    (repo / "Makefile").write_text("test:\n\ttrue\n")
    person = Person(repo)
    said = person.runs("init").out  # no terminal: nothing is asked
    text = (repo / "orchestra.yaml").read_text()
    found = schema.load([("orchestra.yaml", text)])
    assert (found.tracker, found.base, found.verify) == ("local", "main", "make test")
    assert stat.S_IMODE((repo / "orchestra.yaml").stat().st_mode) == 0o644
    assert "verify: make test  `ship` runs it: done is judged by it (from Makefile)" in said
    assert "base: main         the branch you are on" in said
    assert said.rstrip().endswith("next: orchestra up")
    assert [one["number"] for one in person.asks("issues")["issues"]] == [1]
    before = {path: path.read_bytes() for path in repo.rglob("*") if path.is_file() and ".git/" not in str(path)}
    assert "left as it is" in person.runs("init", "--yes").out
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.fast
def test_the_base_is_the_default_branch_of_the_remote(github_repo: Path, git: Git) -> None:
    git("-C", github_repo, "branch", "trunk")
    git("-C", github_repo, "push", "-q", "origin", "trunk")
    git("-C", github_repo, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    said = Person(github_repo).runs("init", "--yes").out
    assert "tracker: github" in said
    assert "base: trunk" in said
    assert "the default branch of origin" in said
    assert not (github_repo / ".orchestra").exists()


@pytest.mark.fast
def test_before_the_first_commit_it_says_that_one_is_needed(tmp_path: Path, git: Git) -> None:
    git("init", "-q", tmp_path / "new")
    person = Person(tmp_path / "new", {"PATH": os.environ["PATH"]})
    assert "first: a commit" in person.runs("init").out


@pytest.mark.journey
def test_a_wrong_answer_is_asked_again_and_leaving_at_a_question_leaves_nothing(repo: Path) -> None:
    terminal = Terminal(120, 24, {"PS1": "$ "})
    terminal.run(["sh", "-c", f"cd {repo} && exec sh"])
    questions = ("(github or local)? [local]:", "go back to? [main]:", "(- for none)? [-]:")
    for key in ("C-c", "C-d"):
        for answered in range(len(questions)):
            terminal.type("clear; " + " ".join(ORCHESTRA) + " init")
            terminal.press("Enter")
            for question in questions[:answered]:
                terminal.shows(question)
                terminal.press("Enter")
            terminal.shows(questions[answered])
            terminal.press(key)
            eventually(lambda: "orchestra: interrupted" in terminal.lines(), why="it to end, on a line of its own")
            assert not (repo / "orchestra.yaml").exists()
            assert not (repo / ".orchestra").exists()

    terminal.type("clear; " + " ".join(ORCHESTRA) + " init")
    terminal.press("Enter")
    for question, wrong, said in (
        (questions[0], "gitlab", "Error: expected one of github, local, got"),
        (questions[1], "no such", "Error: a branch name cannot hold a space"),
        (questions[1], "gone", "Error: there is no branch or commit 'gone'; see: git branch --all"),
    ):
        terminal.shows(question)
        terminal.type(wrong)
        terminal.press("Enter")
        terminal.shows(said)
        if wrong != "no such":
            terminal.press("Enter")
    terminal.shows(questions[2])
    terminal.press("Enter")
    terminal.shows("next: orchestra up")
    found = schema.load([("orchestra.yaml", (repo / "orchestra.yaml").read_text())])
    assert (found.tracker, found.base) == ("local", "main")
    terminal.end()


@pytest.mark.journey
def test_a_stranger_is_asked_three_things_and_told_what_comes_next(repo: Path) -> None:
    person = Person(repo)
    assert "run `orchestra init`" in person.runs("up", code=1).err
    terminal = Terminal(80, 24, {"PS1": "$ "})
    terminal.run(["sh", "-c", f"cd {repo} && exec sh"])
    terminal.type(" ".join(ORCHESTRA) + " init")
    terminal.press("Enter")
    terminal.shows("Where are the issues (github or local)? [local]:")
    terminal.press("Enter")
    terminal.shows("Which branch does work start from and go back to? [main]:")
    terminal.press("Enter")
    terminal.shows("Which command shows that the work is right (- for none)? [-]:")
    terminal.type('sh -c "true: #1"')
    terminal.press("Enter")
    terminal.shows("wrote .orchestra/issues/0001-first.md")
    terminal.shows("next: orchestra up")
    text = (repo / "orchestra.yaml").read_text()
    assert schema.load([("orchestra.yaml", text)]).verify == 'sh -c "true: #1"'

    (repo / "orchestra.yaml").write_text(text + "agent: scripted\n")
    shutil.rmtree(repo / ".orchestra")
    terminal.type("clear; " + " ".join(ORCHESTRA) + " up")
    terminal.press("Enter")
    terminal.shows("no issue yet: prefix O, then c, or orchestra new")  # a line in the workspace
    assert "greeting" not in person.tmux("show-hooks")
    terminal.end()
    write_issue(repo, 7, "Dark mode", "x")
    said = person.runs("up", "-d").err
    assert "no worker yet: prefix O, then s, or orchestra spawn\n" in said
    person.runs("spawn", "7", "--no-wait")
    assert "no worker yet" not in person.runs("up", "-d").err
    again = Terminal(81, 24)
    again.run(["tmux", "-L", "orchestra", "attach"])
    again.shows("1 working")
    eventually(lambda: "greeting" not in person.tmux("show-hooks"), why="the hook to be taken away")
    assert "no worker yet" not in again.text
    again.end()
