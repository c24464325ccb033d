"""Some thirty tool calls of the real Claude Code, and what came of each in every profile: the table in the docs.

`python -m pytest tests/test_gates_table.py -s` prints it anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.claude_pane import Sitting
from support.paths import ROOT
from support.polling import eventually
from support.real_claude import Terminal, claude_home

from orchestra.agents.claude.permissions import rules_for
from orchestra.agents.claude.selftest import MessagesApi, marker
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
PROFILES = ("strict", "standard", "bypass")
RAN, ASKED, DENIED = "runs", "asks", "refused"


def write(path: str) -> tuple[str, dict[str, Any]]:
    return f"Write {path}", {"name": "Write", "input": {"file_path": path, "content": "x"}}


def bash(command: str) -> tuple[str, dict[str, Any]]:
    return command, {"name": "Bash", "input": {"command": command}}


# What is done, and what came of it in strict, standard and bypass.
CALLS: tuple[tuple[tuple[str, dict[str, Any]], tuple[str, str, str]], ...] = (
    (write("{cwd}/src/new.txt"), (ASKED, RAN, RAN)),
    (write("{outside}/new.txt"), (ASKED, ASKED, RAN)),
    (bash("echo x >src/shell.txt"), (ASKED, RAN, RAN)),
    (bash("echo x >{outside}/shell.txt"), (ASKED, RAN, RAN)),
    (write("{cwd}/auth/a.txt"), (ASKED, ASKED, ASKED)),
    (write("{cwd}/src/../auth/b.txt"), (ASKED, ASKED, ASKED)),
    (write("{cwd}/./auth//c.txt"), (ASKED, ASKED, ASKED)),
    (write("{cwd}/link/d.txt"), (ASKED, ASKED, ASKED)),
    (bash("echo x >auth/e.txt"), (ASKED, RAN, RAN)),
    (bash("cd auth && echo x >f.txt"), (ASKED, RAN, RAN)),
    (bash("sed -i s/a/b/ auth/old.txt"), (ASKED, RAN, RAN)),
    (bash("cp README.md auth/g.txt"), (ASKED, RAN, RAN)),
    (bash("python3 -c \"open('auth/h.txt','w')\""), (ASKED, RAN, RAN)),
    (bash("sh script.sh"), (ASKED, RAN, RAN)),
    (bash("npm publish"), (ASKED, ASKED, ASKED)),
    (bash("npm publish --tag next"), (ASKED, ASKED, ASKED)),
    (bash("cd src && npm publish"), (ASKED, ASKED, ASKED)),
    (bash("env A=1 npm publish"), (ASKED, ASKED, ASKED)),
    (bash("sh -c 'npm publish'"), (ASKED, RAN, RAN)),
    (bash("$(echo npm) publish"), (ASKED, RAN, RAN)),
    (bash("terraform apply"), (DENIED, DENIED, DENIED)),
    (bash("cd src && terraform apply"), (DENIED, DENIED, DENIED)),
    (bash("true; terraform apply -auto-approve | cat"), (DENIED, DENIED, DENIED)),
    (bash("timeout 5 terraform apply"), (DENIED, DENIED, DENIED)),
    (bash("sh -c 'terraform apply'"), (ASKED, RAN, RAN)),
    (bash("./terraform apply"), (ASKED, RAN, RAN)),
    (bash("git push --force origin issue-124"), (DENIED, DENIED, DENIED)),
    (bash("cd src && git push origin main"), (DENIED, DENIED, DENIED)),
    (bash("gh pr merge 12"), (DENIED, DENIED, DENIED)),
    (bash("sh -c 'gh pr merge 12'"), (DENIED, DENIED, DENIED)),
    (bash("echo x >{own}/sessions/1.json"), (DENIED, DENIED, DENIED)),
    (bash("tmux kill-server"), (DENIED, DENIED, DENIED)),
)

DENIES = """
[ "$1" != PermissionRequest ] ||
echo '{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"deny","message":"ASKED"}}}'
"""


@pytest.fixture
def sit(claude_program: Path, terminal: Terminal, repo: Path, home: Path) -> Iterator[Sitting]:
    with MessagesApi() as api:
        yield Sitting(claude_program, api, terminal, repo, claude_home(home, repo))


@pytest.mark.parametrize("profile", PROFILES)
def test_what_comes_of_each_call(profile: str, sit: Sitting, tmp_path: Path) -> None:
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
    eventually(lambda: "turn-ended" in sit.kinds(), 150, "the end of the turn")
    results = sit.results()
    assert len(results) == len(CALLS), results
    found = [outcome(result) for result in results]
    print(f"\n{profile}")
    for ((name, _), _), came in zip(CALLS, found, strict=True):
        print(f"  {came:<8} {name}")
    wanted = [expected[PROFILES.index(profile)] for _, expected in CALLS]
    assert [(CALLS[i][0][0], got) for i, got in enumerate(found) if got != wanted[i]] == []


def table() -> str:
    """The table of docs/human-gates.md."""
    rows = ["| what the agent does | `strict` | `standard` | `bypass` |", "|---|---|---|---|"]
    rows += [f"| `{name}` | {' | '.join(came)} |".replace("| cat`", "\\| cat`") for (name, _), came in CALLS]
    return "\n".join(rows)


def test_the_docs_say_what_was_seen() -> None:
    page = ROOT / "docs" / "human-gates.md"
    assert table() in page.read_text(), table()


def outcome(result: str) -> str:
    """What the model was told, in a word."""
    if "ASKED" in result:
        return ASKED
    return DENIED if "has been denied" in result or "denied by your permission settings" in result else RAN
