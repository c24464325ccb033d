"""What Claude Code tells its status line: the cost by its own count, which no hook and no transcript tells.

The program runs the command of `statusLine` after each step, with JSON on its standard input. A worker's command keeps
that JSON in the worker's directory, and then runs the user's own command, which draws what the user is used to see.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from typing import Any

from orchestra.agents.claude.users_settings import settings_in, users_file

FILE = "agent-status.json"
MOST_COST = 10**6


def status_line(directory: str, users_own: str) -> dict[str, Any]:
    """The value of `statusLine`; `users_own` is the user's command, or empty."""
    file = shlex.quote(f"{directory}/{FILE}")
    new = shlex.quote(f"{directory}/{FILE}.new")
    keep = f"umask 077; cat >{new} && mv -f {new} {file}"
    return {"type": "command", "command": f"{keep}; {{ {users_own}\n}} <{file}" if users_own else keep}


def users_status_line(environ: Mapping[str, str]) -> str:
    """The command of the user's own status line, by their settings; empty where there is none."""
    found = settings_in(users_file(environ)).get("statusLine")
    command = found.get("command") if isinstance(found, dict) and found.get("type") == "command" else ""
    return command if isinstance(command, str) and "\0" not in command else ""


def cost_in(directory: str) -> float | None:
    """What the present run of the program has cost by its own count, in US dollars; None where it has not told."""
    told = settings_in(os.path.join(directory, FILE)).get("cost")
    cost = told.get("total_cost_usd") if isinstance(told, dict) else None
    if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 <= cost < MOST_COST:
        return None
    return float(cost)
