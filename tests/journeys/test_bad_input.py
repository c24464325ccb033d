"""Bad input: one clear sentence, exit code 1 or 2, and nothing half done."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.boards import settled
from support.github_double import Double
from support.person import Person, configure, write_issue

from orchestra.ui.console import Console
from orchestra.ui.screens.app import Orchestra
from orchestra.ui.screens.base import View
from orchestra.ui.screens.board import BoardView
from orchestra.ui.screens.choices import issues_picker

pytestmark = pytest.mark.journey

SPAWN = ("spawn", "1", "--no-wait")


def nothing_happened(person: Person, repo: Path, git: Callable[..., str]) -> None:
    assert git("-C", repo, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert not git("-C", repo, "branch", "--list", "issue-*")
    sessions = Path(person.environ["ORCHESTRA_HOME"], "sessions")
    assert not list(sessions.rglob("*.json*"))
    assert not person.tmux("list-panes", "-a")


def local(repo: Path, *lines: str) -> None:
    configure(repo, *(lines or ("agent: scripted", "tracker: local")))
    write_issue(repo, 1, "Add a note", "Body.")


def closed(repo: Path) -> None:
    local(repo)
    write_issue(repo, 1, "x", "y", state="closed")


def linked(repo: Path) -> None:
    local(repo)
    (repo / "orchestra.yaml").rename(repo / "real.yaml")
    (repo / "orchestra.yaml").symlink_to("real.yaml")


def home_is_a_file(repo: Path) -> None:
    local(repo)
    Path(os.environ["ORCHESTRA_HOME"]).write_text("")


CASES: list[tuple[str, Callable[[Path], None], tuple[str, ...], str]] = [
    ("no remote and no local issues", lambda repo: configure(repo, "agent: scripted"), SPAWN, "no GitHub remote and no local issues"),
    ("no remote, up", lambda repo: configure(repo, "agent: scripted"), ("up", "-d"), "no GitHub remote and no local issues"),
    ("unknown issue", local, ("spawn", "99"), "99"),
    ("closed issue", closed, SPAWN, "is closed"),
    ("a path as an id", local, ("spawn", "../x"), "not an issue number"),
    ("zero", local, ("spawn", "0"), "not an issue number"),
    ("digits of another script", local, ("spawn", "１２３"), "not an issue number"),
    ("a line break in an id", local, ("spawn", "1\n"), "not an issue number"),
    ("an option as an id", local, ("spawn", "--", "-1"), "not an issue number"),
    ("a wrong key", lambda repo: local(repo, "agent: scripted", "worktre: x"), SPAWN, "orchestra.yaml:2"),
    ("a wrong type", lambda repo: local(repo, "agent: scripted", "workers: {max: many}"), SPAWN, "orchestra.yaml:2"),
    ("no YAML", lambda repo: local(repo, "agent: [scripted"), ("list",), "orchestra.yaml:"),
    ("tabs", lambda repo: local(repo, "agent: scripted", "workers:", "\tmax: 3"), ("list",), "indent with spaces"),
    ("a link as config", linked, ("list",), "is a symbolic link, which is not followed"),
    ("a file as home", home_is_a_file, ("list",), "is not a directory"),
    ("an alias bomb", lambda repo: local(repo, "a: &a [x]", "b: *a"), ("list",), "orchestra.yaml:"),
    ("an unknown agent", lambda repo: local(repo, "agent: robot"), SPAWN, "robot"),
    ("an agent that is not installed", lambda repo: local(repo, "tracker: local", "agents: {claude: {command: no-such-claude}}"), SPAWN, "not installed"),
    ("an unknown layout", local, ("up", "garbage", "-d"), "garbage"),
    ("an unknown prompt", local, ("spawn", "1", "--prompt", "garbage"), "garbage"),
    ("an unknown base", local, ("spawn", "1", "--base", "no-such-branch"), "no-such-branch"),
    ("an option as base", local, ("spawn", "1", "--base", "--output=x"), "--output"),
    ("a worktree below a file", lambda repo: local(repo, "agent: scripted", "worktree: orchestra.yaml/x-{id}"), SPAWN, "is not a directory"),
    ("no worker to show", local, ("show", "7"), "no worker #7"),
    ("no worker to tell", local, ("tell", "7", "hello"), "no worker #7"),
    ("no worker to wait for", local, ("wait", "7"), "no worker #7"),
    ("no worker to cancel", local, ("cancel", "7"), "no worker #7"),
    ("no worker to remove", local, ("prune", "7"), "no worker #7"),
    ("an unknown status to wait for", local, ("wait", "7", "--for", "done"), "names no status"),
    ("a worker verb outside a worker's pane", local, ("worker", "ship"), "not a worker's pane"),
    ("nothing to attach to", local, ("attach",), "not open"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "argv", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_one_sentence_and_nothing_half_done(
    repo: Path, git: Callable[..., str], make: Callable[[Path], None], argv: tuple[str, ...], sentence: str
) -> None:
    make(repo)
    person = Person(repo)
    said = person.runs(*argv, code=None)
    assert said.code in (1, 2), said
    assert sentence in said.out + said.err, said
    assert len((said.out + said.err).splitlines()) <= 3, said
    nothing_happened(person, repo, git)


def test_a_repository_that_calls_itself_bare_is_named_and_fixed(repo: Path, git: Callable[..., str]) -> None:
    local(repo)
    person = Person(repo)
    git("-C", repo, "config", "core.bare", "true")
    for argv in (("list",), ("spawn", "1"), ("up", "-d")):
        assert "core.bare is true" in person.runs(*argv, code=1).err
    assert "core.bare false; or: orchestra doctor --fix" in person.runs("doctor", code=1).out
    assert "core.bare" not in person.runs("doctor", "--fix", code=None).out
    assert git("-C", repo, "config", "core.bare") == "false"
    assert "0 workers" in person.runs("list").out


def test_a_local_issue_that_cannot_be_read_is_named(repo: Path) -> None:
    local(repo)
    (repo / ".orchestra/issues/0002-b.md").write_text("---\ntitle: [\n---\n")
    person = Person(repo)
    said = person.runs("issues")
    assert "Add a note" in said.out
    assert "left out: .orchestra/issues/0002-b.md:" in said.err
    assert [one["number"] for one in person.asks("issues")["issues"]] == [1]
    assert "E18 warning: .orchestra/issues/0002-b.md:" in person.runs("doctor").out


def test_the_board_and_the_picker_name_an_issue_that_cannot_be_read(repo: Path) -> None:
    local(repo)
    (repo / ".orchestra/issues/0002-b.md").write_text("---\ntitle: [\n---\n")
    console = Console(str(repo), {**os.environ, "LANG": "C.UTF-8"}, time.time)
    named = "left out: .orchestra/issues/0002-b.md"

    async def shows(view: Callable[[], View]) -> None:
        async with Orchestra(console, view).run_test(size=(120, 30)) as pilot:
            assert "Add a note" in await settled(pilot, named)

    asyncio.run(shows(BoardView))
    asyncio.run(shows(lambda: issues_picker(console.project)))


def test_not_a_repository(tmp_path: Path) -> None:
    said = Person(tmp_path).runs("list", code=1)
    assert "not a git repository" in said.err


def test_a_directory_that_was_removed_since(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    typed = f"rmdir {gone}; exec {sys.executable} -P -m orchestra list"
    done = subprocess.run(["sh", "-c", typed], cwd=gone, capture_output=True, text=True, check=False)
    said = "orchestra: the directory you are in does not exist any more"
    assert (done.returncode, done.stderr.startswith(said)) == (1, True), done.stderr


def test_json_errors_are_one_document(repo: Path) -> None:
    found = Person(repo).asks("show", "7", code=1)
    assert found["error"]["message"] == "there is no worker #7"
    assert "orchestra spawn 7" in found["error"]["hint"]


def test_a_usage_error_is_code_2(repo: Path) -> None:
    assert Person(repo).runs("spawn", code=2).err


@pytest.mark.parametrize("missing", ["tmux", "git"])
def test_a_missing_tool(repo: Path, tmp_path: Path, missing: str) -> None:
    local(repo)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in {"tmux", "git", "sh", "env"} - {missing}:
        (tools / name).symlink_to(shutil.which(name) or "")
    said = Person(repo, {"PATH": str(tools)}).runs("up", "-d", code=1)
    assert missing in said.err
    assert "install" in said.err


@pytest.mark.parametrize(("tool", "says"), [("tmux", "tmux 2.9a"), ("git", "git version 2.20.1")])
def test_a_tool_too_old(repo: Path, tmp_path: Path, tool: str, says: str) -> None:
    local(repo)
    tools = tmp_path / "tools"
    tools.mkdir()
    real = shutil.which(tool)
    (tools / tool).write_text(
        f'#!/bin/sh\ncase "$*" in *-V|*--version|version) echo "{says}";; *) exec {real} "$@";; esac\n'
    )
    (tools / tool).chmod(0o755)
    said = Person(repo, {"PATH": f"{tools}:{os.environ['PATH']}"}).runs("up", "-d", code=1)
    assert "too old" in said.err or "2.31" in said.err


def test_the_worktrees_place_is_taken(repo: Path, git: Callable[..., str]) -> None:
    local(repo)
    (repo.parent / "widgets-issue-1").mkdir()
    person = Person(repo)
    said = person.runs(*SPAWN, code=1)
    assert "exists already" in said.out
    nothing_happened(person, repo, git)
    assert (repo.parent / "widgets-issue-1").is_dir()


# --- GitHub ---


@pytest.fixture
def on_github(github_repo: Path, github: Double) -> Person:
    configure(github_repo, "agent: scripted")
    return Person(github_repo)


def test_a_pull_request_is_no_issue(
    on_github: Person, github: Double, github_repo: Path, git: Callable[..., str]
) -> None:
    git("-C", github_repo, "switch", "-qc", "topic")
    git("-C", github_repo, "commit", "-q", "--allow-empty", "-m", "x")
    git("-C", github_repo, "push", "-q", "origin", "topic")
    git("-C", github_repo, "switch", "-q", "main")
    number = github.add_pull("topic")
    assert "is a pull request" in on_github.runs("spawn", str(number), code=1).out
    nothing_happened(on_github, github_repo, git)


def test_an_issue_that_is_not_there(on_github: Person) -> None:
    assert "no issue #404" in on_github.runs("spawn", "404", code=1).out


def test_no_token(on_github: Person, github: Double) -> None:
    del on_github.environ["GH_TOKEN"]
    said = on_github.runs("spawn", "1", code=1)
    assert "no GitHub token for github.com" in said.out
    assert "gh auth login" in said.out


def test_a_token_that_github_refuses(on_github: Person, github: Double) -> None:
    github.add_issue(number=1)
    on_github.environ["GH_TOKEN"] = "wrong-token-of-mine"
    said = on_github.runs("spawn", "1", code=1)
    assert "refused the token" in said.out + said.err
    assert "wrong-token-of-mine" not in said.out + said.err


def test_a_repository_that_is_not_there(
    on_github: Person, github: Double, github_repo: Path, git: Callable[..., str]
) -> None:
    git("-C", github_repo, "remote", "set-url", "origin", "https://github.com/acme/gone.git")
    said = on_github.runs("spawn", "1", code=1)
    assert "acme/gone" in said.out + said.err


# --- hostile titles ---

TITLES = [
    "#(touch CANARY)",
    "#{E:#(touch CANARY)}",
    "$(touch CANARY) `touch CANARY` ; touch CANARY",
    "#[fg=red]#[align=right]#[",
    "#{p2000000000:x}",
    "x;' ; run-shell 'touch CANARY",
    "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "a\u202eb\u2066c\u200bd\u241ee",
    "-t =0: {{body}} {id} %H",
    "\u202e" + "ｗｉｄｅ 漢字 " * 30,
]


def test_a_hostile_title_is_only_text(repo: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    titles = {str(n): title.replace("CANARY", str(canary)) for n, title in enumerate(TITLES, 1)}
    configure(repo, "agent: scripted", "tracker: local", f"workers: {{max: {len(titles)}}}")
    for number, title in titles.items():
        script = "```script\nstatus working\nescalate " + json.dumps("Q " + title) + "\n```"
        write_issue(repo, int(number), title, script)
    person = Person(repo)
    person.runs("up", "-d")
    person.runs("spawn", *titles)

    def is_text(*argv: str) -> None:
        said = person.runs(*argv)
        assert not set(said.out + said.err) & {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200b"}, argv

    for number, title in titles.items():
        person.sees(number, "stuck", timeout=90)
        is_text("show", number)
        is_text("log", number)
        is_text("tell", number, "--", title)
    is_text("list")
    is_text("list", "--json")
    is_text("issues")
    bar = person.tmux("show-options", "-v", "@orchestra_bar")
    assert "\x1b" not in bar
    person.runs("list")
    assert person.tmux("display-message", "-p", "alive") == "alive"
    assert not canary.exists()
    for line in person.tmux("list-windows", "-a", "-F", "#{window_name}").splitlines():
        assert line.rstrip("0123456789\u25cf\u2714") in (
            "orchestrator",
            "workers",
            "workers-",
            "monitor",
        )  # our mark of the worst in it
