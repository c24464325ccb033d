"""Layouts: tmuxp's workspace schema plus `role` and `workers`, as checked records; and the windows to open for one.

What tmuxp would do and orchestra does not (scripts, plugins, server options) is accepted, and listed in `ignored`.
Relative directories start at the repository's root. Reads no file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from zlib import crc32

from orchestra.config.layout_schema import (
    IGNORED,
    PANE_KEYS,
    ROLES,
    SESSION_KEYS,
    WINDOW_KEYS,
    children,
    commands,
    commands_of,
    directory,
    enters,
    environment,
    flag,
    is_window_option,
    line,
    options,
    role,
    windows,
)
from orchestra.config.nodes import Node, root, whole_number
from orchestra.config.yaml import Document, dotted, parse, shown
from orchestra.core.models import PanePlan, WindowPlan
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.core.tmux_layout import pane_count

PANES_PER_WINDOW = 4


class PaneSpec(Record):
    """A pane of a layout. `typed` goes into its shell line by line; `shell` replaces the shell."""

    role: str = "shell"
    typed: tuple[str, ...] = ()
    shell: str = ""
    directory: str = ""
    focus: bool = False
    environment: Mapping[str, str] = {}


class WindowSpec(Record):
    """A window of a layout; one with the role `workers` has no panes of its own."""

    name: str
    panes: tuple[PaneSpec, ...]
    role: str = "shell"
    layout: str = ""
    focus: bool = False
    options: Mapping[str, str] = {}


class Layout(Record):
    """A checked layout. `ignored` says, with file and line, what of it orchestra leaves out and why."""

    name: str
    windows: tuple[WindowSpec, ...]
    panes_per_window: int = PANES_PER_WINDOW
    ignored: tuple[str, ...] = ()


def load(text: str, name: str) -> Layout:
    """A layout from YAML (or JSON) text; raises UsageError with file, line and key."""
    document = parse(text, name)
    session = root(document)
    if not isinstance(document.value, dict):
        raise session.expected("a mapping with windows")
    session.check_keys(SESSION_KEYS)
    found = [_window(node, session, number) for number, node in enumerate(windows(session), 1)]
    if not found:
        raise session.get("windows").error("a layout needs at least one window")
    _check_roles(session, found)
    ordered = sorted(found, key=lambda window: window[0])  # stable: windows without an index keep their order
    return Layout(document.name, tuple(spec for _, spec in ordered), _per_window(session), tuple(_ignored(document)))


def plan(
    layout: Layout,
    *,
    root: str,
    home: str,
    argv_of: Mapping[str, Sequence[str]],
    environ: Mapping[str, str] | None = None,
) -> tuple[WindowPlan, ...]:
    """The windows to open. `argv_of` says what a role runs; a role it does not know is left out.

    `root` and `home` are absolute; `environ` fills `$NAME` in directories, options and environments, as tmuxp does.
    A monitor and a workers window are added where the layout has none.
    """
    known: dict[str, tuple[str, ...]] = {"shell": (), **{role: tuple(argv) for role, argv in argv_of.items()}}
    place = _Place(root, home, environ or {})
    specs = [*layout.windows]
    roles = {role for spec in specs for role in (spec.role, *(pane.role for pane in spec.panes))}
    if "monitor" not in roles:
        specs.append(WindowSpec("monitor", (PaneSpec("monitor"),), "monitor"))
    if "workers" not in roles:
        specs.append(WindowSpec("workers", (), "workers", "tiled"))
    windows = [place.window(spec, known) for spec in specs]
    return tuple(_distinct([window for window in windows if window.panes or window.role == "workers"]))


class _Place(Record):
    """Where a layout is opened."""

    root: str
    home: str
    environ: Mapping[str, str]

    def window(self, spec: WindowSpec, known: Mapping[str, tuple[str, ...]]) -> WindowPlan:
        panes = tuple(self.pane(pane, known[pane.role]) for pane in spec.panes if pane.role in known)
        role = next((pane.role for pane in spec.panes if pane.role != "shell" and pane.role in known), spec.role)
        values = {key: self.expand(value) for key, value in spec.options.items()}
        fits = not spec.layout or pane_count(spec.layout) in (None, len(panes))
        arrangement = spec.layout if fits else "tiled"  # a role without a program leaves its cell empty
        return WindowPlan(spec.name, panes, arrangement, spec.focus, values, role)

    def pane(self, spec: PaneSpec, argv: tuple[str, ...]) -> PanePlan:
        values = {key: self.expand(value) for key, value in spec.environment.items()}
        if spec.shell:
            argv = ("/bin/sh", "-c", spec.shell)
        directory = os.path.normpath(os.path.join(self.root, self.expand(spec.directory)))
        part = spec.role if spec.role != "shell" else f"shell-{crc32(repr((argv, spec.typed, directory)).encode()):08x}"
        return PanePlan(argv, directory, spec.typed, spec.focus, values, {"@orchestra_part": part})

    def expand(self, text: str) -> str:
        if text == "~" or text.startswith("~/"):
            text = self.home + text[1:]
        return re.sub(r"\$(?:(\w+)|\{(\w+)\})", lambda found: self.environ.get(found[1] or found[2], found[0]), text)


def _window(node: Node, session: Node, number: int) -> tuple[int, WindowSpec]:
    """A window and its position (its `window_index`, else its place in the list)."""
    node.check_keys(WINDOW_KEYS)
    kind = role(node)
    listed = children(node.get("panes")) if node.value.get("panes") else []
    if kind != "shell" and listed:
        raise node.get("role").error("a window with a role has no panes of its own; give the role to a pane instead")
    if not listed:
        listed = [node._replace(value={"role": kind} if kind != "shell" else None)]
    specs = () if kind == "workers" else tuple(_pane(node, session, pane) for pane in listed)
    # tmux runs `#(...)` in a name, so a name never holds a #
    name = clean(line(node.get("window_name")) or "", 60).replace("#", "\uff03")
    values = {**options(session, "options"), **options(node, "options"), **options(node, "options_after")}
    spec = WindowSpec(
        name or (kind if kind != "shell" else f"window-{number}"),
        specs,
        kind,
        _arrangement(node, len(specs)),
        flag(node.get("focus")),
        values,
    )
    index = line(node.get("window_index"))
    if index is not None and not re.fullmatch(r"[0-9]{1,4}", index, re.ASCII):
        raise node.get("window_index").expected("a whole number")
    return (number - 1 if index is None else int(index)), spec


def _pane(window: Node, session: Node, written: Node) -> PaneSpec:
    """One pane, in any of tmuxp's forms: nothing, a command, a list of commands, or a mapping."""
    bare = not isinstance(written.value, dict)
    node = written._replace(value={}) if bare else written
    node.check_keys(PANE_KEYS)
    kind = role(node)
    if kind == "workers":
        raise node.get("role").error("workers get windows of their own; give this role to a window")
    if kind != "shell" and (key := next((key for key in ("shell_command", "shell") if node.value.get(key)), None)):
        raise node.get(key).error(f"a pane with a role runs that role; take {key} out")
    lines = [line for level in (session, window, node) for line in commands(level, "shell_command_before")]
    lines += commands_of(written, enters(node)) if bare else commands(node, "shell_command")
    lines += commands(window, "shell_command_after")
    told = next((level for level in (node, window, session) if "suppress_history" in level.value), None)
    quiet = told is None or flag(told.get("suppress_history"))
    wanted = environment(node) if "environment" in node.value else environment(window)
    return PaneSpec(
        kind,
        tuple(f" {line}" if quiet and line else line for line in lines) if kind == "shell" else (),
        line(node.get("shell")) or line(window.get("window_shell")) or "" if kind == "shell" else "",
        directory(node, directory(window, directory(session, ""))),
        flag(node.get("focus")),
        {**environment(session), **wanted},
    )


