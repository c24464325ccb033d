"""What Claude Code's hooks say, as events, and what they print. Standard library only: a hook pays for each import.

A payload is foreign: any JSON may come, so each reader takes what has the right type and drops the rest. What only some
hooks need is imported inside the functions.
"""

from __future__ import annotations

from zlib import crc32

from orchestra.agents.claude import payload_words
from orchestra.agents.claude.payload_words import PLAN_TOOL, guidance_ids, is_typed, plan_text
from orchestra.core import fast_json
from orchestra.core.dialogs import OF_SUBAGENT
from orchestra.core.models import PROGRAMS, WAKE_UP
from orchestra.core.text import clean, clean_lines

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from orchestra.core.events import AgentKind
    from orchestra.core.models import Answer

    Found = tuple[AgentKind, dict[str, Any]]

_SOURCES = ("startup", "resume", "clear", "compact")
_PROMPTS = ("permission_prompt", "elicitation_dialog")  # notifications that mean: a dialog is open
_NEED_A_WHOLE_PAYLOAD = ("SessionStart", "Stop", "SessionEnd")  # they say that the agent is at its prompt, or gone
MOST_WORDS = 9_000  # characters handed over by one hook: of more than 10,000 the model sees the begin and a file's name
MOST_SCHEDULED = 20
# Tools that can be allowed for good, and which part of their input says what they do.
_RULED = {"Bash": "command", "Edit": "file_path", "Write": "file_path", "NotebookEdit": "notebook_path",
          "WebFetch": "url", "Read": "file_path"}  # fmt: skip
HOUSEKEEPING = frozenset({"memory save", "dream", "auto-mode scan"})  # the program's own: none of it wakes the agent
_PLAIN_CALL = frozenset({"command", "description", "timeout", "run_in_background"})
MOST_RULE = 400  # characters
_SAYS_MOST = ("command", "file_path", "notebook_path", "url", "query", "pattern", "path", "skill", "description")


def event_of(hook: str, payload: Mapping[str, Any], now: float | None = None) -> Found | None:
    """A hook's name and its input as an event's kind and data; None when there is nothing to record. Never raises.

    `now` (seconds since the epoch) turns `resets 3pm (Europe/Paris)` into a time; without it `until` stays None.
    """
    reader = _READERS.get(hook)
    if (reader is None and hook != "StopFailure") or not isinstance(payload, dict):
        return None
    if hook in _NEED_A_WHOLE_PAYLOAD and not is_whole(hook, payload):
        return "unclear", {"reason": f"what its {hook} hook said could not be read"}
    if payload.get("agent_id") and reader not in (_blocked, _unblocked):
        return None  # a subagent's doings are not the worker's; but its dialog blocks the same pane
    if reader is not None:
        return reader(payload)
    from orchestra.agents.claude.limits import limited  # with patterns and dates, 10 ms, for what is rare

    return "limited", limited(payload, now)


def is_whole(hook: str, payload: Mapping[str, Any]) -> bool:
    """Whether a payload says which conversation it is of, and is of this hook; a damaged one may be of any.

    A conversation that begins is told twice: by its id and by its transcript, which is named after it.
    """
    session = _session(payload)
    if hook == "SessionStart" and not _path(payload.get("transcript_path")).endswith(f"{session}.jsonl"):
        return False
    return bool(session) and payload.get("hook_event_name", hook) == hook


def is_foreign(hook: str, payload: Mapping[str, Any], session: str) -> bool:
    """Whether a hook tells of another conversation than the worker's, which is `session`.

    A conversation that was moved into the program's daemon goes on under a new id with our hooks, beside spare ones
    that only wait. What begins in the pane by `/clear` and `/resume` is the worker's own from then on.
    """
    told = _session(payload)
    if not told or not session or told == session:
        return False
    return hook != "SessionStart" or payload.get("source") not in ("fork", "clear", "resume", "compact")


def asks(hook: str, payload: Mapping[str, Any]) -> bool:
    """Whether this hook may answer a dialog that is open in the pane; one that could not be read is answered there."""
    return hook == "PermissionRequest" and bool(payload)


