"""The nightly run with Claude Code keeps one issue about what fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import agent_issue
import pytest
from support.paths import ROOT

pytestmark = pytest.mark.fast

GH = """#!{python}
import json, sys
from pathlib import Path
place = Path({place!r})
issues = json.loads(place.read_text())
argv = sys.argv[1:]
if argv[:2] == ["issue", "list"]:
    print(json.dumps(issues))
elif argv[:2] == ["issue", "create"]:
    issues.append({{"number": 7, "title": argv[argv.index("--title") + 1], "url": "u/7", "body": sys.stdin.read()}})
    print("u/7")
elif argv[:2] == ["issue", "edit"]:
    next(one for one in issues if one["number"] == int(argv[2]))["body"] = sys.stdin.read()
else:
    sys.exit("unknown: " + " ".join(argv))
place.write_text(json.dumps(issues))
"""
SENTENCE = (
    "FAILED tests/real/test_self_test.py::test_every_check_holds[2.1.400] - AssertionError: plan: it is not taken"
)
LOG = (
    f"..F..\n===== FAILURES =====\nlong text\n==== short test summary info ====\n{SENTENCE}\n1 failed, 4 passed in 3s\n"
)
HOLDS = ".....\n5 passed in 3s\n"


def run(tmp_path: Path, issues: list[dict[str, Any]], **logs: str) -> tuple[subprocess.CompletedProcess[str], Any]:
    place = tmp_path / "issues.json"
    place.write_text(json.dumps(issues))
    program = tmp_path / "bin" / "gh"
    program.parent.mkdir(exist_ok=True)
    program.write_text(GH.format(python=sys.executable, place=str(place)))
    program.chmod(0o755)
    for name, text in logs.items():
        directory = tmp_path / "logs" / name
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"claude-{name}.log").write_text(text)
    environ = {"PATH": str(program.parent), "GITHUB_SERVER_URL": "https://x.invalid", "GITHUB_REPOSITORY": "a/b"}
    argv = [sys.executable, str(ROOT / "tools" / "agent_issue.py"), str(tmp_path / "logs")]
    environ["GITHUB_RUN_ID"] = "12"
    done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
    return done, json.loads(place.read_text())


def test_what_fails_becomes_an_issue_with_its_sentences(tmp_path: Path) -> None:
    done, issues = run(tmp_path, [], latest=LOG, oldest=HOLDS)
    assert (done.returncode, done.stdout) == (0, "u/7\n"), done.stderr
    (issue,) = issues
    assert issue["title"] == agent_issue.TITLE
    assert f"    {SENTENCE}" in issue["body"]
    assert "https://x.invalid/a/b/actions/runs/12" in issue["body"]
    assert "## claude-oldest: holds" in issue["body"]


def test_the_open_issue_is_brought_up_to_date_and_no_second_one_is_opened(tmp_path: Path) -> None:
    ours = {"number": 3, "title": agent_issue.TITLE, "url": "u/3", "body": "old"}
    other = {"number": 2, "title": f"{agent_issue.TITLE}, and more", "url": "u/2", "body": "not ours"}
    done, issues = run(tmp_path, [other, ours], latest=LOG)
    assert (done.returncode, done.stdout) == (0, "u/3\n"), done.stderr
    assert issues[0] == other
    assert SENTENCE in issues[1]["body"]
    assert len(issues) == 2


@pytest.mark.parametrize(
    ("log", "said"),
    [
        pytest.param(LOG, [SENTENCE], id="a summary"),
        pytest.param(HOLDS, [], id="all pass"),
        pytest.param("one\nkilled\n", ["the run ended without a summary:", "one", "killed"], id="cut off"),
        pytest.param("", ["the run ended without a summary:"], id="nothing"),
    ],
)
def test_what_failed_is_read_from_the_log(log: str, said: list[str]) -> None:
    assert agent_issue.failures(log) == said


def test_a_body_is_never_longer_than_github_takes() -> None:
    assert len(agent_issue.body({"claude-latest": (SENTENCE + "x" * 3000 + "\n") * 90}, "run")) < 65_000


def test_without_logs_or_gh_it_says_so(tmp_path: Path) -> None:
    done, _ = run(tmp_path, [])
    assert done.returncode == 1
    assert "no log claude-*.log" in done.stderr