def _arrangement(node: Node, panes: int) -> str:
    """The window's `layout`, if tmux can take it: an unknown name would kill the server."""
    layout = line(node.get("layout")) or ""
    if not layout:
        return "tiled" if panes > 1 or node.value.get("role") == "workers" else ""
    try:
        placed = pane_count(layout)
    except ValueError as error:
        raise node.get("layout").error(f"{error}, got {shown(layout)}") from None
    if placed is not None and placed < panes:
        raise node.get("layout").error(f"the layout string places {placed} panes, and the window has {panes}")
    return layout


def _per_window(session: Node) -> int:
    """`panes_per_window` of the window with the role `workers`, or of the whole layout."""
    for node in (*(node for node in windows(session) if node.value.get("role") == "workers"), session):
        if node.get("workers").value is not None:
            node.get("workers").check_keys({"panes_per_window"})
            count = node.get("workers").get("panes_per_window")
            return PANES_PER_WINDOW if count.value is None else whole_number(1, 12)(count)
    return PANES_PER_WINDOW


def _check_roles(session: Node, found: Sequence[tuple[int, WindowSpec]]) -> None:
    for one in sorted(ROLES - {"shell"}):
        count = sum(
            (spec.role == one and not spec.panes) + sum(pane.role == one for pane in spec.panes) for _, spec in found
        )
        if count > 1:
            raise session.get("windows").error(f"the role {one} is given {count} times; it can be given once")


def _ignored(document: Document) -> Iterator[str]:
    for path in document.lines:
        if len(path) > 1 and path[-2] in ("options", "options_after"):
            reason = "" if is_window_option(str(path[-1])) else "left out; set it in your tmux.conf"
        elif (
            not path or path[-2:-1] == ("environment",) or (path[-1] == "enter" and document.at(path) in (True, "true"))
        ):
            reason = ""
        else:
            reason = IGNORED.get(str(path[-1]), "")
        if reason:
            yield f"{document.name}:{document.line(path)}: {dotted(path)}: {reason}"


def _distinct(windows: Sequence[WindowPlan]) -> Iterator[WindowPlan]:
    """The same windows with no two of one name, so that a second `up` finds each again."""
    names: set[str] = set()
    for window in windows:
        name, number = window.name, 2
        while name in names:
            name, number = f"{window.name}-{number}", number + 1
        names.add(name)
        yield window._replace(name=name)
