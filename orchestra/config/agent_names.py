"""The agents that orchestra can run: each is the package of that name in `agents/`."""

from __future__ import annotations

AGENTS = ("claude", "scripted")
