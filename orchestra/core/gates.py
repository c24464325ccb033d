"""Which gate a path or a command meets. Pure; an agent's module turns the gates into its own permission rules.

Path globs are `.gitignore` patterns (checked against git itself in the tests); command globs know `*` alone.
Both are guard rails, not a wall: a worker runs with all rights of the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from orchestra.core.records import Record


class GateRule(Protocol):
    """A gate as the config has it: what it is called, what it watches, and why the user must decide."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def paths(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def commands(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def why(self) -> str: ...  # noqa: D102


class Hit(Record):
    """A gate that is met, and by what: the changed paths, or the one command."""

    gate: str
    why: str
    by: tuple[str, ...]


def gates_met(paths: Iterable[str], gates: Sequence[GateRule]) -> tuple[Hit, ...]:
    """The gates that a list of changed paths meets; paths are relative to the repository root, with `/`."""
    paths = tuple(paths)
    hits = []
    for gate in gates:
        patterns = [_path_pattern(glob) for glob in gate.paths]
        if by := tuple(path for path in paths if any(pattern.fullmatch(path) for pattern in patterns)):
            hits.append(Hit(gate.name, gate.why, by))
    return tuple(hits)


def path_problem(glob: str) -> str:
    """Why a path glob cannot be a gate; empty when it can."""
    if not glob.strip("/") or glob != glob.strip() or not glob.isprintable():
        return "a path glob such as `**/auth/**` is needed, without spaces around it"
    if glob.startswith(("!", "#", "~")) or "//" in glob:
        return "a path glob may not start with ! # or ~, nor hold //; it is relative to the repository root"
    if "\\" in glob:
        return "a backslash cannot be said to the agent; use ? for one odd character"
    if ".." in glob.split("/"):
        return "a gate covers paths inside the repository; take the .. out"
    if "***" in glob or re.search(r"[^/]\*\*|\*\*[^/]", glob):
        return "** must be alone between slashes, as in `**/auth/**`"
    if re.search(r"[\[\]]", re.sub(r"\[[!^]?(?:[a-zA-Z0-9._](?:-[a-zA-Z0-9._])?)+\]", "", glob)):
        return "a set such as [a-z] holds letters, digits, . and _ only"
    return ""


def command_problem(glob: str) -> str:
    """Why a command glob cannot be a gate or a forbid; empty when it can."""
    if not glob or glob != " ".join(glob.split()) or not glob.isprintable():
        return "one command is needed, with single spaces between its words"
    if not glob.strip("* "):
        return "this would match every command; use `permissions: strict` for that"
    if glob.startswith("*"):
        return "a command glob starts with the program's name; the agent finds it inside longer command lines"
    if glob.endswith(":*"):
        return "end it with * alone, not with :*"
    if found := re.search(r"[?\[\]()\\;|&`\n]|\$\(", glob):
        return f"{found[0]} cannot be said to the agent; a command glob knows * alone"
    return ""


@lru_cache(maxsize=512)
def _path_pattern(glob: str) -> re.Pattern[str]:
    """A gitignore pattern as a regular expression; what it matches, it matches with everything below."""
    *parents, last = glob.strip("/").split("/")
    out = "" if parents or glob.startswith("/") else "(?:.*/)?"  # without a slash it means any depth
    for part in parents:
        out += "(?:.*/)?" if part == "**" else _segment(part) + "/"
    out += ".+" if last == "**" else _segment(last)
    return re.compile(out + ("/.+" if glob.endswith("/") else "(?:/.*)?"), re.DOTALL)


def _segment(part: str) -> str:
    """One path component's glob: `*` and `?` stop at a slash, `[a-z]` and `[!a-z]` are sets."""
    out = ""
    for atom in re.findall(r"\[[!^]?[^]]+\]|\*+|.", part, re.DOTALL):
        if atom.startswith("*"):
            out += "[^/]*"
        elif atom == "?":
            out += "[^/]"
        elif atom.startswith("[") and len(atom) > 2:
            out += f"(?!/)[^{atom[2:]}" if atom[1] in "!^" else atom
        else:
            out += re.escape(atom)
    return out
