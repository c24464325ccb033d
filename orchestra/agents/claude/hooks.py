"""What Claude Code's hooks and transcript say, as events. Standard library only: the hook pays for every import here.

A payload is foreign: any JSON may come, so each reader takes what has the right type and drops the rest.
"""

from __future__ import annotations

import os
from zlib import crc32

from orchestra.core import fast_json
from orchestra.core.text import clean, clean_lines

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from orchestra.core.events import AgentKind

    Found = tuple[AgentKind, dict[str, Any]]

_SOURCES = ("startup", "resume", "clear", "compact")
_PROMPTS = ("permission_prompt", "elicitation_dialog")  # notifications that mean: a dialog is open
_SAYS_MOST = ("command", "file_path", "notebook_path", "url", "query", "pattern", "path", "skill", "description")


def event_of(hook: str, payload: Mapping[str, Any], now: float | None = None) -> Found | None:
    """A hook's name and its input as an event's kind and data; None when there is nothing to record. Never raises.

    `now` (seconds since the epoch) turns `resets 3pm (Europe/Paris)` into a time; without it `until` stays None.
    """
    reader = _READERS.get(hook)
    if (reader is None and hook != "StopFailure") or not isinstance(payload, dict):
        return None
    if payload.get("agent_id") and reader not in (_blocked, _unblocked):
        return None  # a subagent's doings are not the worker's; but its dialog blocks the same pane
    if reader is not None:
        return reader(payload)
    from orchestra.agents.claude.limits import limited  # with patterns and dates, 10 ms, for what is rare

    return "limited", limited(payload, now)


def guidance_ids(prompt: str) -> list[str]:
    """The ids in a prompt that begins `Guidance g12 from human:`; several pieces may have been glued into one."""
    heads = [_guidance_id(line) for line in prompt.lstrip().split("\n")]
    return [head for head in heads if head] if heads[0] else []


def _guidance_id(line: str) -> str:
    """`g12` of the line `Guidance g12 from human:`, or nothing. Without a pattern: importing re costs a hook 6 ms."""
    word, _, rest = line.partition(" ")
    given, _, sender = rest.partition(" from ")
    is_id = given[:1] == "g" and given[1:].isascii() and given[1:].isdecimal() and len(given) <= 10
    return given if word == "Guidance" and is_id and sender.rstrip(" \t").endswith(":") else ""


