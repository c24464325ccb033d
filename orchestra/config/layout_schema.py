"""tmuxp's keys, and how each kind of value is read: any of the forms its documentation shows, nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from orchestra.config.yaml import Document, Path, shown, unknown_key
from orchestra.core.text import clean
from orchestra.errors import UsageError

ROLES = frozenset({"orchestrator", "board", "workers", "monitor", "shell"})

_NO_PROGRAM = "not run; orchestra starts no program of a layout but its panes (see `setup` in orchestra.yaml)"
_NO_TITLE = "left out; pane titles show what a worker does"
_NO_WAIT = "left out; commands are typed one after the other"
IGNORED: Mapping[str, str] = {
    **dict.fromkeys(("before_script", "on_project_start", "on_project_restart", "on_project_exit"), _NO_PROGRAM),
    **dict.fromkeys(("on_project_stop", "plugins", "workspace_builder", "workspace_builder_paths"), _NO_PROGRAM),
    **dict.fromkeys(("enable_pane_titles", "pane_title_position", "pane_title_format", "title"), _NO_TITLE),
    **dict.fromkeys(("sleep_before", "sleep_after", "workspace_builder_options"), _NO_WAIT),
    "global_options": "left out; set server options in your tmux.conf",
    "synchronize": "left out; use the window option synchronize-panes",
    "clear": "left out",
    "enter": "a command with `enter: false` is not typed at all",
}
_SHARED = {"start_directory", "shell_command_before", "environment", "options", "suppress_history"}
SESSION_KEYS = frozenset({"session_name", "windows", "workers", *_SHARED, *IGNORED} - {"title", "enter", "clear"})
WINDOW_KEYS = frozenset(
    {
        "window_name",
        "window_index",
        "window_shell",
        "layout",
        "panes",
        "focus",
        "options_after",
        "role",
        "workers",
        "shell_command_after",
    }
    | {"synchronize", "clear"}
    | _SHARED
)
PANE_KEYS = frozenset(
    {"shell_command", "shell", "focus", "role", "enter", "sleep_before", "sleep_after", "title"}
    | (_SHARED - {"options"})
)
_COMMAND_KEYS = frozenset({"cmd", "enter", "sleep_before", "sleep_after", "suppress_history"})

# What `set-option -w` takes. Options of the session or the server would change what the other windows, the bar and the
# keys rely on; they belong to the person's tmux.conf.
_WINDOW_OPTIONS = re.compile(
    r"@(?!orchestra)[A-Za-z0-9_-]+|(main|other)-pane-(width|height)|automatic-rename(-format)?|allow-(rename|passthrough)"
    r"|alternate-screen|remain-on-exit|synchronize-panes|aggressive-resize|(clock-)?mode-(keys|style|colour)"
    r"|clock-mode-(colour|style)|monitor-(activity|bell|silence)|pane-(active-)?border-(style|format|status|lines|indicators)"
    r"|pane-base-index|window-(active-)?style|window-size|window-status(-[a-z]+)*|wrap-search|xterm-keys|fill-character"
)


class Node(NamedTuple):
    """A mapping of the document and where it stands."""

    document: Document
    path: Path
    value: Mapping[str, Any]

    def error(self, key: str, problem: str) -> UsageError:
        """`default.yaml:7: windows[1].focus: PROBLEM`."""
        return self.document.error((*self.path, key), problem)

    def check_keys(self, known: Collection[str]) -> None:
        """Refuse a key that neither tmuxp nor orchestra knows."""
        for key in self.value:
            if key not in known:
                raise self.error(key, unknown_key(key, sorted(known)))

    def text(self, key: str) -> str | None:
        """A text or a number, as text without control characters; None when there is none."""
        value = self.value.get(key)
        if value is None:
            return None
        if isinstance(value, bool | list | dict):
            raise self.error(key, f"expected text, got {shown(value)}")
        return self.plain(key, str(value))

    def plain(self, key: str, text: str) -> str:
        """The text, refused when it holds what a terminal would act on."""
        if not text.replace("\t", "").isprintable() or len(text) > 4000:
            raise self.error(key, f"expected one line of printable text, got {shown(text)}")
        return text

    def flag(self, key: str) -> bool:
        """`true`, or one of the words YAML 1.1 and tmuxp's own files use for it."""
        value = self.value.get(key)
        if isinstance(value, str) and value.lower() in ("true", "yes", "on", "false", "no", "off"):
            return value.lower() in ("true", "yes", "on")
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.error(key, f"expected true or false, got {shown(value)}")

    def mapping(self, key: str) -> Mapping[str, Any]:
        """A mapping; empty when there is none."""
        value = self.value.get(key)
        if value is None or isinstance(value, dict):
            return value or {}
        raise self.error(key, f"expected a mapping (key: value), got {shown(value)}")

    def children(self, key: str) -> list[tuple[Path, Any]]:
        """A list's items, each with its path."""
        value = self.value.get(key)
        if value is not None and not isinstance(value, list):
            raise self.error(key, f"expected a list, got {shown(value)}")
        return [((*self.path, key, index), item) for index, item in enumerate(value or [])]

    def nodes(self, key: str) -> Iterator[Node]:
        """A list of mappings."""
        for path, item in self.children(key):
            if not isinstance(item, dict):
                raise self.document.error(path, f"expected a mapping (key: value), got {shown(item)}")
            yield Node(self.document, path, item)

    def role(self) -> str:
        """The role, `shell` when there is none."""
        role = self.text("role") or "shell"
        if role not in ROLES:
            raise self.error("role", f"expected one of {', '.join(sorted(ROLES))}, got {shown(role)}")
        return role

    def directory(self, parent: str) -> str:
        """`start_directory`, below the parent's unless it starts with / ~ or $; empty is the repository's root."""
        own = self.text("start_directory") or ""
        if "#" in own:
            raise self.error("start_directory", "a directory's name cannot hold #: tmux would read a format in it")
        return own if not parent or own.startswith(("/", "~", "$")) else f"{parent}/{own}".rstrip("/") or "/"


