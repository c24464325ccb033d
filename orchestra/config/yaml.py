"""Strict, safe YAML: plain values with the line of every key. Hostile text gives one sentence, never a traceback."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean
from orchestra.errors import UsageError

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 64 * 1024  # 5 MB of flat YAML take 9.5 s to read
MAX_DEPTH = 20

# YAML 1.2's core schema: `on`, `no`, `1:30` and dates stay the text they look like. So does a number with a leading
# zero (`0007` is an issue file, not 7) and one too large for any counter.
_WORDS = dict.fromkeys(("~", "null", "Null", "NULL")) | {
    word: word[0] in "tT" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}
_UNSPEAKABLE = regex("[\x00\ud800-\udfff]")
_PAIR = regex("[\ud800-\udbff][\udc00-\udfff]")  # what JSON makes of an emoji: "\ud83d\ude00"
_INT = regex(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = regex(r"[-+]?(0|[1-9][0-9]{0,17}|(?=\.))(\.[0-9]{1,18})?([eE][-+]?[0-9]{1,3})?", re.ASCII)

Path = tuple[str | int, ...]


class Document(Record):
    """A document's plain value, and the line each key and list item starts on."""

    value: Any
    name: str
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """The line of `("workers", "max")`; of the nearest parent when the key is missing."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def at(self, path: Path) -> Any:
        """The value at a key path."""
        value = self.value
        for part in path:
            value = value[part]
        return value

    def error(self, path: Path, problem: str) -> UsageError:
        """`orchestra.yaml:12: limits.ci: PROBLEM`, ready to raise."""
        return UsageError(f"{self.name}:{self.line(path)}: " + (f"{dotted(path)}: " if path else "") + problem)


def dotted(path: Path) -> str:
    """A key's path as people write it: `gates[0].paths`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{clean(part, 60)}" for part in path).lstrip(".")


def shown(value: Any) -> str:
    """A value as an error names it: `text "many"`, `3`, `a list`."""
    if isinstance(value, str):
        return f'text "{clean(value, 60)}"' if value else "empty text"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else str(value)


def unknown_key(key: str, known: Sequence[str]) -> str:
    """What to say of an unknown key: the nearest known one, else all of them."""
    near = get_close_matches(key, known, 1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known here: {', '.join(known)}"


def load(text: str, name: str, first_line: int = 1) -> Any:
    """The value of one YAML document: None, bool, int, float, str, list and dict with text keys, nothing else.

    `name` is what errors call the file; `first_line` is where `text` starts in it (front matter). Raises UsageError.
    """
    return parse(text, name, first_line).value


def parse(text: str, name: str, first_line: int = 1) -> Document:
    """Like `load`, and remembers the lines, for errors found later in the value."""
    import yaml

    name = clean(name)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise UsageError(f"{name}:{first_line}: longer than {MAX_BYTES // 1024} KiB")
    try:
        return _Reader(yaml.parse(text, Loader=yaml.SafeLoader), name, first_line).read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = clean(error.problem or error.context or "not YAML")
        place = first_line + (mark.line if mark else 0)
        raise UsageError(f"{name}:{place}: not valid YAML: {problem}", _hint(problem)) from None
    except yaml.reader.ReaderError as error:
        line = first_line + text.count("\n", 0, error.position)
        raise UsageError(
            f"{name}:{line}: contains the unprintable character U+{ord(text[error.position]):04X}"
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, LookupError) as error:
        raise UsageError(f"{name}:{first_line}: not valid YAML: {clean(str(error))}") from None


def _hint(problem: str) -> str:
    """What most often helps; empty where that is not known. `problem` is in the YAML library's words."""
    if "'\\t'" in problem:
        return "indent with spaces: YAML takes no tabs there"
    if "mapping values are not allowed" in problem:
        return "quote a value that has a colon and a space in it, or indent the line as those beside it"
    if "stream end" in problem or "end of stream" in problem:
        return "close the quote or the bracket"
    if "unknown escape character" in problem:
        return "put the value in single quotes"
    return "quote a value that starts with * & ! % @ or `" if "cannot start any token" in problem else ""


class _Reader:
    """Builds the value from the parser's events alone: no constructor, so no tag can make anything run."""

    def __init__(self, events: Iterator[yaml.Event], name: str, first_line: int) -> None:
        self.events = events
        self.name = name
        self.first_line = first_line
        self.lines: dict[Path, int] = {(): first_line}

    def read(self) -> Document:
        import yaml

        value = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.refuse(event, "a second document; only one is allowed")
                value = self.node(next(self.events), ())
        return Document(value, self.name, self.lines)

    def node(self, event: yaml.Event, path: Path) -> Any:
        import yaml

        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self.refuse(event, "anchors and aliases (& and *) are not allowed; write the value out, or quote it")
        if getattr(event, "tag", None):
            self.refuse(event, "tags (!) are not allowed; write a plain value, or quote it")
        if len(path) > MAX_DEPTH:
            self.refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        if not isinstance(event, yaml.ScalarEvent):  # pragma: no cover - the parser gives nothing else here
            self.refuse(event, "not a value")
        text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), event.value)
        if _UNSPEAKABLE.search(text):  # an escape such as "\0": no argument and no file name can hold it
            self.refuse(event, "contains a NUL character or an unpaired surrogate")
        return text if event.style else _scalar(text)

    def mapping(self, path: Path) -> dict[str, Any]:
        import yaml

        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, (*path, "?")) if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) else None
            if not isinstance(key, str):
                self.refuse(event, "a key must be text; quote it")
            if key in found:
                self.refuse(event, f"{dotted((*path, key))}: given twice")
            self.lines[*path, key] = self.line(event)
            found[key] = self.node(next(self.events), (*path, key))
        return found

    def sequence(self, path: Path) -> list[Any]:
        import yaml

        found: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            self.lines[*path, len(found)] = self.line(event)
            found.append(self.node(event, (*path, len(found))))
        return found

    def line(self, event: yaml.Event) -> int:
        return self.first_line + (event.start_mark.line if event.start_mark else 0)

    def refuse(self, event: yaml.Event, problem: str) -> NoReturn:
        raise UsageError(f"{self.name}:{self.line(event)}: {problem}")


def _scalar(text: str) -> Any:
    """A plain scalar's value; an empty one is None."""
    if not text:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text
