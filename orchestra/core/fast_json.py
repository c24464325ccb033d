"""JSON by the standard library's own C scanner and encoder, without importing the `json` package: 9 ms of a hook.

`json` compiles regular expressions at import that its C half never uses (make bench). On a Python without the C half
the package itself is used. Standard library only.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


_c: Any
try:
    import _json as _c
except ImportError:  # pragma: no cover - not CPython
    _c = None


def _finite(text: str) -> float:
    """Refuse NaN and Infinity: Python's JSON has them, and other readers of these files do not."""
    number = float(text)
    if number - number != 0:
        raise ValueError(f"{text[:20]} is not a JSON number")
    return number


class _Plain:
    """The scanner's settings: those of json.loads, without its additions to JSON."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = staticmethod(_finite)
    parse_int = int
    parse_constant = staticmethod(_finite)  # `NaN`, `Infinity`, `-Infinity` by their own names


SPACE = " \t\n\r"


def loads(text: str) -> Any:
    """What json.loads gives; raises ValueError, and nothing else, for text that is not one sane JSON document."""
    if _c is None:  # pragma: no cover - not CPython
        return _package().loads(text)
    start = len(text) - len(text.lstrip(SPACE))
    try:
        found, end = _c.make_scanner(_Plain)(text, start)
    except StopIteration as nothing:
        raise ValueError(f"no JSON value at character {nothing.value}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    except SystemError:  # how the scanner says that a text is cut when `json`, whose error it wants, is not loaded
        raise ValueError("a value is cut off or missing") from None
    if text[end:].strip(SPACE):
        raise ValueError(f"more text after the JSON value, at character {end}")
    return found


def dumps(value: Any) -> str:
    """What json.dumps gives with ensure_ascii=False; raises TypeError or ValueError for what JSON cannot hold."""
    if _c is None:  # pragma: no cover - not CPython
        return str(_package().dumps(value, ensure_ascii=False))
    encode = _c.make_encoder({}, _refuse, _c.encode_basestring, None, ": ", ", ", False, False, True)
    return "".join(encode(value, 0))


def dumps_lines(found: Mapping[str, Any]) -> str:
    """An object with one line for each of its keys: for files that people `cat`."""
    return "{\n" + ",\n".join(f" {dumps(key)}: {dumps(value)}" for key, value in found.items()) + "\n}\n"


def _package() -> Any:  # pragma: no cover - not CPython
    import json

    return json


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
