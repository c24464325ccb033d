"""What the model says next: a script that travels in the conversation itself, so the server keeps no memory of it.

`[[stub:[STEP, ...]]]` may be anywhere in a prompt (an issue's body, a piece of guidance). A step is one answer:

    {"text": "..."}                                          words; without a tool they end the turn
    {"text": "...", "tool": "Bash", "input": {...}}          words and one tool call
    {"tools": [{"name": "Bash", "input": {...}}, ...]}       several tool calls in one answer
    {"wait": true}                                           end of a section: ends the turn, unless new words have come

and any step may carry `"delay": seconds`, `"fail": {"status": 529, "times": 2, "type": "...", "message": "...",
"headers": {}}` (`times` absent: for ever) or `"close": "before" | "mid"` with `"times"`. `{{cwd}}` becomes the worker's
directory, `{{plan}}` the file that the program told it to write its plan to.

After a wait the next section begins at the next new user text, whether that came while the turn ran or after it. Text
with a marker of its own begins that script instead. The place in the script is counted from the conversation alone, so
retries, `kill -9`, `--resume` and many workers at once need nothing from the server. A tool call that `kill -9` cut off
is not in the resumed conversation, so it is made again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestra.core.records import Record
from orchestra.core.regex import regex

MARKER = "[[stub:"
_REMINDER = regex(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
# What is said to a busy program: pasted (a message with the role `system`, or a reminder), or handed over by our hook.
_TOLD = (
    re.compile(
        r"The user sent a new message while you were working:\n"
        r"(.*?)(?=\n\nIMPORTANT: |\n\nThis is how Claude Code |</system-reminder>|$)",
        re.DOTALL,
    ),
    re.compile(r"hook additional context: (Guidance g\d+ from .*?)(?=</system-reminder>|$)", re.DOTALL),
    re.compile(r"Stop hook feedback:\n(Guidance g\d+ from .*?)(?=</system-reminder>|$)", re.DOTALL),
)
_PASTE = regex(r"^</?pasted_content[^>\n]*>\n?", re.MULTILINE)  # newer versions wrap a long paste
_CWD = regex(r"[Ww]orking directory: (\S.*)")
_PLAN = regex(r"(/\S+/plans/[\w.-]+\.md)")
# What the program itself puts into a conversation: neither the user's words nor an answer of the model.
_SYNTHETIC = ("[Request interrupted", "Continue from where you left off.", "No response requested.")


class Call(Record):
    """One tool call of an answer."""

    name: str
    input: Mapping[str, Any]


class Trouble(Record):
    """How a step fails before it succeeds: an HTTP status, or a connection closed `before` or `mid` answer."""

    times: float
    status: int = 0
    kind: str = "overloaded_error"
    message: str = "Overloaded"
    headers: Mapping[str, str] = {}
    close: str = ""


class Step(Record):
    """One answer of the model."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    delay: float = 0.0
    trouble: Trouble | None = None
    wait: bool = False


class Place(Record):
    """How far a conversation has come: the script, the steps already answered, and new words since the last wait."""

    script: tuple[Step, ...] = ()
    done: int = 0
    told: bool = False


def marker(*steps: Mapping[str, Any]) -> str:
    """The steps as the text to put into a prompt."""
    return MARKER + json.dumps(steps, separators=(",", ":")) + "]]"


def steps_in(text: str) -> tuple[Step, ...] | None:
    """The script in a prompt, or None; a marker that does not parse raises, because it is the test's mistake."""
    begin = text.find(MARKER)  # the first: a script may hold a subagent's prompt with a script of its own
    if begin < 0:
        return None
    body = re.sub(r"\n[>|] ?", "\n", text[begin + len(MARKER) :])  # it may have been quoted line by line
    steps, _ = json.JSONDecoder().raw_decode(body)
    return tuple(_step(step) for step in steps)


def _step(raw: Mapping[str, Any]) -> Step:
    calls = [Call(raw["tool"], raw.get("input", {}))] if "tool" in raw else []
    calls += [Call(call["name"], call.get("input", {})) for call in raw.get("tools", ())]
    return Step(raw.get("text", ""), tuple(calls), raw.get("delay", 0.0), _trouble(raw), bool(raw.get("wait")))


def _trouble(raw: Mapping[str, Any]) -> Trouble | None:
    if "close" in raw:
        return Trouble(raw.get("times", 1), close=raw["close"])
    if "fail" not in raw:
        return None
    fail = raw["fail"]
    kind, message = fail.get("type", "overloaded_error"), fail.get("message", "Overloaded")
    return Trouble(fail.get("times", float("inf")), fail["status"], kind, message, fail.get("headers", {}))


