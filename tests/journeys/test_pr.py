"""`p`, and `orchestra pr`: a worker's pull request in the browser, or its address copied."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.events import happened
from support.person import HANG, Person, configure, write_issue
from support.terminal import Terminal, quick_fingers

from orchestra.commands.pr import openers
from orchestra.project.context import open_project

URL = "https://github.com/acme/widgets/pull/9"


def program(path: Path, *lines: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.fast
@pytest.mark.parametrize(
    ("environ", "there", "wanted"),
    [
        ({}, (), []),
        ({"BROWSER": "links"}, (), [("links", URL)]),
        ({"BROWSER": "'my browser' --new %s:w3m"}, (), [("my browser", "--new", URL), ("w3m", URL)]),
        ({"BROWSER": "it's:w3m"}, (), [("w3m", URL)]),
        ({}, ("xdg-open",), []),
        ({"DISPLAY": ":0"}, ("xdg-open",), [("xdg-open", URL)]),
        ({"WAYLAND_DISPLAY": "w"}, ("xdg-open", "open"), [("xdg-open", URL)]),
        ({"BROWSER": "links"}, ("open",), [("links", URL), ("open", URL)]),
    ],
)
def test_what_opens_an_address(
    environ: dict[str, str], there: tuple[str, ...], wanted: list[tuple[str, ...]], tmp_path: Path
) -> None:
    for name in there:
        program(tmp_path / name)
    assert list(openers(URL, {**environ, "PATH": str(tmp_path)})) == wanted


@pytest.mark.journey
def test_the_key_says_opens_or_copies(repo: Path, git: Callable[..., str], tmp_path: Path) -> None:
    quick_fingers()
    configure(repo, "agent: scripted", "tracker: local", "layout: still")
    layouts = repo / ".orchestra" / "layouts"
    layouts.mkdir(parents=True)
    (layouts / "still.yaml").write_text("windows:\n  - {window_name: workers, role: workers}\n")
    write_issue(repo, 124, "Never ends", HANG)
    git("-C", repo, "add", ".")
    git("-C", repo, "commit", "-qm", "issue")
    opened = tmp_path / "opened"
    browser = program(tmp_path / "bin" / "browser", "exit 1")
    local = Person(repo, {"BROWSER": browser})
    local.runs("spawn", "124")
    local.runs("up", "-d")
    terminal = Terminal(120, 20)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("#124 \u25b8 working")

    def press() -> None:
        terminal.press("C-b", "O")
        terminal.shows("which key?")
        terminal.press("p")

    press()
    terminal.shows("#124 has no pull request yet")
    assert "no pull request yet" in local.runs("pr", "124", code=1).err
    store = open_project(str(repo), local.environ, time.time).store
    pull = {"number": 9, "state": "open", "headSha": "0" * 40}
    assert not store.record("124", happened("shipped", "ship", url=URL, pullRequest=pull, local=False)).refused
    press()
    terminal.shows(f"copied {URL}")
    assert local.tmux("show-buffer") == URL
    program(Path(browser), f'echo "$@" > {opened}')
    press()
    terminal.shows(f"opened {URL}")
    assert opened.read_text().strip() == URL
    assert local.runs("pr", "124").out.strip() == URL
    local.runs("down")
    terminal.run(["env", "BROWSER=false", "PYTHONSAFEPATH=1", *project(repo), "pr", "124"])
    terminal.shows(URL)  # the workspace is closed: nothing is said to be copied
    assert "copied" not in terminal.text
    terminal.end()


def project(repo: Path) -> tuple[str, ...]:
    return ("sh", "-c", 'cd "$1" && shift; "$@"; read wait', "sh", str(repo), sys.executable, "-m", "orchestra")
