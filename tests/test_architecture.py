"""The shape of the package, held as data: who may import whom, who alone may import what, and how big a room may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

PACKAGE = Path(__file__).parents[1] / "orchestra"
MOST_LINES = 300
MOST_FUNCTION_LINES = 40

# The layers, lowest first. A module imports only from its own layer (rules) or from lower ones.
LAYERS = (
    # 0 nouns
    "orchestra record quick_json model errors text files",
    # 1 rules, pure
    "snapshot transition dialogs lifecycle lifecycle_agent lifecycle_pull attention gates gate_presets reveal config "
    "layout layout_name layout_schema shape guidance prompt feedback keys cursor shipped remote_address yaml_text "
    "bearings verifiers agents tmux_look tmux_conf tmux_rows tmux_arrange",
    # 2 edges: each knows one outside program, and none of the others
    "store tmux_socket tmux_server tmux_session tmux_people tmux_guest tmux_keys tmux git_run include remote repository tidy "
    "trash worktree answers github token local notify processes litter github_watch github_ask github_seen etags budget",
    # 3 the composition, and what several journeys share
    "programs news place app ending removal mend checks trust view starts standing launch guide queue stall announce "
    "hook_wait answering tripwire desk overview workspace scrollback dismissed tokens",
    # 4 journeys
    "commands reconcile forge",
    # 5 doors
    "render render_json render_log render_stats completion door cli_worker cli_more cli_keys ask popups cli board_text board_keys board_widgets board_acts board hook "
    "__main__",
)

# Edges of one program may be several rooms; these are the families.
FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"tmux", "tmux_server", "tmux_socket", "tmux_session", "tmux_people", "tmux_guest", "tmux_keys"}),
    frozenset({"git_run", "include", "remote", "repository", "tidy", "trash", "worktree"}),
    frozenset({"answers", "github", "github_watch", "github_ask", "github_seen", "etags", "budget"}),
)

# Third-party (or costly) packages, and the only modules that may import them.
OWNERS = {
    "libtmux": {"tmux_people"},
    "git": {"git_run", "repository", "worktree", "remote", "include"},
    "ghapi": {"github"},
    "fasttransport": {"github"},
    "httpx2": {"github", "github_ask"},
    "yaml": {"yaml_text"},
    "msgspec": {"config", "shape"},
    "click": {
        "cli",
        "cli_worker",
        "cli_more",
        "cli_keys",
        "completion",
        "ask",
        "popups",
        "board_text",
        "door",
        "render",
    },
    "rich": {"render"},
    "textual": {"board", "board_widgets"},
}

# What the hook may pull in: standard library and these.
HOOK_MAY = frozenset(
    {
        *(
            "orchestra",
            "record",
            "quick_json",
            "model",
            "errors",
            "text",
            "files",
            "guidance",
            "layout_name",
            "snapshot",
        ),
        *("transition", "dialogs", "lifecycle", "lifecycle_agent", "lifecycle_pull", "attention", "bearings", "agents"),
        *("store", "news", "hook", "hook_wait", "tmux_conf", "tmux_rows", "tmux_socket", "tmux_server", "tmux_session"),
        *("tmux_people", "tmux_guest", "tmux_keys", "tmux_arrange", "tmux_look", "keys", "cursor", "tmux"),
    }
)


def rooms() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """`store` for orchestra/store.py; a folder is one room: `commands`, `agents`."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "orchestra" if parts == ("__init__",) else parts[0]


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Each imported module with its line, and whether it is imported only for type checkers."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, id(node) in typing_only
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "orchestra":
                for alias in node.names:
                    yield f"orchestra.{alias.name}", node.lineno, id(node) in typing_only
            else:
                yield node.module, node.lineno, id(node) in typing_only


def own(module: str) -> str | None:
    """The room of one of our modules, or None for a foreign one."""
    parts = module.split(".")
    if parts[0] != "orchestra":
        return None
    if len(parts) == 1 or parts[1].startswith("__version"):
        return "orchestra"
    return parts[1]


LAYER = {room: number for number, layer in enumerate(LAYERS) for room in layer.split()}


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PACKAGE)))
class TestRoom:
    def test_stands_in_the_table(self, path: Path) -> None:
        assert name_of(path) in LAYER, f"{path.name}: say in LAYERS where it belongs"

    def test_imports_only_downward(self, path: Path) -> None:
        here = name_of(path)
        for module, line, typing_only in imports(path):
            room = own(module)
            if room is None or typing_only:
                continue
            assert LAYER[room] <= LAYER[here], f"{path.name}:{line} imports {room} from above"

    def test_edges_do_not_know_each_other(self, path: Path) -> None:
        here = name_of(path)
        if LAYER[here] != 2:
            return
        family = next((family for family in FAMILIES if here in family), frozenset({here}))
        for module, line, _ in imports(path):
            room = own(module)
            if room is not None and LAYER[room] == 2:
                assert room in family, f"{path.name}:{line} imports the edge {room}"

    def test_a_command_knows_no_other_command(self, path: Path) -> None:
        if path.parent.name != "commands":
            return
        for module, line, typing_only in imports(path):
            if module.startswith("orchestra.commands") and not typing_only:
                pytest.fail(f"{path.name}:{line} imports {module}")
            room = own(module)
            assert room is None or typing_only or LAYER[room] != 2, f"{path.name}:{line} imports the edge {room}"

    def test_third_party_packages_have_one_owner(self, path: Path) -> None:
        for module, line, typing_only in imports(path):
            owners = OWNERS.get(module.split(".")[0])
            if owners is not None and not typing_only:
                assert name_of(path) in owners, f"{path.name}:{line} imports {module}"

    def test_is_small_enough_to_read(self, path: Path) -> None:
        text = path.read_text()
        assert text.count("\n") <= MOST_LINES, f"{path.name} has {text.count(chr(10))} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= MOST_FUNCTION_LINES, f"{path.name}:{node.lineno} {node.name} has {length} lines"

    def test_never_uses_a_shell_string_or_an_unsafe_loader(self, path: Path) -> None:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert isinstance(node.value, ast.Constant), path.name
                assert node.value.value is False, path.name
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in {"os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}, (
                    path.name
                )


def test_the_hook_pulls_in_nothing_heavy() -> None:
    seen, todo = set(), ["hook"]
    while todo:
        room = todo.pop()
        seen.add(room)
        assert room in HOOK_MAY, f"the hook reaches {room}"
        files = [PACKAGE / f"{room}.py"] if room != "agents" else [PACKAGE / "agents" / "claude_hooks.py"]
        for path in files:
            if path.exists():
                for module, _, typing_only in imports(path):
                    found = own(module)
                    assert found is not None or module.split(".")[0] not in OWNERS or room == "tmux_people", (
                        room,
                        module,
                    )
                    if found and not typing_only and found not in seen:
                        todo.append(found)


def test_no_word_of_ours_is_one_we_do_not_use() -> None:
    """One vocabulary: these words mean nothing here, and a reader would have to ask."""
    unused = {"manager", "service", "handler", "helper", "utils"}
    for path in rooms():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                words = {part.lower() for part in node.name.replace("_", " ").split()}
                assert not words & unused, f"{path.name}:{node.lineno} {node.name}"
        assert not any(word in path.stem for word in unused), path