def is_blank(value: Any) -> bool:
    """True for the ways to write a pane that runs nothing; an empty text is not one: it types Enter."""
    return value in (None, "pane", "blank", []) or (isinstance(value, list) and value in ([None], ["pane"], ["blank"]))


def commands(node: Node, key: str, path: Path | None = None) -> list[str]:
    """Commands in any of tmuxp's forms: text, a list of texts, `{cmd, enter}`, `{shell_command: ...}`.

    `path` is where the value stands when it is not below `key` (a pane written as a bare command).
    """
    value = node.value.get(key)
    path = (*node.path, key) if path is None else path
    if isinstance(value, dict) and "shell_command" in value:
        inner = Node(node.document, path, value)
        inner.check_keys(("shell_command", "enter", "sleep_before", "sleep_after"))
        return commands(inner, "shell_command")
    items = [] if is_blank(value) else value if isinstance(value, list) else [value]
    found = []
    for index, item in enumerate(items):
        at = (*path, index) if isinstance(value, list) else path
        if isinstance(item, dict):
            one = Node(node.document, at, item)
            one.check_keys(_COMMAND_KEYS)
            line, typed = one.text("cmd"), one.flag("enter") if "enter" in item else _enters(node)
        else:
            line, typed = item, _enters(node)
        if line is None:
            continue
        if not isinstance(line, str):
            raise node.document.error(at, f"expected a command as text, got {shown(line)}; quote it")
        if not line.replace("\t", " ").replace("\n", " ").isprintable() or len(line) > 4000:
            raise node.document.error(at, f"expected printable text, got {shown(line)}")
        found += line.strip("\n").split("\n") if typed else []
    return found


def _enters(node: Node) -> bool:
    return "enter" not in node.value or node.flag("enter")


def environment(node: Node) -> dict[str, str]:
    """`environment`: names to texts. The names that orchestra and tmux set themselves are refused."""
    given = Node(node.document, (*node.path, "environment"), node.mapping("environment"))
    for name in given.value:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII) or name.startswith(("ORCHESTRA_", "TMUX")):
            raise given.error(name, "not a variable that a layout can set")
    return {name: given.text(name) or "" for name in given.value}


def options(node: Node, key: str) -> dict[str, str]:
    """Window options as text (`true` is `on`); others are left out, and one that runs a program is refused."""
    given = Node(node.document, (*node.path, key), node.mapping(key))
    found = {}
    for name, value in given.value.items():
        text = ("off", "on")[value] if isinstance(value, bool) else given.text(name) or ""
        if "#(" in text:
            raise given.error(name, f"runs a program in every redraw: {clean(text, 60)}")
        if is_window_option(name):
            found[name] = text
    return found


def is_window_option(name: str) -> bool:
    """True for an option of tmux windows and panes, and for a person's own `@option`."""
    return _WINDOW_OPTIONS.fullmatch(name) is not None
