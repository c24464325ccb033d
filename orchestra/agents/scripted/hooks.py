"""The scripted agent's hooks: it speaks Claude Code's wire format, so it has the same readers and replies."""

from __future__ import annotations

from orchestra.agents.claude.hooks import (
    MOST_WORDS,
    accepted_in,
    asks,
    decision,
    ends_turn,
    event_of,
    hand_over,
    is_foreign,
    is_plan,
    is_prompt,
    is_whole,
    plan_is_the_agents,
    prompt_context,
    takes_words,
)

__all__ = [
    "MOST_WORDS",
    "accepted_in",
    "asks",
    "decision",
    "ends_turn",
    "event_of",
    "hand_over",
    "is_foreign",
    "is_plan",
    "is_prompt",
    "is_whole",
    "plan_is_the_agents",
    "prompt_context",
    "takes_words",
]
