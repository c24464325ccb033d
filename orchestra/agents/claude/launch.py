"""Claude Code as a worker's agent: how it is started and resumed, what it may do, and which of its hooks call us.

Seen with version 2.1.197. Our settings go in by `--settings`; the user's and the repository's files are never touched.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestra.agents.claude import screen, sessions, tested_versions, users_settings
from orchestra.agents.claude.permissions import BYPASS, ORCHESTRATOR, mode, permissions
from orchestra.agents.claude.reading import *  # noqa: F403 - each of these is a part of the agent
from orchestra.agents.claude.status_line import status_line
from orchestra.core.models import AgentContext, AgentOptions, Launch

TESTED = tested_versions.TESTED
startup_problem, understood, running_sessions = screen.startup_problem, screen.understood, sessions.running_sessions
hooks_off = users_settings.hooks_off

INSTALL = "npm install -g @anthropic-ai/claude-code"

_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK")

# Which hooks start our Python, and after how many seconds the program gives up on it (and goes on as if unhooked).
# A permission hook may wait as long as the user: the dialog stays usable meanwhile, and the first answer wins.
HOOKS: Mapping[str, int] = {
    "SessionStart": 10,
    "UserPromptSubmit": 10,
    "PermissionRequest": 86_400,
    "Notification": 10,
    "Stop": 10,
    "StopFailure": 10,
    "SessionEnd": 10,
}
# Which hooks touch the heartbeat in `sh`, and start our Python only when one of these files is there: `mailbox` while
# guidance waits for a busy agent, `blocked` while a dialog is open (the tool that asked has ended: it was answered).
# Without a file to look for, the hook runs beside the turn: that saves half of its cost (8 of 16 ms, most of it the
# program's own).
BEATS: Mapping[str, tuple[str, ...]] = {
    "PreToolUse": (),
    "PostToolUse": ("mailbox", "blocked"),
    "PostToolUseFailure": ("mailbox", "blocked"),
}

# One argument may hold 131,071 bytes.
_PROMPT_BYTES = 100_000


def launch(context: AgentContext, options: AgentOptions, *, resume: bool, say: str) -> Launch:
    """Files for `context.directory` and the argv of the pane. `say`: the first words; "" only with `resume`."""
    settings = {
        "permissions": permissions(context, options),
        "hooks": _orchestrator_hooks(context) if context.worker == ORCHESTRATOR else _worker_hooks(context, options),
        "promptSuggestionEnabled": False,  # a suggested prompt in the box reads like one that somebody typed
        **_switches(context, options),
    }
    files = {
        "settings.json": json.dumps(settings, indent=1, ensure_ascii=False) + "\n",
        "launch.sh": _script(context, options, resume=resume, say=say),
        "prompt.md": say,
    }
    return Launch(("/bin/sh", f"{context.directory}/launch.sh"), files)


def conversation_exists(session: str, environ: Mapping[str, str]) -> bool:
    """True when `--resume` will find this conversation: its transcript holds a message.

    A program killed in its first second may leave a transcript of bookkeeping alone: neither `--resume` ("No
    conversation found") nor `--session-id` ("already in use") takes it; `session_to_begin` then gives another id.
    """
    return any(b'"type":"user"' in line for path in _transcripts(session, environ) for line in _lines(path))


def session_to_begin(session: str, environ: Mapping[str, str]) -> str:
    """The id to begin a conversation with: `session`, or a new one when that id can no longer be used."""
    return str(uuid.uuid4()) if any(_transcripts(session, environ)) else session


def logged_in(environ: Mapping[str, str]) -> bool:
    """Whether there is a key or kept credentials; macOS keeps them in the keychain, which is not asked."""
    if os.uname().sysname == "Darwin" or any(environ.get(key) for key in _KEYS):
        return True
    config = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(environ.get("HOME", "/"), ".claude")
    return os.path.exists(os.path.join(config, ".credentials.json"))


def version(command: str, environ: Mapping[str, str]) -> str | None:
    """The version of the program, `2.1.197`; None when it is not there or does not answer within 20 s."""
    try:
        done = subprocess.run(
            [command, "--version"],
            env=dict(environ),
            capture_output=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(rb"\d+\.\d+\.\d+[\w.-]*", done.stdout)
    return found.group().decode() if found and done.returncode == 0 else None


def _script(context: AgentContext, options: AgentOptions, *, resume: bool, say: str) -> str:
    """A script, because tmux takes no command over 16 KB and the user can run it by hand."""
    argv = [options.command, "--resume" if resume else "--session-id", context.session]
    argv += ["--settings", f"{context.directory}/settings.json", "--permission-mode", _begins_in(context, options)]
    argv += ["--name", context.worker if context.worker == ORCHESTRATOR else f"#{context.worker}"]
    if mode(context, options) == BYPASS and _begins_in(context, options) != BYPASS:
        argv.append("--allow-dangerously-skip-permissions")  # or the mode cannot be entered after the plan
    argv += ["--model", options.model] if options.model else []
    prompt = shlex.quote(f"{context.directory}/prompt.md")
    lines = [
        "#!/bin/sh",
        "# Starts the agent; written anew by orchestra at each start.",
        f"cd {shlex.quote(context.place or context.worktree)} || exit",
    ]
    command = shlex.join([*argv, *options.args])
    if not say:
        lines.append(f"exec {command}")
    elif len(say.encode()) > _PROMPT_BYTES:
        lines.append(f'exec {command} -- "Read "{prompt}", all of it, in parts: it says what to do."')
    else:
        lines += [f"prompt=$(cat {prompt}) || exit", f'exec {command} -- "$prompt"']
    return "\n".join(lines) + "\n"


def _begins_in(context: AgentContext, options: AgentOptions) -> str:
    """The permission mode of the first turn: a plan first, where the project wants to see one."""
    return "plan" if options.plan == "review" and context.worker != ORCHESTRATOR else mode(context, options)


def _switches(context: AgentContext, options: AgentOptions) -> dict[str, Any]:
    """Settings that keep a worker in its pane, its worktree and its permission profile. Unknown ones are ignored."""
    if context.worker == ORCHESTRATOR:
        return {}
    found: dict[str, Any] = {
        "statusLine": status_line(context.directory, context.status_line),
        "disableAgentView": True,  # the left arrow would move the session out of the pane into a background daemon
        "disableRemoteControl": True,
        "tui": "default",  # the full-screen renderer leaves the pane without a history
    }
    if options.permissions != "auto":
        # Else in plan mode a server-side check is asked; where it cannot be reached, as behind a gateway, a dialog
        # opens of which no permission hook tells.
        found["disableAutoMode"] = "disable"
    if mode(context, options) == BYPASS:
        found["skipDangerousModePermissionPrompt"] = True
    return found


def _worker_hooks(context: AgentContext, options: AgentOptions) -> dict[str, Any]:
    hooks = {event: _hook(_call(context, event), timeout) for event, timeout in HOOKS.items()}
    words = ("plan:auto",) if options.plan == "auto" else ()
    call = _call(context, "PermissionRequest", *words, f"after:{mode(context, options)}")
    hooks["PermissionRequest"] = _hook(call, HOOKS["PermissionRequest"])
    beats = {event: _hook(_beat(context, event), 10, beside=not files) for event, files in BEATS.items()}
    return {**hooks, **beats}


def _orchestrator_hooks(context: AgentContext) -> dict[str, Any]:
    return {"UserPromptSubmit": _hook(_call(context, "UserPromptSubmit"), 10)}


def _beat(context: AgentContext, event: str) -> str:
    """Touch the heartbeat with the shell alone: one byte, because opening to append leaves the mtime as it was."""
    heartbeat, *files = (shlex.quote(f"{context.directory}/{name}") for name in ("heartbeat", *BEATS[event]))
    asked = " || ".join(f"[ -e {file} ]" for file in files)
    more = f"; if {asked}; then {_call(context, event)}; fi" if asked else ""
    return f"{{ echo >{heartbeat}; }} 2>/dev/null || :{more}"


def _call(context: AgentContext, event: str, *more: str) -> str:
    """It ends with 0 whatever is broken, orchestra uninstalled too: 2 would forbid the agent what it is about to do."""
    return f"{shlex.join((*context.hook, event, context.nonce, *more))} 2>/dev/null || :"


def _hook(command: str, timeout: int, *, beside: bool = False) -> list[dict[str, Any]]:
    hook: dict[str, Any] = {"type": "command", "command": command, "timeout": timeout}
    return [{"hooks": [{**hook, "async": True} if beside else hook]}]


def _transcripts(session: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """`<config>/projects/<directory>/<session>.jsonl`: looked for in every directory, since worktrees share theirs."""
    config = environ.get("CLAUDE_CONFIG_DIR") or f"{environ.get('HOME', '')}/.claude"
    try:
        session = str(uuid.UUID(session))
        projects = os.listdir(f"{config}/projects")
    except (OSError, ValueError):
        return
    paths = (Path(config, "projects", project, f"{session}.jsonl") for project in projects)
    yield from (path for path in paths if path.is_file())


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as lines:
            yield from lines
    except OSError:
        return
