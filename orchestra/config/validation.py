"""A YAML document as a record: msgspec checks the shape, and what it says becomes our sentence with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_type_hints

from msgspec import Struct, ValidationError, convert

from orchestra.config.yaml import Document, Path, shown, unknown_key
from orchestra.errors import UsageError

S = TypeVar("S", bound=Struct)

# What msgspec says of a type, in the words of someone who writes YAML; in this order.
_WORDS = (
    (r", got .*", ""),
    (r" \| ", " or "),
    (r" of length >= 1$", " that is not empty"),
    (r" of length <= (\d+)$", r" of at most \1 characters"),
    (r">=", "of at least"),
    (r"<=", "of at most"),
    (r"\bint\b", "a whole number"),
    (r"\bstr\b", "text"),
    (r"\bbool\b", "true or false"),
    (r"\barray\b", "a list"),
    (r"\bobject\b", "a mapping (key: value)"),
    (r"\bnull\b", "nothing"),
    (r"`", ""),
)


def shape(document: Document, type_: type[S], custom: Callable[[type, Any], Any], path: Path = ()) -> S:
    """What stands at `path` of the document as a `type_`; raises UsageError. `custom` reads types msgspec cannot."""
    for key in document.lines:
        if key and isinstance(key[-1], str) and not re.fullmatch(r"[\w-]{1,60}", key[-1]):
            raise document.error(key, "unknown key")  # such a key could pass for a part of msgspec's message
    value = document.at(path)
    try:
        return convert(value, type_, dec_hook=custom)
    except ValidationError as error:
        raise _explained(document, type_, path, str(error)) from None


def _explained(document: Document, type_: type[Struct], base: Path, said: str) -> UsageError:
    """``Expected `int`, got `str` - at `$.limits.ci` `` as `o.yaml:12: limits.ci: expected a whole number, got ...`."""
    said, _, where = said.partition(" - at `$")
    below: Path = tuple(int(index) if index else key for key, index in re.findall(r"\.(\w+)|\[(\d+)\]", where))
    path = (*base, *below)
    if unknown := re.search(r"unknown field `(.*)`", said):
        known = _type_at(type_, below).__struct_fields__
        return document.error((*path, unknown[1]), unknown_key(unknown[1], known))
    if missing := re.search(r"missing required field `(\w+)`", said):
        return document.error(path, f"{missing[1]} is missing")
    for old, new in _WORDS:
        said = re.sub(old, new, said)
    return document.error(path, f"{said[0].lower()}{said[1:]}, got {shown(document.at(path))}")


def _type_at(type_: Any, path: Path) -> type[Struct]:
    """The Struct that a key path leads to: `("gates", 0)` in a Config is a GateRule."""
    for part in path:
        type_ = get_args(type_)[0] if isinstance(part, int) else get_type_hints(type_)[part]
    found: type[Struct] = type_
    return found
