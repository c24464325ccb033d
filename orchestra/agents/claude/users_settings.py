"""What the user's own settings of Claude Code say. They are read, and never changed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from orchestra.storage.files import read_text

MOST_BYTES = 256 * 1024
_MANAGED = {"darwin": "/Library/Application Support/ClaudeCode"}


def settings_in(path: str) -> Mapping[str, Any]:
    """The settings in a file; none where it is missing or damaged, as the program itself takes it."""
    try:
        found = json.loads(read_text(path, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def users_file(environ: Mapping[str, str]) -> str:
    """The user's settings for all projects."""
    config = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(environ.get("HOME", "/"), ".claude")
    return os.path.join(config, "settings.json")


def hooks_off(environ: Mapping[str, str], checkout: str, managed: str = "") -> str:
    """The file whose settings keep our hooks from being called; empty: none does. The last one that says it decides."""
    policy = os.path.join(managed or _MANAGED.get(sys.platform, "/etc/claude-code"), "managed-settings.json")
    rules = settings_in(policy)
    if rules.get("disableAllHooks") is True or rules.get("allowManagedHooksOnly") is True:
        return policy
    said = [(value, path) for path in _users(environ, checkout) if (value := _switch(path)) is not None]
    return said[-1][1] if said and said[-1][0] else ""


def _users(environ: Mapping[str, str], checkout: str) -> Iterator[str]:
    """The files that a user writes, the one that decides last."""
    yield users_file(environ)
    yield from (os.path.join(checkout, ".claude", name) for name in ("settings.json", "settings.local.json"))


def _switch(path: str) -> bool | None:
    value = settings_in(path).get("disableAllHooks")
    return value if isinstance(value, bool) else None