def accepted_in(transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
    """Which of `ids` the model has been given: as a prompt, folded into the running turn, or by a hook of ours."""
    found = {
        piece for kind, said in _said_in(transcript, since_byte) if kind == "given" for piece in guidance_ids(said)
    }
    return found & set(ids)


def enqueued_in(transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
    """Which of `ids` have left the prompt box: given to the model, or in the program's queue (lost by a `kill -9`)."""
    return {piece for _, said in _said_in(transcript, since_byte) for piece in guidance_ids(said)} & set(ids)


def _started(payload: Mapping[str, Any]) -> Found:
    source = payload.get("source")
    started = {"session": _session(payload), "source": source if source in _SOURCES else "startup"}
    return "started", {**started, "transcript": _path(payload.get("transcript_path"))}


def _accepted(payload: Mapping[str, Any]) -> Found:
    prompt = payload.get("prompt")
    return "accepted", {
        "session": _session(payload),
        "guidance": guidance_ids(prompt) if isinstance(prompt, str) else [],
    }


def _turn_ended(payload: Mapping[str, Any]) -> Found:
    running = payload.get("background_tasks")
    said = _end_of(payload.get("last_assistant_message"))
    return "turn-ended", {"background": len(running) if isinstance(running, list) else 0, "said": said, "guidance": []}


def _ended(payload: Mapping[str, Any]) -> Found:
    return "ended", {"reason": _text(payload.get("reason")) or "other"}


def _blocked(payload: Mapping[str, Any]) -> Found:
    tool, given = _tool(payload)
    gate, options = "permission", list[str]()
    summary = _text(f"{tool}: {_gist(given)}")
    context = _lines(given.get("description")) if "command" in given else ""
    if tool == "AskUserQuestion":
        gate, (summary, context, options) = "question", _questions(given)
        return "blocked", {
            **_gate(gate, summary, context, options, _request(tool, given)),
            "questions": _answerable(given),
        }
    if tool == "ExitPlanMode":
        gate, summary, context = "plan", "It has a plan and wants it approved", _lines(given.get("plan"), 10_000)
    return "blocked", _gate(gate, summary, context, options, _request(tool, given))


def _notified(payload: Mapping[str, Any]) -> Found | None:
    """The fallback, some 6 s later and without details: for a dialog that had no PermissionRequest."""
    if payload.get("notification_type") not in _PROMPTS:
        return None
    return "blocked", _gate("permission", _text(payload.get("message")) or "It waits for an answer", "", [], "")


def _unblocked(payload: Mapping[str, Any]) -> Found:
    """A tool call has ended. `request` says which: only the one that asked shows that its dialog was answered."""
    tool, given = _tool(payload)
    facts: dict[str, Any] = {"request": _request(tool, given)}
    chosen = given.get("answers") if tool == "AskUserQuestion" else None
    return "unblocked", {**facts, "answers": [_text(one) for one in chosen.values()]} if isinstance(
        chosen, dict
    ) else facts


def _gate(gate: str, summary: str, context: str, options: list[str], request: str) -> dict[str, Any]:
    return {"gate": gate, "summary": summary, "context": context, "options": options, "request": request}


def _questions(given: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """Summary, context and options. Options only of a lone question: one answer cannot fit several."""
    asked = [one for one in _listed(given.get("questions")) if isinstance(one, dict)]
    summary = clean(" / ".join(_text(one.get("question")) for one in asked)) or "It asks a question"
    told, labels = [], []
    for one in asked:
        told += [_text(one.get("question"))] if len(asked) > 1 else []
        for option in _listed(one.get("options")):
            label, why = (option.get("label"), option.get("description")) if isinstance(option, dict) else ("", "")
            labels.append(_text(label))
            told.append(f"- {_text(label)}: {_text(why)}")
    return summary, clean_lines("\n".join(told), 4000), labels if len(asked) == 1 else []


def _answerable(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an answer from elsewhere is made for: each question, the labels of its options, whether several fit."""
    return [
        {
            "question": _text(one.get("question")),
            "options": [
                _text(option.get("label")) for option in _listed(one.get("options")) if isinstance(option, dict)
            ],
            "many": one.get("multiSelect") is True,
        }
        for one in _listed(given.get("questions"))
        if isinstance(one, dict)
    ]


def _request(tool: str, given: Mapping[str, Any]) -> str:
    """A short name of one tool call, the same before and after it ran. crc32: hashlib costs the hook 3 ms to import."""
    if tool == "AskUserQuestion":
        given = {"questions": given.get("questions")}  # afterwards the answers stand beside them
    elif tool == "ExitPlanMode":
        given = {}  # the plan may have been edited in the dialog
    return f"{crc32(fast_json.dumps([tool, given]).encode('utf-8', 'backslashreplace')):08x}"


def _gist(given: Mapping[str, Any]) -> str:
    for key in _SAYS_MOST:
        if isinstance(given.get(key), str):
            return str(given[key])
    return fast_json.dumps(given)[:400] if given else ""


def _tool(payload: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    given = payload.get("tool_input")
    return _text(payload.get("tool_name")) or "a tool", given if isinstance(given, dict) else {}


def _session(payload: Mapping[str, Any]) -> str:
    return _text(payload.get("session_id"), 64)


def _text(value: Any, limit: int = 200) -> str:
    return clean(value, limit) if isinstance(value, str) else ""


def _end_of(value: Any, limit: int = 600) -> str:
    """The end of a message as one clean line: what it asks stands there."""
    text = _text(value, 20_000)
    return text if len(text) <= limit else "\u2026" + text[1 - limit :]


def _lines(value: Any, limit: int = 2000) -> str:
    return clean_lines(value, limit) if isinstance(value, str) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _path(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else ""


def _said_in(transcript: str, since_byte: int) -> Iterator[tuple[str, str]]:
    """("given" | "queued", text) for each message with guidance from `since_byte` on; a torn last line waits."""
    try:
        if not os.path.isfile(transcript):  # a FIFO would hang us
            return
        with open(transcript, "rb") as lines:
            lines.seek(since_byte if since_byte <= lines.seek(0, 2) else 0)
            for line in lines:
                if b"Guidance g" in line:
                    yield from _said(line)
    except OSError:
        return


def _said(line: bytes) -> Iterator[tuple[str, str]]:
    try:
        entry = fast_json.loads(line.decode("utf-8", "replace"))
    except ValueError:
        return
    if not isinstance(entry, dict) or entry.get("isSidechain") is True:
        return
    kind, message, attached = entry.get("type"), entry.get("message"), entry.get("attachment")
    if kind == "user" and isinstance(message, dict):
        yield "given", _words(message.get("content")).removeprefix("Stop hook feedback:\n")
    elif kind == "attachment" and isinstance(attached, dict) and attached.get("type") == "hook_additional_context":
        yield from (("given", text) for text in _listed(attached.get("content")) if isinstance(text, str))
    elif kind == "attachment" and isinstance(attached, dict) and attached.get("type") == "queued_command":
        yield "given", _words(attached.get("prompt"))
    elif kind == "queue-operation" and entry.get("operation") == "enqueue":
        yield "queued", _words(entry.get("content"))


def _words(content: Any) -> str:
    """A message's own words: no tool results, in which anybody may have written anything."""
    if isinstance(content, str):
        return content
    blocks = (block for block in _listed(content) if isinstance(block, dict) and block.get("type") == "text")
    return "\n".join(block["text"] for block in blocks if isinstance(block.get("text"), str))


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Found | None]] = {
    "SessionStart": _started,
    "UserPromptSubmit": _accepted,
    "PermissionRequest": _blocked,
    "Notification": _notified,
    "PostToolUse": _unblocked,
    "PostToolUseFailure": _unblocked,
    "Stop": _turn_ended,
    "SessionEnd": _ended,
}
