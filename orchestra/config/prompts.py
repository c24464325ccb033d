"""Prompts: Markdown with `{{name}}` variables, checked when loaded, rendered in one pass over the template alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from orchestra.config.yaml import unknown_key
from orchestra.core.records import Record
from orchestra.core.regex import regex
from orchestra.core.text import clean, clean_lines
from orchestra.errors import UsageError

WORKER = frozenset(
    {"id", "title", "url", "author", "body", "branch", "base", "worktree", "verify", "orchestra", "gates", "plan_file"}
)
ORCHESTRATOR = frozenset({"project", "root", "orchestra"})
_LINES = frozenset({"body", "verify", "gates"})  # any other value is one line: it cannot pass for a part of the prompt

MAX_BYTES = 64 * 1024
MAX_BODY = 20_000  # characters; GitHub takes 65,536, and a longer prompt does not help

_VARIABLE = regex(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}")
# Invisible letters: the tag block spells whole sentences, variation selectors any bytes. Joiners stay: emoji and
# several scripts need them.
_HIDDEN = regex(
    r"[\u00ad\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_COMMENT = regex(r"<!--.*?(?:-->|\Z)", re.DOTALL)


class Prompt(Record):
    """A template whose every variable is known."""

    name: str
    text: str


def load(text: str, name: str, known: Collection[str] = WORKER | ORCHESTRATOR) -> Prompt:
    """A checked template. An unknown `{{variable}}`, or a `{{` that is none, is a UsageError with file and line."""
    name = clean(name)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise UsageError(f"{name}:1: longer than {MAX_BYTES // 1024} KiB")
    for opening in re.finditer(r"\{\{", text):
        line = text.count("\n", 0, opening.start()) + 1
        found = _VARIABLE.match(text, opening.start())
        if found is None:
            raise UsageError(f"{name}:{line}: {{{{ begins a variable such as {{{{title}}}}, and this is none")
        if found[1] not in known:
            raise UsageError(f"{name}:{line}: {{{{{clean(found[1], 60)}}}}}: {unknown_key(found[1], sorted(known))}")
    return Prompt(name, text)


def render(prompt: Prompt, values: Mapping[str, str]) -> str:
    """The prompt with its variables filled in. A value is never read for variables: an issue could ask for any.

    Every value is made safe to show. The ones an issue's author writes are one line, or framed by `quote`.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name not in values:
            raise UsageError(f"{prompt.name}: there is no {{{{{name}}}}} here", f"known: {', '.join(sorted(values))}")
        seen = _HIDDEN.sub("\ufffd", values[name])
        return clean_lines(seen, 2 * MAX_BODY, joined=True) if name in _LINES else clean(seen, 2000)

    return _VARIABLE.sub(value, prompt.text)


def quote(text: str, fence: str) -> str:
    """An issue's text as data: between two lines that hold `fence`, which its author cannot have known.

    What a reader of the issue page would not see (HTML comments, invisible characters) does not reach the agent
    either.
    """
    text = _HIDDEN.sub("\ufffd", _COMMENT.sub("[hidden comment removed]", text))
    shown = clean_lines(text, MAX_BODY + 1, joined=True).replace(fence, "").strip("\n")
    if len(shown) > MAX_BODY:
        shown = shown[:MAX_BODY] + "\n[cut here: the issue is longer]"
    return f"----- begin issue text {fence} -----\n{shown or '(empty)'}\n----- end issue text {fence} -----"
