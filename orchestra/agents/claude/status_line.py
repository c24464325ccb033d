"""What Claude Code tells its status line: the cost by its own count, which no hook and no transcript tells.

The program runs the command of `statusLine` after each step, with JSON on its standard input. A worker's command keeps
that JSON in the worker's directory, and then runs the user's own command, which draws what the user is used to see.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from typing import Any

from orchestra.storage.files import read_text

FILE = "agent-status.json"
MOST_BYTES = 256 * 1024
MOST_COST = 10**6


def status_line(directory: str, users_own: str) -> dict[str, Any]:
    """The value of `statusLine`; `users_own` is the user's command, or empty."""
    file = shlex.quote(f"{directory}/{FILE}")
    new = shlex.quote(f"{directory}/{FILE}.new")
    keep = f"umask 077; cat >{new} && mv -f {new} {file}"
    return {"type": "command", "command": f"{keep}; {{ {users_own}\n}} <{file}" if users_own else keep}


def users_status_line(environ: Mapping[str, str]) -> str:
    """The command of the user's own status line, by their settings; empty where there is none."""
    config = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(environ.get("HOME", "/"), ".claude")
    found = _json(os.path.join(config, "settings.json")).get("statusLine")
    command = found.get("command") if isinstance(found, dict) and found.get("type") == "command" else ""
    return command if isinstance(command, str) and "\0" not in command else ""


def cost_in(directory: str) -> float | None:
    """What the present run of the program has cost by its own count, in US dollars; None where it has not told."""
    told = _json(os.path.join(directory, FILE)).get("cost")
    cost = told.get("total_cost_usd") if isinstance(told, dict) else None
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < MOST_COST:
        return None
    return float(cost)


def _json(path: str) -> Mapping[str, Any]:
    try:
        found = json.loads(read_text(path, MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