def place(messages: Iterable[Mapping[str, Any]], first: Sequence[tuple[str, str]] = ()) -> Place:
    """How far the conversation has got. `first` holds (needle, marker): the script of a first prompt with it."""
    at, begun = Place(), False
    for message in messages:
        if message["role"] == "assistant":
            at = _answered(at, message)
        for words in user_texts(message):
            script = steps_in(words)
            if script is None and not begun:
                script = next((steps_in(text) for needle, text in first if needle in words), None)
            at = Place(script) if script is not None else at._replace(told=True)
            begun = True
    return at


def _answered(at: Place, message: Mapping[str, Any]) -> Place:
    """One more answer; a wait that new words had already passed was skipped, so it is skipped here too."""
    if _texts(message["content"])[:1] == ["No response requested."] or at.done >= len(at.script):
        return at
    at, _ = _pass_wait(at)
    if at.done < len(at.script) and not at.script[at.done].wait:
        return at._replace(done=at.done + 1)
    return at


def next_step(at: Place) -> tuple[int, Step]:
    """The index of the next answer and the answer; the end of a script, and a wait, end the turn with a few words."""
    at, waiting = _pass_wait(at)
    if waiting:
        return at.done, Step("I wait for an answer.", wait=True)
    if at.done >= len(at.script):
        return at.done, Step("Nothing is left to do.")
    return at.done, at.script[at.done]


def _pass_wait(at: Place) -> tuple[Place, bool]:
    while at.done < len(at.script) and at.script[at.done].wait:
        if not at.told:
            return at, True
        at = Place(at.script, at.done + 1)
    return at, False


def user_texts(message: Mapping[str, Any]) -> list[str]:
    """The words of a message that the user (or orchestra) wrote: no answers, no tool results, no other reminders."""
    blocks = [] if message["role"] == "assistant" else _texts(message["content"])
    texts = [words.strip() for text in blocks for told in _TOLD for words in told.findall(text)]
    rest = [_REMINDER.sub("", text).strip() for text in blocks if message["role"] == "user"]
    texts += [text for text in rest if not any(told.search(text) for told in _TOLD)]  # or they would count twice
    words = (_PASTE.sub("", text).strip() for text in texts)
    return [text for text in words if text and not text.startswith(_SYNTHETIC)]


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [block["text"] for block in content if block.get("type") == "text"]


def cwd_of(body: Mapping[str, Any]) -> str:
    """The directory the program told the model it works in; `.` when it did not say."""
    found = _CWD.search("\n".join(_texts(body.get("system", ""))))
    return found.group(1).strip() if found else "."


def aside(body: Mapping[str, Any]) -> str:
    """The answer to a request beside the conversation: auto mode's check, which lets everything pass, or a title."""
    if not judged(body):
        return json.dumps({"title": "A scripted session"})
    return "<severity>0</severity>" if "<severity>" in json.dumps(body.get("system")) else "<block>no</block>"


def judged(body: Mapping[str, Any]) -> str:
    """The tool call that auto mode's check is asked about, the last before `</transcript>`; empty: no such check."""
    texts = [text.strip() for message in body["messages"] for text in _texts(message["content"])]
    place = texts.index("</transcript>") if "</transcript>" in texts else 0
    return texts[place - 1] if place else ""


def plan_file_of(body: Mapping[str, Any]) -> str:
    """The plan file that the program told the model of last; empty when it told of none."""
    texts = [text for message in body["messages"] for text in _texts(message["content"])]
    found = [path for text in texts for path in _PLAN.findall(text)]
    return str(found[-1]) if found else ""


def fill(value: Any, body: Mapping[str, Any]) -> Any:
    """`value` (a tool's input) with `{{cwd}}` and `{{plan}}` replaced in every string by what the program told."""
    if isinstance(value, str):
        for name, told in (("{{cwd}}", cwd_of), ("{{plan}}", plan_file_of)):
            value = value.replace(name, told(body)) if name in value else value
        return value
    if isinstance(value, Mapping):
        return {key: fill(inner, body) for key, inner in value.items()}
    return [fill(inner, body) for inner in value] if isinstance(value, list) else value


def bash(command: str, text: str = "") -> dict[str, Any]:
    """A step that calls the Bash tool."""
    return {"text": text, "tool": "Bash", "input": {"command": command, "description": "step"}}


def plan_of(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The steps that show a plan: written to the program's plan file, and also given as older versions want it."""
    write = {"tool": "Write", "input": {"file_path": "{{plan}}", "content": text}}
    return write, {"tool": "ExitPlanMode", "input": {"plan": text}}
