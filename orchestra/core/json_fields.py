"""Checked reading of JSON objects: each raises KeyError, TypeError or ValueError where a value is not what it must be.

Standard library only: the hook lives on this module.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def text_at(found: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """The text under `key`; raises KeyError when it is missing without a default, TypeError when it is not text."""
    value = found[key] if default is None else found.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{key} is not text")
    value.encode()  # a lone surrogate would only fail at the next write, when it costs the file
    if "\0" in value:  # and this at the first program or file that is given it
        raise ValueError(f"{key} contains a NUL character")
    return value


def text_or_none(found: Mapping[str, Any], key: str) -> str | None:
    """The text under `key`, or None for null or nothing."""
    return None if found.get(key) is None else text_at(found, key)


def list_at(found: Mapping[str, Any], key: str) -> list[Any]:
    """The list under `key`; empty for null or nothing."""
    value = found.get(key) or []
    if not isinstance(value, list):
        raise TypeError(f"{key} is not a list")
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` as an object; an empty one for null."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def typed(found: Mapping[str, Any], key: str, kind: type) -> Any:
    """The value under `key`, which must be there and be of `kind` (True is not an int)."""
    value = found[key]
    if type(value) is not kind:
        raise TypeError(f"{key} is not {kind.__name__}")
    return value


def typed_or(found: Mapping[str, Any], key: str, default: Any) -> Any:
    """The value under `key`, of the type of `default`; `default` for null or nothing."""
    return default if found.get(key) is None else typed(found, key, type(default))
