"""Checked YAML: a value together with its place in the file, and the readers that turn it into records.

A `Reader` takes a `Node` and returns a checked value, or raises an error that names file, line and key. Readers are put
together from smaller ones: `list_of(text(1))`, `mapping_of(WHOLE)`, `record(Limits, ci=COUNT, silent=duration)`.

To add a key: add the field, with its default, to the record (for the config: in `schema.py`), and a reader of the same
name to that record's `record(...)` call. The two are compared when the module is imported, so neither can be forgotten.
A rule about the value is a function that returns what is wrong, or nothing: `checked(text(1), ref_problem)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from orchestra.config.yaml import Document, Path, shown, unknown_key
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import UsageError

T = TypeVar("T")


class Node(Record):
    """A value of the document and where it is."""

    document: Document
    path: Path
    value: Any

    def error(self, problem: str) -> UsageError:
        """`orchestra.yaml:12: limits.ci: PROBLEM`, ready to raise."""
        return self.document.error(self.path, problem)

    def expected(self, what: str) -> UsageError:
        """`orchestra.yaml:12: limits.ci: expected WHAT, got text "many"`, ready to raise."""
        return self.error(f"expected {what}, got {shown(self.value)}")

    def below(self, part: str | int, value: Any) -> Node:
        """A value one step further down."""
        return Node(self.document, (*self.path, part), value)

    def get(self, key: str) -> Node:
        """The value of one key; None when the key is missing, or when this is not a mapping."""
        return self.below(key, self.value.get(key) if isinstance(self.value, dict) else None)

    def mapping(self) -> dict[str, Node]:
        """The keys of a mapping and their values."""
        if not isinstance(self.value, dict):
            raise self.expected("a mapping (key: value)")
        return {key: self.below(key, value) for key, value in self.value.items()}

    def items(self) -> list[Node]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.expected("a list")
        return [self.below(index, value) for index, value in enumerate(self.value)]

    def check_keys(self, known: Collection[str]) -> None:
        """Refuse a key that is not known; the error names the nearest known one."""
        for key, child in self.mapping().items():
            if key not in known:
                raise child.error(unknown_key(key, sorted(known)))


def root(document: Document) -> Node:
    """The whole document."""
    return Node(document, (), document.value)


Reader = Callable[[Node], T]


def text(least: int = 0, most: int = 0) -> Reader[str]:
    """Text of `least` (0 or 1) to `most` characters (0: any). A number is not text: it needs quotes."""

    def read(node: Node) -> str:
        if not isinstance(node.value, str):
            raise node.expected("text")
        if len(node.value) < least:
            raise node.expected("text that is not empty")
        if most and len(node.value) > most:
            raise node.expected(f"text of at most {most} characters")
        return node.value

    return read


def text_or_nothing(node: Node) -> str | None:
    """Text that is not empty, or `null`."""
    if node.value is None:
        return None
    if not isinstance(node.value, str):
        raise node.expected("text or nothing")
    return text(1)(node)


def whole_number(least: int, most: int) -> Reader[int]:
    """A whole number within bounds."""

    def read(node: Node) -> int:
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            raise node.expected("a whole number")
        if node.value < least:
            raise node.expected(f"a whole number of at least {least}")
        if node.value > most:
            raise node.expected(f"a whole number of at most {most}")
        return node.value

    return read


def true_or_false(node: Node) -> bool:
    """`true` or `false`."""
    if not isinstance(node.value, bool):
        raise node.expected("true or false")
    return node.value


def duration(node: Node) -> float:
    """Seconds: `90s`, `10m`, `2h`, or a whole number of seconds."""
    value = node.value if isinstance(node.value, str | int) and not isinstance(node.value, bool) else ""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh]?)", str(value), re.ASCII)
    if found is None:
        raise node.expected("a duration such as 90s, 10m or 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


def amount(meaning: Callable[[str], T | None], wanted: str) -> Reader[T | None]:
    """A number, or text that `meaning` takes, or `null`."""

    def read(node: Node) -> T | None:
        value = node.value
        if value is None:
            return None
        known = isinstance(value, str | int | float) and not isinstance(value, bool)
        found = meaning(str(value)) if known else None
        if found is None:
            raise node.expected(wanted)
        return found

    return read


def choice(*known: str) -> Reader[str]:
    """One of a few words."""
    return checked(text(), lambda value: choice_problem(value, known))


def choice_problem(value: str, known: Collection[str]) -> str:
    """What to say of a word that is not one of `known`; empty when it is."""
    return "" if value in known else f'expected one of {", ".join(known)}, got "{clean(value, 60)}"'


def matching(pattern: str, wanted: str) -> Callable[[str], str]:
    """A rule for `checked`: the whole text matches, or the error says what is wanted."""

    def problem(value: str) -> str:
        return "" if re.fullmatch(pattern, value, re.ASCII) else f'expected {wanted}, got "{clean(value, 60)}"'

    return problem


def checked(read: Reader[T], *problems: Callable[[Any], str]) -> Reader[T]:
    """A value that also passes some rules; each returns what is wrong, or nothing. `None` passes every rule."""

    def read_and_check(node: Node) -> T:
        value = read(node)
        for problem in problems if value is not None else ():
            if why := problem(value):
                raise node.error(why)
        return value

    return read_and_check


def list_of(read: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list, each item read alike."""
    return lambda node: tuple(read(item) for item in node.items())


def mapping_of(read: Reader[T], key_problem: Callable[[str], str] = lambda _: "") -> Reader[dict[str, T]]:
    """A mapping whose keys are free (or pass a rule), each value read alike."""

    def read_all(node: Node) -> dict[str, T]:
        found = {}
        for key, child in node.mapping().items():
            if why := key_problem(key):
                raise child.error(why)
            found[key] = read(child)
        return found

    return read_all


def default_for_null(read: Reader[T], default: T) -> Reader[T]:
    """A key that may be written with nothing behind it."""
    return lambda node: default if node.value is None else read(node)


def record(kind: type[T], **readers: Reader[Any]) -> Reader[T]:
    """A mapping as a named tuple: one reader for each field. A key that is not given takes the field's default."""
    fields: tuple[str, ...] = getattr(kind, "_fields", ())
    required = [field for field in fields if field not in getattr(kind, "_field_defaults", {})]
    if set(fields) != set(readers):
        raise TypeError(f"{kind.__name__}: fields and readers differ: {sorted(set(fields) ^ set(readers))}")

    def read(node: Node) -> T:
        node.check_keys(readers)
        given = {key: readers[key](child) for key, child in node.mapping().items()}
        for field in required:
            if field not in given:
                raise node.error(f"{field} is missing")
        return kind(**given)

    return read


def merged(documents: Collection[Document]) -> Node:
    """Several documents as one, later ones winning: mappings merge key by key, everything else is replaced whole.

    Each is checked by itself before; an error of the merged whole names the last document.
    """
    value: dict[str, Any] = {}
    for document in documents:
        value = _merge(value, document.value or {})
    last = [*documents][-1]
    return Node(Document(value, last.name, last.lines), (), value)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        old = found.get(key)
        found[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return found
