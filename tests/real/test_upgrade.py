"""An upgrade under three running real agents: a new environment at another path, and the old one is gone.

One agent shows a dialog, one is in a tool call, one waits at its prompt. Their hooks were given paths when they began.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.dialogs import hooks_of
from support.paths import ROOT
from support.person import Person, configure, write_issue
from support.polling import eventually

from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import KEY, private_home

pytestmark = [
    pytest.mark.real,
    pytest.mark.journey,
    pytest.mark.nightly,
    pytest.mark.timeout(400),
]
QUIET = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")  # fmt: skip


def installed(place: Path) -> str:
    """A virtual environment with a copy of the program; its dependencies are those of the tests. Its Python."""
    venv.create(place)
    library = place / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.copytree(ROOT / "orchestra", library / "orchestra", ignore=shutil.ignore_patterns("__pycache__"))
    for data in ("layouts", "prompts"):
        shutil.copytree(ROOT / data, library / "orchestra" / data)
    return str(place / "bin" / "python")


def bash(command: str) -> dict[str, Any]:
    return {"tool": "Bash", "input": {"command": command, "description": "step"}}


@pytest.fixture
def environ(home: Path, repo: Path, claude_program: Path) -> Iterator[dict[str, str]]:
    private_home(home, repo)
    configure(
        repo,
        f"agents: {{claude: {{command: {claude_program}, env: [CLAUDE_CODE_DISABLE_*]}}}}",
        "tracker: local",
        "gates: [external-api]",
    )
    gated = bash("npm publish 2>/dev/null; echo published >published.txt")
    long = bash("until [ -e go ]; do sleep 0.5; done; echo went >went.txt")
    for number, steps in enumerate(((gated,), (long,), ()), 1):
        write_issue(repo, number, f"Issue {number}", f"Please.\n\n{marker(*steps, {'text': 'The end.'})}")
    with MessagesApi() as api:
        yield {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": KEY, **dict.fromkeys(QUIET, "1")}


def test_three_agents_go_on_under_the_next_version(environ: dict[str, str], repo: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old environment", tmp_path / "new environment"
    before, after = Person(repo, environ, python=installed(old)), Person(repo, environ, python=installed(new))
    before.runs("up", "-d")
    before.runs("spawn", "1", "2", "3")

    def seen(number: str) -> dict[str, Any]:
        return dict(after.asks("show", number))

    eventually(lambda: before.asks("show", "1")["attention"] == "blocked" and hooks_of(before), 90, "the dialog of #1")
    place = Path(before.asks("show", "2")["worktreePath"])
    eventually(lambda: before.asks("show", "3")["activity"]["detail"] == "The end.", 90, "#3 to end its turn")
    eventually(lambda: before.asks("show", "2")["activity"]["state"] == "busy", 90, "#2 to be at work")
    panes = before.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_pid}").splitlines()

    after.runs("up", "-d")
    shutil.rmtree(old)

    after.runs("approve", "1")
    eventually(lambda: seen("1")["activity"]["detail"] == "The end.", 90, "#1 to go on after the approval")
    assert (Path(seen("1")["worktreePath"]) / "published.txt").exists()
    after.runs("tell", "2", f"More. {marker({'text': 'Read by two.'})}")
    (place / "go").touch()
    eventually(lambda: (place / "went.txt").exists(), 60, "the tool call of #2 to end")
    after.runs("tell", "3", f"More. {marker({'text': 'Read by three.'})}")
    for number in "23":
        eventually(lambda n=number: seen(n)["guidance"][-1]["state"] == "read", 90, f"#{number} to read the words")  # type: ignore[misc]
        eventually(lambda n=number: seen(n)["activity"]["state"] == "waiting", 90, f"#{number} to end its turn")  # type: ignore[misc]
    kept = after.tmux("list-panes", "-a", "-F", "#{@orchestra_worker} #{pane_pid}").splitlines()
    assert [pane for pane in kept if pane[0] in "123"] == [pane for pane in panes if pane[0] in "123"]
    assert not [one for one in after.asks("doctor", code=None)["findings"] if one["id"] == "E14"]
