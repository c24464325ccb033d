"""Words in Claude Code's payloads and transcripts: prompts, the ids of guidance, plans. Standard library only."""

from __future__ import annotations

import os

from orchestra.core.text import clean_lines

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

PLAN_TOOL = "ExitPlanMode"
PLAN_CHARACTERS = 60_000  # a plan is shown whole
_PASTE_MARKS = ("<pasted_content", "</pasted_content")


def is_plan(payload: Mapping[str, Any]) -> bool:
    """Whether a permission request asks to approve a plan."""
    return payload.get("tool_name") == PLAN_TOOL


def guidance_ids(prompt: str) -> list[str]:
    """The ids in a prompt that begins `Guidance g12 from human:`; several pieces may have been glued into one.

    Newer versions wrap a long paste: `<pasted_content id="1ed6">`, the text, `</pasted_content id="1ed6">`.
    """
    lines = [line for line in prompt.lstrip().split("\n") if not line.startswith(_PASTE_MARKS)]
    heads = [_guidance_id(line) for line in lines]
    return [head for head in heads if head] if heads and heads[0] else []


def is_typed(prompt: str) -> bool:
    """Whether a prompt may be the user's words: the program's own messages begin with a tag, `<task-notification>`."""
    words = prompt.lstrip()
    name = words[1:].partition(">")[0].split(" ")[0] if words.startswith("<") else ""
    return not ("-" in name and name.replace("-", "").isalnum())


def _guidance_id(line: str) -> str:
    """`g12` of the line `Guidance g12 from human:`, or nothing. Without a pattern: importing re costs a hook 6 ms."""
    word, _, rest = line.partition(" ")
    given, _, sender = rest.partition(" from ")
    is_id = given[:1] == "g" and given[1:].isascii() and given[1:].isdecimal() and len(given) <= 10
    return given if word == "Guidance" and is_id and sender.rstrip(" \t").endswith(":") else ""


def plan_text(given: Mapping[str, Any]) -> str:
    """The plan of an ExitPlanMode call: in its input, else in the file that the program had the agent write."""
    plan, path = given.get("plan"), given.get("planFilePath")
    if not isinstance(plan, str) and isinstance(path, str) and os.path.isfile(path):
        try:
            with open(path, "rb") as file:
                plan = file.read(4 * PLAN_CHARACTERS).decode("utf-8", "replace")
        except OSError:
            plan = ""
    return clean_lines(plan, PLAN_CHARACTERS) if isinstance(plan, str) else ""
