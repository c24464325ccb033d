"""What Claude Code's screen, transcript and settings tell: the parts of `Agent` that the scripted agent shares."""

from __future__ import annotations

from orchestra.agents.claude.dialogs import read_dialog
from orchestra.agents.claude.permissions import rules_for
from orchestra.agents.claude.screen import at_work, box_holds, composer_text, dialog_open, retrying, suspended
from orchestra.agents.claude.status_line import cost_in, users_status_line
from orchestra.agents.claude.transcript import accepted_in, enqueued_in, hooked_at
from orchestra.agents.claude.usage import transcripts, used_in

__all__ = [
    "accepted_in",
    "at_work",
    "box_holds",
    "composer_text",
    "cost_in",
    "dialog_open",
    "enqueued_in",
    "hooked_at",
    "read_dialog",
    "retrying",
    "rules_for",
    "suspended",
    "transcripts",
    "used_in",
    "users_status_line",
]