def is_plan(payload: Mapping[str, Any]) -> bool:
    """Whether a permission request asks to approve a plan."""
    return payload_words.is_plan(payload)


def plan_is_the_agents(payload: Mapping[str, Any]) -> bool:
    """Whether the agent entered plan mode by itself; False when the user chose it, or when that is not known."""
    from orchestra.agents.claude import transcript

    return transcript.plan_is_the_agents(_path(payload.get("transcript_path")))


def takes_words(hook: str, payload: Mapping[str, Any]) -> bool:
    """Whether this hook can hand words to the model; what a subagent's hook prints never reaches the conversation."""
    return hook in ("PostToolUse", "PostToolUseFailure", "Stop") and not payload.get("agent_id")


def ends_turn(hook: str) -> bool:
    """Whether words that this hook hands over keep the agent from ending its turn."""
    return hook == "Stop"


def is_prompt(hook: str) -> bool:
    """Whether the hook tells of a prompt, beside which `prompt_context` may be printed."""
    return hook == "UserPromptSubmit"


def decision(answer: Answer, payload: Mapping[str, Any], mode: str = "") -> dict[str, Any]:
    """What the hook prints to answer the dialog; `mode` is the permission mode to go on in after a plan."""
    from orchestra.agents.claude import replies

    return replies.decision(answer, payload, mode)


def hand_over(hook: str, words: str) -> dict[str, Any]:
    """What the hook prints to hand words to the model."""
    from orchestra.agents.claude import replies

    return replies.hand_over(hook, words)


def prompt_context(words: str) -> dict[str, Any]:
    """What the hook prints to put words beside the prompt that was just submitted."""
    from orchestra.agents.claude import replies

    return replies.prompt_context(words)


