"""Templates of `env:` and `address:` in the configuration: `{3000 + slot * 10}`, `{project}-{id}`. Pure.

Between braces is a name, or a sum with whole numbers and `slot` or `id`; `{{` and `}}` are braces.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from orchestra.core.regex import regex

NUMBERS = ("slot", "id")
TEXTS = ("project", "repo", "branch", "worktree")
_PART = regex(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_LONGEST = 100
_SIGNS = {
    ast.Add: int.__add__,
    ast.Sub: int.__sub__,
    ast.Mult: int.__mul__,
    ast.FloorDiv: int.__floordiv__,
    ast.Mod: int.__mod__,
}


def filled(template: str, values: Mapping[str, str | int]) -> str:
    """The template with its braces filled in; raises ValueError with what is wrong."""

    def part(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[1] is None:
            raise ValueError(f"a single {found[0]}; write {found[0] * 2} for the character itself")
        return str(_value(found[1].strip(), values))

    return _PART.sub(part, template)


def problem(template: str) -> str:
    """What is wrong with a template; empty when nothing."""
    if not template.isprintable():
        return "expected text in one line"
    try:
        filled(template, {**dict.fromkeys(TEXTS, "x"), **dict.fromkeys(NUMBERS, 1)})
    except ValueError as wrong:
        return str(wrong)
    return ""


def _value(words: str, values: Mapping[str, str | int]) -> str | int:
    if words in TEXTS:
        return values[words]
    known = f"known are {', '.join((*NUMBERS, *TEXTS))}"
    if len(words) > _LONGEST:
        raise ValueError("a sum is too long")
    try:
        tree = ast.parse(words, mode="eval").body
    except (SyntaxError, ValueError):
        raise ValueError(f"{{{words}}} is neither a name nor a sum; {known}") from None
    try:
        return _number(tree, values)
    except KeyError:
        raise ValueError(f"{{{words}}} is not known; {known}") from None
    except ZeroDivisionError:
        raise ValueError(f"{{{words}}} divides by 0") from None


def _number(tree: ast.expr, values: Mapping[str, str | int]) -> int:
    if isinstance(tree, ast.Constant) and type(tree.value) is int and tree.value < 2**31:
        return tree.value
    if isinstance(tree, ast.Name) and tree.id in NUMBERS:
        return int(values[tree.id])
    if isinstance(tree, ast.BinOp) and type(tree.op) in _SIGNS:
        return _SIGNS[type(tree.op)](_number(tree.left, values), _number(tree.right, values))
    raise KeyError
