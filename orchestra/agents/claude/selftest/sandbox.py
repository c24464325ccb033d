"""A directory in which Claude Code runs by itself: a private home, a dummy key, a model on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

KEY = "test-key"
QUIET = (
    "DISABLE_AUTOUPDATER",
    "DISABLE_TELEMETRY",
    "DISABLE_ERROR_REPORTING",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL",
)
_KEPT = ("PATH", "LC_ALL", "TERM", "SHELL", "GIT_CONFIG_GLOBAL")


def private_home(home: Path, *trusted: Path) -> Path:
    """Write `~/.claude.json` as of a user who has set the program up and trusts these directories; returns `home`."""
    state = {
        "hasCompletedOnboarding": True,
        "projects": {str(path): {"hasTrustDialogAccepted": True} for path in trusted},
        "customApiKeyResponses": {"approved": [KEY]},
        "messageIdleNotifThresholdMs": 1500,
    }
    (home / ".claude.json").write_text(json.dumps(state))
    return home


def clean_environment(home: Path, api: str, environ: Mapping[str, str] = os.environ, **more: str) -> dict[str, str]:
    """The environment for the program: its API on loopback, nothing that dials out, no key of the user's."""
    own = {name: environ[name] for name in _KEPT if name in environ}
    address = {"HOME": str(home), "ANTHROPIC_BASE_URL": api, "ANTHROPIC_API_KEY": KEY}
    return {**own, **address, **dict.fromkeys(QUIET, "1"), **more}
