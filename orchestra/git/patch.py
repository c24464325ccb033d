"""A unified diff of git as records: files, hunks, lines with their numbers on both sides. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from orchestra.core.enums import StrEnum
from orchestra.core.records import Record
from orchestra.core.regex import regex

_HUNK = regex(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)", re.ASCII | re.DOTALL)
_ESCAPED = regex(r"\\([0-7]{3}|.)", re.ASCII | re.DOTALL)
_CHARS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
# Where both names are the same they are given once in the headers: `diff --git a/NAME b/NAME`.
PREFIXES = ("--src-prefix=a/", "--dst-prefix=b/")


class Kind(StrEnum):
    """What happened to a file."""

    CHANGED = "changed"
    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


class PatchLine(Record):
    """A line of a hunk: ` `, `+` or `-`, its text, its number on each side (0: it is not there)."""

    sign: str
    text: str
    old: int
    new: int
    no_newline: bool = False  # the file ends here without one


class Hunk(Record):
    """Lines that are beside each other; `title` is the function that git found around them."""

    old: int
    new: int
    title: str
    lines: tuple[PatchLine, ...]

    @property
    def new_end(self) -> int:
        """The first line of the new side behind the hunk."""
        return self.new + sum(line.sign != "-" for line in self.lines)


class FilePatch(Record):
    """What happened to one file. `before` is its old name where it has a new one."""

    path: str
    kind: Kind = Kind.CHANGED
    before: str = ""
    binary: bool = False
    notes: tuple[str, ...] = ()  # modes, similarity, what git says of it
    hunks: tuple[Hunk, ...] = ()

    @property
    def added(self) -> int:
        """Lines that came."""
        return sum(line.sign == "+" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        """Lines that went."""
        return sum(line.sign == "-" for hunk in self.hunks for line in hunk.lines)


def parse(text: str) -> tuple[FilePatch, ...]:
    """The files of a diff, in its order. Lines are split at newlines alone: a file may hold any other character."""
    lines = text.split("\n")
    starts = [*_starts(lines), len(lines)]
    return tuple(_file(lines[at:end]) for at, end in pairwise(starts))


def _starts(lines: Sequence[str]) -> Iterator[int]:
    """Where a file begins. Every line of a hunk has a sign in front, so none of them looks like this."""
    return (at for at, line in enumerate(lines) if line.startswith("diff --git "))


def _file(lines: Sequence[str]) -> FilePatch:
    at = next((place for place, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    return _named(lines[:at])._replace(hunks=tuple(_hunks(lines[at:])))


def _named(header: Sequence[str]) -> FilePatch:
    words = ("rename from ", "rename to ", "copy from ", "copy to ", "--- ", "+++ ")
    said = {word: line[len(word) :] for line in header[1:] for word in words if line.startswith(word)}
    both = _same_name(header[0].removeprefix("diff --git "))
    old = said.get("rename from ") or said.get("copy from ") or _without_prefix(said.get("--- ", "")) or both
    new = said.get("rename to ") or said.get("copy to ") or _without_prefix(said.get("+++ ", "")) or both
    kind = Kind.CHANGED
    for word, found in (
        ("new file mode", Kind.ADDED), ("deleted file mode", Kind.DELETED),
        ("rename to ", Kind.RENAMED), ("copy to ", Kind.COPIED),
    ):  # fmt: skip
        kind = found if any(line.startswith(word) for line in header) else kind
    if kind is Kind.DELETED:
        new = old
    binary = any(line.startswith(("Binary files ", "GIT binary patch")) for line in header)
    told = ("old mode", "new mode", "new file mode", "deleted file mode", "similarity")
    notes = tuple(line for line in header[1:] if line.startswith(told))
    moved = kind in (Kind.RENAMED, Kind.COPIED)
    return FilePatch(unquoted(new), kind, unquoted(old) if moved else "", binary, notes)


def _without_prefix(name: str) -> str:
    """`a/NAME` as NAME; empty for /dev/null. git puts a tab behind a name with a space in it."""
    name = name.removesuffix("\t")
    quote = '"' if name.startswith('"') else ""
    return quote + name[len(quote) + 2 :] if name[len(quote) :].startswith(("a/", "b/")) else ""


def _same_name(both: str) -> str:
    """The name in `a/NAME b/NAME`."""
    half = both[: (len(both) - 1) // 2]
    return _without_prefix(half)


def unquoted(name: str) -> str:
    r"""A name as the file system has it: git writes `"a\tb\303\244"` for one with special characters."""
    if len(name) < 2 or name[0] != '"' or name[-1] != '"':
        return name

    def one(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code, 8) if len(code) == 3 else _CHARS.get(code, ord(code[0])))

    plain = _ESCAPED.sub(one, name[1:-1])
    try:
        return plain.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # core.quotePath is off: only the special ones were escaped
        return plain


def _hunks(lines: Sequence[str]) -> Iterator[Hunk]:
    at = 0
    while at < len(lines):
        found = _HUNK.fullmatch(lines[at])
        at += 1
        if found is None:
            continue
        old, new = int(found[1]), int(found[3])
        left, right = int(found[2] or 1), int(found[4] or 1)
        inside = list[PatchLine]()
        start = (old, new)
        while at < len(lines):
            sign, text = (lines[at][:1] or " "), lines[at][1:]
            if sign == "\\" and inside:
                inside[-1] = inside[-1]._replace(no_newline=True)
            elif left + right <= 0 or sign not in " +-":
                break
            else:
                here, there = sign != "+", sign != "-"
                inside.append(PatchLine(sign, text, old if here else 0, new if there else 0))
                old, new, left, right = old + here, new + there, left - here, right - there
            at += 1
        yield Hunk(*start, found[5], tuple(inside))


def of_new_file(path: str, text: str, notes: tuple[str, ...] = ()) -> FilePatch:
    """A file that git does not know yet, as if it were added."""
    if "\0" in text:
        return FilePatch(path, Kind.ADDED, binary=True, notes=notes)
    lines = text.split("\n")
    ends = lines[-1] == ""
    lines = lines[:-1] if ends else lines
    found = [PatchLine("+", line, 0, number) for number, line in enumerate(lines, 1)]
    if found and not ends:
        found[-1] = found[-1]._replace(no_newline=True)
    return FilePatch(path, Kind.ADDED, notes=notes, hunks=(Hunk(0, 1, "", tuple(found)),) if found else ())
