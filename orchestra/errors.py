"""Errors that the user sees: one sentence, and the next command to run."""

from __future__ import annotations


class OrchestraError(Exception):
    """An expected failure (exit 1). `message` is one sentence; `hint` is what to do next, or empty."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(OrchestraError):
    """The command line, the config, a layout or a prompt is wrong (exit 2)."""

    exit_code = 2


class Unreachable(OrchestraError):
    """An outside program did not answer, so nothing is known: never read this as "gone"."""


class Interrupted(OrchestraError):
    """The user ended the command (exit 130), which has begun what goes on without it."""

    exit_code = 130
