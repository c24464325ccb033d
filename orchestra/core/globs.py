"""Names against shell patterns, as `fnmatch` does it, with upper and lower case apart.

`fnmatch` compiles each pattern, which for the variables of a shell costs a command some 10 ms. Most patterns are a
name, or its beginning or end: these are compared as strings.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether the name fits one of the patterns."""
    return any(_fits(name, pattern) for pattern in patterns)


def _fits(name: str, pattern: str) -> bool:
    if _is_plain(pattern):
        return name == pattern
    if pattern[-1] == "*" and _is_plain(pattern[:-1]):
        return name.startswith(pattern[:-1])
    if pattern[0] == "*" and _is_plain(pattern[1:]):
        return name.endswith(pattern[1:])
    from fnmatch import fnmatchcase

    return fnmatchcase(name, pattern)


def _is_plain(text: str) -> bool:
    return "*" not in text and "?" not in text and "[" not in text
