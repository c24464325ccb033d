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

from orchestra.commands.pr import open_in_browser
from orchestra.project.context import open_project

URL = "https://github.com/acme/widgets/pull/9"


def program(path: Path, *lines: str) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("browser", "there", "opened"),
    [
        ("", (), False),
        ("links", ("links",), True),
        ("links", (), False),
        ("'{}/my browser' --new %s:w3m", ("my browser",), True),
        ("links --new", ("links",), True),
        ("it's:w3m", ("w3m",), True),
    ],
)
def test_what_opens_an_address(browser: str, there: tuple[str, ...], opened: bool, tmp_path: Path) -> None:
    for name in there:
        program(tmp_path / name, f'echo "$@" > {tmp_path}/opened')
    environ = {"BROWSER": browser.format(tmp_path), "PATH": str(tmp_path), "TERM": "xterm"}
    assert open_in_browser(URL, environ) is opened
    assert opened is (tmp_path / "opened").exists()
    assert not opened or URL in (tmp_path / "opened").read_text()


@pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")  # the browser is not waited for
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_browser_that_fails_has_not_opened_and_one_that_stays_has(tmp_path: Path) -> None:
    program(tmp_path / "browser", "exit 3")
    assert not open_in_browser(URL, {"BROWSER": str(tmp_path / "browser"), "PATH": str(tmp_path)})
    program(tmp_path / "browser", "/bin/sleep 8")
    assert open_in_browser(URL, {"BROWSER": str(tmp_path / "browser"), "PATH": str(tmp_path)})


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
        terminal.key_table()
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
