"""What the linters cannot say of the package: sizes, no shell, and what a hook may import. Directions: `lint-imports`."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from support.paths import ROOT

pytestmark = pytest.mark.fast

PACKAGE = ROOT / "orchestra"
MOST_LINES = 500
MOST_FUNCTION_LINES = 50

# A hook holds up the agent's turn, and each of these costs it one to nine milliseconds.
HOOK_MAY_NOT = frozenset(
    {"click", "yaml", "json", "pathlib", "typing", "dataclasses", "subprocess", "logging", "datetime", "shutil"}
)


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All that a file's syntax tree holds; read once for all tests of this file."""
    return list(ast.walk(ast.parse(path.read_text())))


def test_a_file_and_its_functions_are_small_enough_to_read() -> None:
    lengths = {path: path.read_text().count("\n") for path in files()}
    found = [f"{path.relative_to(PACKAGE)} has {lines} lines" for path, lines in lengths.items() if lines > MOST_LINES]
    for path in files():
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MOST_FUNCTION_LINES:
                    found.append(f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name} has {length} lines")
    assert not found


def test_no_shell_string_and_no_unsafe_loader() -> None:
    unsafe = {"os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
    for path in files():
        for node in nodes(path):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert ast.unparse(node.value) == "False", f"{path}:{node.value.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                assert f"{owner}.{node.func.attr}" not in unsafe, f"{path}:{node.lineno}"


# What git is asked to do, other than to answer a question: when it refuses, its own words must reach somebody.
CHANGING = frozenset(
    {"fetch", "push", "ls-remote", "worktree", "branch", "checkout", "checkout-index", "reset", "merge", "rebase"}
    | {"cherry-pick", "commit", "commit-tree", "update-ref", "tag", "stash", "am", "apply", "switch", "clone", "init"}
)

# Whose answer is what is there afterwards, and for whom each remote's refusal means the next one.
ASKING_EACH = frozenset({"is_merged_with"})


def dropped_words(source: str) -> list[str]:
    """The functions that start a git which changes something and pass over what it says when it fails."""
    found = []
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef) or function.name in ASKING_EACH:
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _starts_git(node)]
        text = ast.unparse(function)
        kept = any(word in text for word in (".reason()", ".quoted()", ".err")) or all(
            _is_returned(function, one) for one in calls
        )
        if calls and not kept:
            found.append(function.name)
    return found


def _starts_git(node: ast.Call) -> bool:
    named = isinstance(node.func, ast.Attribute) and node.func.attr in ("git", "_careful")
    return named and any(isinstance(one, ast.Constant) and one.value in CHANGING for one in node.args)


def _is_returned(function: ast.FunctionDef, call: ast.Call) -> bool:
    return any(isinstance(node, ast.Return) and node.value is call for node in ast.walk(function))


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_git_says_when_it_fails_is_not_dropped(path: Path) -> None:
    assert dropped_words(path.read_text()) == []


@pytest.mark.parametrize(
    ("body", "is_dropped"),
    [
        ("self.git('fetch', 'origin')", True),
        ("return self.git('push', 'origin').status == 0", True),
        ("done = self.git('worktree', 'add')\n    return not done.status", True),
        ("done = self.git('worktree', 'add')\n    return done.reason() if done.status else ''", False),
        ("return self.git('merge', 'x')", False),
        ("return self.git('rev-parse', 'HEAD').out", False),
    ],
)
def test_the_rule_about_what_git_says(body: str, is_dropped: bool) -> None:
    assert bool(dropped_words(f"def act(self):\n    {body}\n")) is is_dropped


def test_a_hook_imports_nothing_that_costs_time() -> None:
    code = (
        f"import sys; before = set(sys.modules); sys.path.insert(0, {str(ROOT)!r}); import orchestra.hooks.entry\n"
        "import orchestra.agents.claude.hooks, orchestra.hooks.permission_wait\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & HOOK_MAY_NOT
    assert loaded <= {"orchestra", *sys.stdlib_module_names}


def test_no_name_says_nothing() -> None:
    empty = {"manager", "service", "handler", "helper", "utils"}
    for path in files():
        assert not any(word in path.stem for word in empty), path
        for node in nodes(path):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                words = {part.lower() for part in node.name.replace("_", " ").split()}
                assert not words & empty, f"{path.name}:{node.lineno} {node.name}"


# An import of our own inside a function is for start-up time alone: `make bench` shows what one costs. The command line
# loads what one command needs; a hook, the bar and `list` do without the libraries that the edges of a project import.
MAY_IMPORT_LATE = frozenset(
    {"cli", "ui", "hooks", "project", "agents/claude/hooks.py", "workers/statusbar.py", "workers/overview.py",
     "workers/launch.py", "workers/preflight.py", "commands/merge.py", "commands/new.py", "commands/review.py", "commands/worker/ship.py", "git/worktrees.py"}
)  # fmt: skip


def test_own_imports_are_at_the_top_of_a_file() -> None:
    late = {
        path.relative_to(PACKAGE).as_posix()
        for path in files()
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "orchestra"
    }
    found = {name for name in late if not {name, name.partition("/")[0]} & MAY_IMPORT_LATE}
    assert not found, f"import at the top of the file: {sorted(found)}"


def test_what_is_made_at_import_costs_nothing() -> None:
    """Named tuples, enumerations of strings and compiled expressions took a sixth of the time of a hook and of `list`."""
    found = []
    for path in files():
        text = "" if path.parent.name == "demo" else path.read_text()  # the demo's files are a project of their own
        dear = re.search(
            r"^\w+(?::.*)? = re\.compile\(|\(NamedTuple\)|^from enum import .*\bStrEnum", text, re.MULTILINE
        )
        if dear:
            found.append(f"{path.relative_to(PACKAGE)}: {dear[0]}")
    assert not found, f"use core.records, core.enums and core.regex: {found}"


def test_no_circle_of_imports() -> None:
    """Late imports and those of type annotations count too: what needs each other is one module or three."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files()
    }
    needs: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom) and node.module:
                needs[name] |= {
                    part if (part := f"{node.module}.{one.name}") in modules else node.module for one in node.names
                }
    known = {name: {one for one in found if one in modules and one != name} for name, found in needs.items()}
    graphlib.TopologicalSorter(known).prepare()


NOT_PLAIN = re.compile(
    r"\b[Aa] person\b|\bof ours\b|(?<!here )\bis no (?!longer)|\bmend(?:s|ed)?\b(?![\"\'`:=])|failures\.md|\([A-Z]\d+(?:, [A-Z]\d+)*\)"
)


def test_names_comments_and_docs_are_plain_english() -> None:
    """One word for each thing; and no reference to a document that is not here."""
    here = Path(__file__)
    texts = [*files(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    found = [
        f"{path.relative_to(ROOT)}:{row}: {hit.group()}"
        for path in texts
        if path != here
        for row, line in enumerate(path.read_text().splitlines(), 1)
        for hit in NOT_PLAIN.finditer(line)
    ]
    assert not found, "\n".join(found)
