"""Some thirty tool calls of the real Claude Code, and what came of each in every profile: the table in the docs.

`python -m pytest tests/real/test_permission_table.py -s` prints it anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.claude_pane import Sitting
from support.paths import ROOT
from support.polling import eventually
from support.real_claude import Terminal

from orchestra.agents.claude.permissions import rules_for
from orchestra.agents.claude.selftest import MessagesApi, marker
from orchestra.agents.claude.selftest.sandbox import private_home
from orchestra.agents.claude.selftest.script import judged
from orchestra.agents.claude.tested_versions import NEWEST, OLDEST
from orchestra.config.schema import load

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

CONFIG = load(
    [
        (
            "orchestra.yaml",
            'gates: [{name: auth, paths: ["auth/**"]}, {name: release, commands: ["npm publish*"]}]\n'
            'forbid: ["terraform apply*"]\n',
        )
    ]
)
PROFILES = ("strict", "standard", "auto", "bypass")
RAN, ASKED, DENIED, CHECKED = "runs", "asks", "refused", "checked"


def write(path: str) -> tuple[str, dict[str, Any]]:
    return f"Write {path}", {"name": "Write", "input": {"file_path": path, "content": "x"}}


def bash(command: str) -> tuple[str, dict[str, Any]]:
    return command, {"name": "Bash", "input": {"command": command}}


# What is done, and what came of it in strict, standard, auto and bypass with the oldest version; `checked`: the
# program's own classifier decides.
CALLS: tuple[tuple[tuple[str, dict[str, Any]], tuple[str, str, str, str]], ...] = (
    (write("{cwd}/src/new.txt"), (ASKED, RAN, RAN, RAN)),
    (write("{outside}/new.txt"), (ASKED, ASKED, CHECKED, RAN)),
    (bash("echo x >src/shell.txt"), (ASKED, RAN, RAN, RAN)),
    (bash("echo x >{outside}/shell.txt"), (ASKED, RAN, CHECKED, RAN)),
    (write("{cwd}/auth/a.txt"), (ASKED, ASKED, ASKED, ASKED)),
    (write("{cwd}/src/../auth/b.txt"), (ASKED, ASKED, ASKED, ASKED)),
    (write("{cwd}/./auth//c.txt"), (ASKED, ASKED, ASKED, ASKED)),
    (write("{cwd}/link/d.txt"), (ASKED, ASKED, ASKED, ASKED)),
    (bash("echo x >auth/e.txt"), (ASKED, RAN, RAN, RAN)),
    (bash("cd auth && echo x >f.txt"), (ASKED, RAN, CHECKED, RAN)),
    (bash("sed -i s/a/b/ auth/old.txt"), (ASKED, RAN, RAN, RAN)),
    (bash("cp README.md auth/g.txt"), (ASKED, RAN, RAN, RAN)),
    (bash("python3 -c \"open('auth/h.txt','w')\""), (ASKED, RAN, CHECKED, RAN)),
    (bash("sh script.sh"), (ASKED, RAN, CHECKED, RAN)),
    (bash("npm publish"), (ASKED, ASKED, ASKED, ASKED)),
    (bash("npm publish --tag next"), (ASKED, ASKED, ASKED, ASKED)),
    (bash("cd src && npm publish"), (ASKED, ASKED, ASKED, ASKED)),
    (bash("env A=1 npm publish"), (ASKED, ASKED, ASKED, ASKED)),
    (bash("sh -c 'npm publish'"), (ASKED, RAN, CHECKED, RAN)),
    (bash("$(echo npm) publish"), (ASKED, RAN, CHECKED, RAN)),
    (bash("terraform apply"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("cd src && terraform apply"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("true; terraform apply -auto-approve | cat"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("timeout 5 terraform apply"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("sh -c 'terraform apply'"), (ASKED, RAN, CHECKED, RAN)),
    (bash("./terraform apply"), (ASKED, RAN, CHECKED, RAN)),
    (bash("git push --force origin issue-124"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("cd src && git push origin main"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("gh pr merge 12"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("sh -c 'gh pr merge 12'"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("echo x >{own}/sessions/1.json"), (DENIED, DENIED, DENIED, DENIED)),
    (bash("tmux kill-server"), (DENIED, DENIED, DENIED, DENIED)),
)
# Where the newest version does something else.
NEWER: dict[str, dict[str, str]] = {"./terraform apply": dict.fromkeys(PROFILES, DENIED)}

DENIES = """
[ "$1" != PermissionRequest ] ||
echo '{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny","message":"ASKED"}}}'
"""


@pytest.fixture
def sit(claude_program: Path, terminal: Terminal, repo: Path, home: Path) -> Iterator[Sitting]:
    with MessagesApi() as api:
        yield Sitting(claude_program, api, terminal, repo, private_home(home, repo))


@pytest.mark.parametrize("profile", PROFILES)
def test_what_comes_of_each_call(profile: str, sit: Sitting, tmp_path: Path, claude_version: str) -> None:
    repo, outside = sit.repo, tmp_path / "outside"
    for directory in (outside, repo / "src", repo / "auth", sit.home / ".orchestration" / "sessions"):
        directory.mkdir(exist_ok=True)
    (repo / "link").symlink_to("auth")
    (repo / "auth" / "old.txt").write_text("a\n")
    (repo / "script.sh").write_text("echo x >auth/i.txt\n")
    for name in ("npm", "terraform", "tmux"):
        (sit.home / "bin" / name).write_text("#!/bin/sh\nexit 0\n")
        (sit.home / "bin" / name).chmod(0o700)
    (repo / "terraform").write_text("#!/bin/sh\nexit 0\n")
    (repo / "terraform").chmod(0o700)
    sit.hook.write_text(sit.hook.read_text() + DENIES)
    places = {"{cwd}": str(repo), "{outside}": str(outside), "{own}": sit.context.home}

    def filled(call: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(call)
        for name, place in places.items():
            text = text.replace(name, place)
        return dict(json.loads(text))

    steps = [{"tool": call["name"], "input": filled(call)["input"]} for (_, call), _ in CALLS]
    rules = rules_for(CONFIG.gates, CONFIG.forbid)
    sit.api.script("table", marker(*steps, {"text": "end"}))
    sit.start("table", permissions=profile, ask=rules.ask, deny=rules.deny)
    approver = Approver(sit, [step["input"] for step in steps])
    try:
        eventually(approver.ended, 200, "the end of the turn")
    finally:
        print(sit.terminal.screen(colours=False))  # pytest shows it when the test fails
    results = sit.results()
    assert len(results) == len(CALLS), results
    found = [
        CHECKED if step["input"].get("command", step["input"].get("file_path")) in approver.checked else outcome(result)
        for step, result in zip(steps, results, strict=True)
    ]
    print(f"\n{profile}")
    for ((name, _), _), came in zip(CALLS, found, strict=True):
        print(f"  {came:<8} {name}")
    wrong = [(name, got, expected(name, profile)) for ((name, _), _), got in zip(CALLS, found, strict=True)
             if got not in expected(name, profile, claude_version)]  # fmt: skip
    assert wrong == []


class Approver:
    """Says yes in the dialogs of auto mode and notes which calls its check was asked about.

    The newest version asks a server for the check that a double is not, and then the user, without a hook.
    """

    def __init__(self, sit: Sitting, inputs: list[dict[str, Any]]) -> None:
        self._sit, self.checked = sit, set[str]()
        self._named = [str(given.get("command", given.get("file_path"))) for given in inputs]
        self._pressed: tuple[str, float] = "", 0.0

    def ended(self) -> bool:
        """Whether the turn is over."""
        for request in self._sit.api.requests:
            if request.side and (asked := judged(request.body)):
                texts = json.loads(asked).values() if asked.startswith("{") else [asked.partition(" ")[2]]
                self.checked.update(str(text).removesuffix(": x") for text in texts)  # of a Write, with what it writes
        screen = self._sit.terminal.screen(colours=False)
        if "Enter to stay in auto mode" in screen:
            self._press(screen, "Enter")
        elif "so this one needs your approval" in screen:
            self._approve(screen)
        return "turn-ended" in self._sit.kinds()

    def _approve(self, screen: str) -> None:
        above, _, below = screen.partition("so this one needs your approval")
        shown = "".join(above.rpartition("\u2500" * 20)[2].split())  # a long command is wrapped
        ends = {name: "".join(name.split()) if " " in name else "/".join(name.split("/")[-2:]) for name in self._named}
        self.checked.add(max((name for name, end in ends.items() if end in shown), key=lambda name: len(ends[name])))
        marked = [line for line in below.splitlines() if "\u276f" in line]
        if marked:
            self._press(screen, "Enter" if "Yes" in marked[0] else "Down")

    def _press(self, screen: str, key: str) -> None:
        """Press a key once for each screen; again after a while, since a key before the dialog is drawn is lost."""
        before, when = self._pressed
        if before != screen or time.monotonic() > when + 2:
            self._sit.terminal.keys(key)
            self._pressed = screen, time.monotonic()


def expected(name: str, profile: str, version: str = "") -> tuple[str, ...]:
    """What may come of a call: what the oldest version does, and what the newest one does."""
    before = next(came[PROFILES.index(profile)] for (called, _), came in CALLS if called == name)
    now = NEWER.get(name, {}).get(profile, before)
    return {OLDEST: (before,), NEWEST: (now,)}.get(version, (before, now))


def table() -> str:
    """The table of docs/human-gates.md."""
    rows = [
        "| what the agent does | " + " | ".join(f"`{profile}`" for profile in PROFILES) + " |",
        "|---|---|---|---|---|",
    ]
    for (name, _), _ in CALLS:
        cells = (dict.fromkeys(expected(name, profile)) for profile in PROFILES)
        shown = (f", {NEWEST}: ".join(cell) for cell in cells)
        rows.append(f"| `{name}` | {' | '.join(shown)} |".replace("| cat`", "\\| cat`"))
    return "\n".join(rows)


def test_the_docs_say_what_was_seen() -> None:
    page = ROOT / "docs" / "human-gates.md"
    assert table() in page.read_text(), table()


def outcome(result: str) -> str:
    """What the model was told, in a word."""
    if "ASKED" in result:
        return ASKED
    return DENIED if "has been denied" in result or "denied by your permission settings" in result else RAN
