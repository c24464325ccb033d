"""What Claude Code's transcript proves about words sent to it. Standard library only: the hook pays for every import.

The transcript is the agent's own record, and the only proof that the model was given words: the hook that speaks of a
prompt fires when it is typed, which for words typed in the middle of a turn is before the model sees them.
"""

from __future__ import annotations

import os

from orchestra.agents.claude.payload_words import guidance_ids, is_typed
from orchestra.core import fast_json

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

RECENT_BYTES = 256 * 1024
TAIL_BYTES = 32 * 1024 * 1024  # where a plan is asked about, the end of the transcript is enough


def accepted_in(transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
    """Which of `ids` the model has been given: as a prompt, in the middle of a turn, or by one of our hooks."""
    found = {
        piece for kind, said in _said_in(transcript, since_byte) if kind == "given" for piece in guidance_ids(said)
    }
    return found & set(ids)


def enqueued_in(transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
    """Which of `ids` have left the prompt box: given to the model, or in the program's queue (lost by a `kill -9`)."""
    return {piece for _, said in _said_in(transcript, since_byte) for piece in guidance_ids(said)} & set(ids)


def plan_is_the_agents(transcript: str) -> bool:
    """Whether the agent itself entered plan mode since the user last typed something; False where that is not known.

    A user who has chosen plan mode (Shift+Tab) wants to see the plan. A prompt that was not typed changes nothing.
    """
    by_agent = False
    for line in _lines(transcript, max(0, _size(transcript) - TAIL_BYTES)):
        if b'"EnterPlanMode"' in line and b'"tool_use"' in line:
            entry = _entry(line)
            by_agent = by_agent or any(
                block.get("type") == "tool_use" and block.get("name") == "EnterPlanMode" for block in _blocks(entry)
            )
        elif by_agent:
            by_agent = not _ends_plan(_entry(line))
    return by_agent


def _ends_plan(entry: Mapping[str, Any]) -> bool:
    """Whether a record shows that the agent's own planning was over: another mode, or words that the user typed.

    A damaged record may have been either, so it counts as one: then the user is shown a plan once too often.
    """
    kind, mode = entry.get("type"), entry.get("permissionMode", "plan")
    if not isinstance(kind, str) or mode != "plan":
        return entry.get("isSidechain") is not True
    message, words = entry.get("message"), _prompt_of(entry)
    results = isinstance(message, dict) and isinstance(message.get("content"), list)  # of tools: not typed
    is_prompt = kind != "permission-mode" and ("permissionMode" in entry or (kind == "user" and not results))
    meant = entry.get("isSidechain") is not True and entry.get("isMeta") is not True
    return is_prompt and meant and is_typed(words) and not guidance_ids(words)


def hooked_at(transcript: str) -> str:
    """The time of the last record that a hook must have told of: a tool call, or the end of a turn. Empty: none."""
    for line in reversed(list(_lines(transcript, max(0, _size(transcript) - RECENT_BYTES)))):
        if b'"assistant"' not in line:
            continue
        entry = _entry(line)
        message = entry.get("message")
        ended = isinstance(message, dict) and message.get("stop_reason") == "end_turn"
        at = entry.get("timestamp")
        called = any(block.get("type") == "tool_use" for block in _blocks(entry))
        if isinstance(at, str) and (ended or called) and entry.get("isSidechain") is not True:
            return at
    return ""


def _said_in(transcript: str, since_byte: int) -> Iterator[tuple[str, str]]:
    """("given" | "queued", text) for each message with guidance from `since_byte` on."""
    for line in _lines(transcript, since_byte):
        if b"Guidance g" in line:
            yield from _said(_entry(line))


def _said(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What one record says. Records of other types, such as copies of API requests, prove nothing by themselves."""
    if entry.get("isSidechain") is True:
        return
    kind, attached = entry.get("type"), entry.get("attachment")
    if kind == "user":
        yield "given", _prompt_of(entry)
    elif kind == "attachment" and isinstance(attached, dict) and attached.get("type") == "hook_additional_context":
        yield from (("given", text) for text in _listed(attached.get("content")) if isinstance(text, str))
    elif kind == "attachment" and isinstance(attached, dict) and attached.get("type") == "queued_command":
        yield "given", _words(attached.get("prompt"))
    elif kind == "queue-operation" and entry.get("operation") == "enqueue":
        yield "queued", _words(entry.get("content"))
    elif kind == "queue-operation" and entry.get("reason") == "absorbed_mid_turn":
        yield "given", _words(entry.get("content"))


def _prompt_of(entry: Mapping[str, Any]) -> str:
    message = entry.get("message")
    words = _words(message.get("content")) if isinstance(message, dict) else ""
    head, _, below = words.partition("\n")
    return below if head.startswith("Stop hook ") and head.endswith(":") else words  # what our Stop hook said


def _words(content: Any) -> str:
    """A message's own words: no tool results, in which anybody may have written anything."""
    if isinstance(content, str):
        return content
    blocks = (block for block in _listed(content) if isinstance(block, dict) and block.get("type") == "text")
    return "\n".join(block["text"] for block in blocks if isinstance(block.get("text"), str))


def _blocks(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    message = entry.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if entry.get("isSidechain") is True or entry.get("type") != "assistant":
        return []
    return [block for block in _listed(content) if isinstance(block, dict)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry(line: bytes) -> Mapping[str, Any]:
    try:
        entry = fast_json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _size(transcript: str) -> int:
    try:
        return os.path.getsize(transcript)
    except OSError:
        return 0


def _lines(transcript: str, since_byte: int) -> Iterator[bytes]:
    """The lines from `since_byte` on, from the start when the file is shorter; a line that is cut is not JSON."""
    try:
        if not os.path.isfile(transcript):  # opening a FIFO would hang
            return
        with open(transcript, "rb") as lines:
            lines.seek(since_byte if since_byte <= lines.seek(0, 2) else 0)
            yield from lines
    except OSError:
        return
