"""What the linters cannot say of the package: sizes, no shell, and what a hook may import. Directions: `lint-imports`."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
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


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_and_its_functions_are_small_enough_to_read(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MOST_LINES, f"{path.name} has {text.count(chr(10))} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_FUNCTION_LINES, f"{path.name}:{node.lineno} {node.name} has {length} lines"


def test_no_shell_string_and_no_unsafe_loader() -> None:
    unsafe = {"os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert ast.unparse(node.value) == "False", f"{path}:{node.value.lineno}"
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in unsafe, f"{path}:{node.lineno}"


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
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                words = {part.lower() for part in node.name.replace("_", " ").split()}
                assert not words & empty, f"{path.name}:{node.lineno} {node.name}"


# An import of our own inside a function is for start-up time alone: `make bench` shows what one costs. The command line
# loads what one command needs; a hook, the bar and `list` do without the libraries that the edges of a project import.
MAY_IMPORT_LATE = frozenset(
    {"cli", "ui", "hooks", "project", "agents/claude/hooks.py", "workers/statusbar.py", "workers/overview.py",
     "workers/launch.py", "commands/merge.py", "commands/new.py", "commands/review.py", "commands/worker/ship.py", "git/worktrees.py"}
)  # fmt: skip


def test_own_imports_are_at_the_top_of_a_file() -> None:
    late = {
        path.relative_to(PACKAGE).as_posix()
        for path in files()
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "orchestra"
    }
    found = {name for name in late if not {name, name.partition("/")[0]} & MAY_IMPORT_LATE}
    assert not found, f"import at the top of the file: {sorted(found)}"


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
