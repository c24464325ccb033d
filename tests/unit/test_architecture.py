"""What the linters cannot say of the package: sizes, no shell, and what a hook may import. Directions: `lint-imports`."""

from __future__ import annotations

import ast
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
