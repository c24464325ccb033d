from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.paths import ROOT

from orchestra.agents.claude.permissions import rules_for
from orchestra.config.gate_presets import PRESETS
from orchestra.core.gates import Hit, command_problem, gates_met, path_problem

pytestmark = pytest.mark.fast


class Rule(NamedTuple):
    name: str = "g"
    paths: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    why: str = "a human decides"


def meets(glob: str, path: str) -> bool:
    return bool(gates_met([path], [Rule(paths=(glob,))]))


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("**/auth/**", "auth/login.py", True),
        ("**/auth/**", "src/auth/login.py", True),
        ("**/auth/**", "src/auth/deep/er/login.py", True),
        ("**/auth/**", "src/oauth/login.py", False),
        ("**/auth/**", "src/auth", False),
        ("auth/**", "src/auth/login.py", False),
        ("auth", "src/auth/login.py", True),
        ("auth", "src/auth", True),
        ("auth/", "auth", False),
        ("auth/", "x/auth/y", True),
        ("/Makefile", "Makefile", True),
        ("/Makefile", "sub/Makefile", False),
        ("*.env", "deploy/.env", True),
        ("*.env", "deploy/prod.env", True),
        ("*.env", "deploy/prod.env.txt", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/b/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/b/c/a.py", True),
        ("src/?.py", "src/a.py", True),
        ("src/?.py", "src/ab.py", False),
        ("v[0-9].sql", "db/v7.sql", True),
        ("v[!0-9].sql", "db/v7.sql", False),
        ("a[!x]b", "a/b", False),
        ("a?b", "a/b", False),
        ("Auth/**", "auth/login.py", False),
        ("app/(shop)/**", "app/(shop)/cart.tsx", True),
        ("a.b", "aXb", False),
        ("**", "anything/at/all", True),
        ("naïve/**", "naïve/x", True),
        ("x/**", "x/with\nnewline", True),
    ],
)
def test_path_glob_matching(glob: str, path: str, expected: bool) -> None:
    assert meets(glob, path) is expected


_PART = st.sampled_from(["a", "b", "ab", "*", "a*", "?", "[ab]", "[!a]", ".x", "**", "*.b", "a.b"])
_GLOB = st.builds(
    lambda head, parts, tail: head + "/".join(parts) + tail,
    st.sampled_from(["", "/"]),
    st.lists(_PART, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)
_PATHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "ab", "a.b", ".x", "c"]), min_size=1, max_size=4).map("/".join),
    min_size=1,
    max_size=6,
    unique=True,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(glob=_GLOB, paths=_PATHS)
def test_git_matches_the_same_paths(glob: str, paths: list[str], repo: Path) -> None:
    (repo / ".gitignore").write_text(glob + "\n")
    asked = subprocess.run(
        ["git", "-C", repo, "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(paths) + "\0",
        capture_output=True,
        text=True,
        check=False,
    )
    assert path_problem(glob) == ""
    assert [path for path in paths if meets(glob, path)] == asked.stdout.split("\0")[:-1]


def test_the_docs_list_every_preset() -> None:
    page = (ROOT / "docs" / "human-gates.md").read_text()
    for name, held in PRESETS.items():
        paths, commands = (" ".join(f"`{glob}`" for glob in held[kind]) for kind in ("paths", "commands"))
        assert f"| `{name}` | {held['why']} | {paths} | {commands} |" in page, name


def test_a_hit_names_the_gate_its_reason_and_every_path() -> None:
    gates = [Rule("auth", ("**/auth/**",), (), "Security"), Rule("ci", (".github/**",)), Rule("none")]
    assert gates_met(["auth/a", "x", "b/auth/c"], gates) == (Hit("auth", "Security", ("auth/a", "b/auth/c")),)
    assert gates_met([], gates) == ()


def test_gates_ask_and_forbids_deny_in_the_agents_syntax() -> None:
    rules = rules_for([Rule("auth", ("auth/**",), ("npm publish*",))], ["terraform apply", "git push * prod*"])
    assert rules.ask == (
        "Edit(auth/**)",
        "Write(auth/**)",
        "NotebookEdit(auth/**)",
        "Bash(npm publish*)",
    )
    assert rules.deny == ("Bash(terraform apply)", "Bash(git push * prod*)")


def test_a_glob_the_agent_would_read_otherwise_is_widened_never_narrowed() -> None:
    assert rules_for([Rule(paths=("/app/(shop)/**",))], []).ask[0] == "Edit(app/?shop?/**)"


@pytest.mark.parametrize(
    "glob",
    ["", " ", "/", "//abs/x", "~/x", "!x", "#x", "a\\b", "../x", "a/../b", "a**", "**b", "a/b**/c", "***", "[", "a]",
     "[]", "[a", "[[:alpha:]]", "[z/]", "[a-]", " a", "a ", "a\tb", "a//b", "a\nb", "\x1b[31m"],
)  # fmt: skip
def test_an_invalid_path_glob_is_refused_with_a_reason(glob: str) -> None:
    assert re.fullmatch(r"[^\x00-\x1f]{10,120}", path_problem(glob))


@pytest.mark.parametrize(
    "glob",
    ["", "*", "* *", "*publish", " npm", "npm  publish", "npm\tx", "npm run:*", "a?", "a[b]", "a && b", "a|b", "a;b",
     "$(a)", "a `b`", "f(x)", "a\nb", "a\\b"],
)  # fmt: skip
def test_an_invalid_command_glob_is_refused_with_a_reason(glob: str) -> None:
    assert re.fullmatch(r"[^\x00-\x1f]{10,120}", command_problem(glob))


@given(st.text(max_size=40))
def test_any_text_is_either_a_glob_or_refused_with_a_reason(text: str) -> None:
    if not path_problem(text):
        meets(text, "a/b")
        assert all(rule.count("(") == 1 for rule in rules_for([Rule(paths=(text,))], []).ask)
    if not command_problem(text):
        assert all(rule.count("(") == 1 for rule in rules_for([Rule(commands=(text,))], []).ask)
