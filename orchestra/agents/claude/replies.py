"""What our hooks print for Claude Code to read. Standard library only: a hook prints it."""

from __future__ import annotations

from orchestra.agents.claude.payload_words import is_plan, plan_text

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from orchestra.core.models import Answer

    Reply = dict[str, Any]

_NO_PLAN = "The agent showed no written plan; it goes on as it described."


def decision(answer: Answer, payload: Mapping[str, Any], mode: str = "") -> Reply:
    """An answer to a permission request.

    A plan is approved together with its text: without it newer versions leave their dialog open. `mode` is the
    permission mode to go on in afterwards.
    """
    decided: Reply = {"behavior": answer.behavior}
    asked = payload.get("tool_input")
    given = asked if isinstance(asked, dict) else {}
    if decided["behavior"] == "deny":
        decided["message"] = answer.text or "The user said no."
    elif is_plan(payload):
        plan = given.get("plan")
        decided["updatedInput"] = {"plan": plan if isinstance(plan, str) and plan else plan_text(given) or _NO_PLAN}
        if mode:
            decided["updatedPermissions"] = [{"type": "setMode", "mode": mode, "destination": "session"}]
    elif answer.answers and isinstance(given.get("questions"), list):
        questions = [str(one.get("question")) for one in given["questions"] if isinstance(one, dict)]
        answers = dict(zip(questions, answer.answers, strict=False))
        decided["updatedInput"] = {"questions": given["questions"], "answers": answers}
    return _output("PermissionRequest", decision=decided)


def hand_over(event: str, words: str) -> Reply:
    """Words for the model: beside a tool's result, or instead of the end of its turn."""
    return {"decision": "block", "reason": words} if event == "Stop" else _output(event, additionalContext=words)


def prompt_context(words: str) -> Reply:
    """Words for the model beside the prompt that the user has just submitted."""
    return _output("UserPromptSubmit", additionalContext=words)


def _output(event: str, **facts: Any) -> Reply:
    return {"hookSpecificOutput": {"hookEventName": event, **facts}}