def accepted_in(transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
    """Which pieces of guidance the model has been given, by the transcript from `since_byte` on."""
    from orchestra.agents.claude import transcript as records

    return records.accepted_in(transcript, since_byte, ids)


def _started(payload: Mapping[str, Any]) -> Found:
    source = payload.get("source")
    if source == "fork":  # the left arrow or `/bg`: a daemon goes on with a copy of the conversation
        where = "its conversation was moved out of its pane, into the background"
        return "moved", {
            "where": where,
            "session": _session(payload),
            "transcript": _path(payload.get("transcript_path")),
        }
    started = {"session": _session(payload), "source": source if source in _SOURCES else "startup"}
    return "started", {**started, "transcript": _path(payload.get("transcript_path"))}


def _accepted(payload: Mapping[str, Any]) -> Found:
    """A prompt was submitted. `prompt` is the id of the turn it belongs to: of the running one when it was queued."""
    given = payload.get("prompt")
    words = given if isinstance(given, str) else ""
    return "accepted", {
        "session": _session(payload),
        "guidance": guidance_ids(words),
        "typed": bool(words.strip()) and is_typed(words),  # words that cannot be read answer nothing
        "wording": _checksum(words),
        "prompt": _text(payload.get("prompt_id"), 64),
    }


def _turn_ended(payload: Mapping[str, Any]) -> Found:
    """The turn is over. `background` says for what the agent will wake up by itself, `scheduled` with which words."""
    crons = [one for one in _listed(payload.get("session_crons")) if isinstance(one, dict)]
    prompts = [one["prompt"] for one in crons if isinstance(one.get("prompt"), str)]
    return "turn-ended", {
        "background": _background(_listed(payload.get("background_tasks")), prompts),
        "scheduled": [_checksum(prompt) for prompt in prompts][:MOST_SCHEDULED],
        "said": _end_of(payload.get("last_assistant_message")),
    }


def _background(tasks: list[Any], prompts: list[str]) -> str:
    """What the agent waits for, in words: `its shell: npm run dev`; empty when nothing will wake it."""
    running = [task for task in tasks if not isinstance(task, dict) or task.get("status") in (None, "running")]
    running = [task for task in running if _type(task) not in HOUSEKEEPING]
    running.sort(key=lambda task: f"its {_type(task)}" in PROGRAMS)  # work of the agent's own is named first
    if running:
        first, kind = running[0] if isinstance(running[0], dict) else {}, _type(running[0])
        what = _text(first.get("command"), 80) or _text(first.get("description"), 80)
        name = f"its {kind}" if len(running) == 1 else f"its {kind} and {len(running) - 1} more"
        return f"{name}: {what}" if what else name
    if prompts:
        return clean(f"{WAKE_UP}: {_text(prompts[0], 80)}")
    return ""


def _type(task: Any) -> str:
    given = _text(task.get("type"), 20) if isinstance(task, dict) else ""
    return (given or "task").replace("local_", "").replace("_", " ")


def _checksum(words: str) -> str:
    """A short name of a text that is compared and never shown. crc32: hashlib costs the hook 3 ms to import."""
    return f"{crc32(words.strip().encode('utf-8', 'backslashreplace')):08x}"


def _ended(payload: Mapping[str, Any]) -> Found:
    return "ended", {"reason": _text(payload.get("reason")) or "other"}


def _blocked(payload: Mapping[str, Any]) -> Found:
    tool, given = _tool(payload)
    gate, options = "permission", list[str]()
    summary = _text(f"{tool}: {_gist(given)}")
    told = given.get("description")
    context = clean_lines(told, 2000) if "command" in given and isinstance(told, str) else ""
    if tool == "AskUserQuestion":
        gate, (summary, context, options) = "question", _questions(given)
        return "blocked", {
            **_gate(gate, summary, context, options, _request(payload, tool, given)),
            "questions": _answerable(given),
        }
    if tool == PLAN_TOOL:
        gate, context = "plan", plan_text(given)
        summary = "It has a plan and wants it approved" if context else "It wants to begin without a written plan"
    asked = _gate(gate, summary, context, options, _request(payload, tool, given))
    rule = _rule(tool, given) if gate == "permission" else ""
    return "blocked", {**asked, "rule": rule} if rule else asked


def _rule(tool: str, given: Mapping[str, Any]) -> str:
    """`Bash(npm test)`: what "always" would allow, to the letter. Empty for a call that cannot be shown whole in it."""
    key = _RULED.get(tool, "")
    what = given.get(key)
    if not isinstance(what, str) or not what or len(what) > MOST_RULE or not what.isprintable():
        return ""
    if tool == "Bash" and set(given) - _PLAIN_CALL:
        return ""  # outside of the sandbox, for example: another thing than the same command
    return f"{tool}({what})"


def _notified(payload: Mapping[str, Any]) -> Found | None:
    """The fallback, some 6 s later and without details: for a dialog that had no PermissionRequest."""
    if payload.get("notification_type") not in _PROMPTS:
        return None
    return "blocked", _gate("permission", _text(payload.get("message")) or "It waits for an answer", "", [], "")


def _unblocked(payload: Mapping[str, Any]) -> Found:
    """A tool call has ended. `request` says which: only the one that asked shows that its dialog was answered."""
    tool, given = _tool(payload)
    facts: dict[str, Any] = {"request": _request(payload, tool, given)}
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


def _request(payload: Mapping[str, Any], tool: str, given: Mapping[str, Any]) -> str:
    """A short name of one tool call, the same before and after it ran."""
    whose = OF_SUBAGENT if payload.get("agent_id") else ""
    if tool == "AskUserQuestion":
        given = {"questions": given.get("questions")}  # afterwards the answers are beside them
    elif tool == PLAN_TOOL:
        given = {}  # the plan may have been edited in the dialog
    return whose + _checksum(fast_json.dumps([tool, given]))


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


def _end_of(value: Any, limit: int = 2000) -> str:
    """The end of a message, line by line: what it asks is there."""
    text = clean_lines(value[-4 * limit :]).strip() if isinstance(value, str) else ""
    return text if len(text) <= limit else "\u2026" + text[1 - limit :]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _path(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else ""


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
