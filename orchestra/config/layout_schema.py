"""tmuxp's keys, and how each kind of value is read: any of the forms its documentation shows, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestra.config.nodes import Node, true_or_false
from orchestra.config.yaml import shown
from orchestra.core.regex import regex
from orchestra.core.text import clean

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
# keys rely on; they belong in the user's tmux.conf.
_WINDOW_OPTIONS = regex(
    r"@(?!orchestra)[A-Za-z0-9_-]+|(main|other)-pane-(width|height)|automatic-rename(-format)?|allow-(rename|passthrough)"
    r"|alternate-screen|remain-on-exit|synchronize-panes|aggressive-resize|(clock-)?mode-(keys|style|colour)"
    r"|clock-mode-(colour|style)|monitor-(activity|bell|silence)|pane-(active-)?border-(style|format|status|lines|indicators)"
    r"|pane-base-index|window-(active-)?style|window-size|window-status(-[a-z]+)*|wrap-search|xterm-keys|fill-character"
)


def line(node: Node) -> str | None:
    """A text or a number, as one line of text that a terminal does not act on; None when there is none."""
    if node.value is None:
        return None
    if isinstance(node.value, bool | list | dict):
        raise node.expected("text")
    found = str(node.value)
    if not found.replace("\t", "").isprintable() or len(found) > 4000:
        raise node.expected("one line of printable text")
    return found


def flag(node: Node) -> bool:
    """`true`, or one of the other spellings of YAML 1.1, which tmuxp's own files use; False when there is none."""
    if isinstance(node.value, str) and node.value.lower() in ("true", "yes", "on", "false", "no", "off"):
        return node.value.lower() in ("true", "yes", "on")
    return node.value is not None and true_or_false(node)


def mapping(node: Node) -> dict[str, Node]:
    """A mapping; empty when there is none."""
    return {} if node.value is None else node.mapping()


def children(node: Node) -> list[Node]:
    """A list's items; none when there is no list."""
    return [] if node.value is None else node.items()


def windows(session: Node) -> list[Node]:
    """The session's windows, each a mapping."""
    found = children(session.get("windows"))
    for window in found:
        window.mapping()
    return found


def role(node: Node) -> str:
    """The role of a window or a pane, `shell` when there is none."""
    found = line(node.get("role")) or "shell"
    if found not in ROLES:
        raise node.get("role").expected(f"one of {', '.join(sorted(ROLES))}")
    return found


def directory(node: Node, parent: str) -> str:
    """`start_directory`, below the parent's unless it starts with / ~ or $; empty is the repository's root."""
    own = line(node.get("start_directory")) or ""
    if "#" in own:
        raise node.get("start_directory").error("a directory's name cannot hold #: tmux would read a format in it")
    return own if not parent or own.startswith(("/", "~", "$")) else f"{parent}/{own}".rstrip("/") or "/"


def is_blank(value: Any) -> bool:
    """True for the ways to write a pane that runs nothing; an empty text is not one: it types Enter."""
    return value in (None, "pane", "blank", []) or (isinstance(value, list) and value in ([None], ["pane"], ["blank"]))


def commands(node: Node, key: str) -> list[str]:
    """The commands of one key; see `commands_of`."""
    return commands_of(node.get(key), enters(node))


def commands_of(node: Node, typed: bool) -> list[str]:
    """Commands in any of tmuxp's forms: text, a list of texts, `{cmd, enter}`, `{shell_command: ...}`.

    One that is not to be `typed` (tmuxp's `enter: false` leaves Enter to the user) is left out.
    """
    if isinstance(node.value, dict) and "shell_command" in node.value:
        node.check_keys(("shell_command", "enter", "sleep_before", "sleep_after"))
        return commands(node, "shell_command")
    items = [] if is_blank(node.value) else node.items() if isinstance(node.value, list) else [node]
    return [line for item in items for line in _lines(item, typed)]


def _lines(item: Node, typed: bool) -> list[str]:
    """The lines of one command."""
    value = item.value
    if isinstance(value, dict):
        item.check_keys(_COMMAND_KEYS)
        value = line(item.get("cmd"))
        typed = flag(item.get("enter")) if "enter" in item.value else typed
    if value is None:
        return []
    if not isinstance(value, str):
        raise item.error(f"expected a command as text, got {shown(value)}; quote it")
    if not value.replace("\t", " ").replace("\n", " ").isprintable() or len(value) > 4000:
        raise item.error(f"expected printable text, got {shown(value)}")
    return value.strip("\n").split("\n") if typed else []


def enters(node: Node) -> bool:
    """False for `enter: false`: the command waits for the user's Enter."""
    return node.get("enter").value is None or flag(node.get("enter"))


def environment(node: Node) -> dict[str, str]:
    """`environment`: names to texts. The names that orchestra and tmux set themselves are refused."""
    found = mapping(node.get("environment"))
    for name, value in found.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII) or name.startswith(("ORCHESTRA_", "TMUX")):
            raise value.error("not a variable that a layout can set")
    return {name: line(value) or "" for name, value in found.items()}


def options(node: Node, key: str) -> dict[str, str]:
    """Window options as text (`true` is `on`); others are left out, and one that runs a program is refused."""
    found = {}
    for name, given in mapping(node.get(key)).items():
        text = ("off", "on")[given.value] if isinstance(given.value, bool) else line(given) or ""
        if "#(" in text:
            raise given.error(f"runs a program in every redraw: {clean(text, 60)}")
        if is_window_option(name):
            found[name] = text
    return found


def is_window_option(name: str) -> bool:
    """True for an option of tmux windows and panes, and for a user's own `@option`."""
    return _WINDOW_OPTIONS.fullmatch(name) is not None
