"""The hooks of a settings file, called as Claude Code calls them: shell lines, a JSON payload on standard input."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Any, cast

from orchestra.core.records import Record
from orchestra.storage.files import read_text


class Line(Record):
    """One hook: which tools it is for, the shell line, and after how many seconds it is given up."""

    matcher: str
    command: str
    timeout: float


class Hooks:
    """The hooks in `settings`, for one session. A hook that fails does not stop the turn."""

    def __init__(self, settings: str, session: str, transcript: str, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self._common = {"session_id": session, "transcript_path": transcript, "cwd": os.getcwd()}
        given = json.loads(read_text(settings))
        found = given.get("hooks", {})
        self._status_line = str(given.get("statusLine", {}).get("command") or ":")
        self._lines = {event: tuple(map(_line, _flat(entries))) for event, entries in found.items()}

    def call(self, event: str, **facts: Any) -> tuple[str, ...]:
        """Call the event's hooks one after the other; returns what they want the agent to read, in order."""
        told = []
        for line in self._for(event, facts):
            with suppress(subprocess.TimeoutExpired, OSError):
                done = subprocess.run(
                    ["/bin/sh", "-c", line.command],
                    input=self._payload(event, facts),
                    env=self.environ,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    timeout=line.timeout,
                    check=False,
                )
                told.append(_words(_json(done.stdout)))
        return tuple(filter(None, told))

    def status_line(self, facts: Mapping[str, Any]) -> None:
        """Run the command of the status line."""
        with suppress(subprocess.TimeoutExpired, OSError):
            subprocess.run(
                ["/bin/sh", "-c", self._status_line],
                input=json.dumps({**self._common, **facts}).encode(),
                env=self.environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=10,
                check=False,
            )

    def beat(self) -> tuple[str, ...]:
        """A sign of life, as a tool call gives it."""
        return self.call("PostToolUse", tool_name="Bash", tool_input={"command": "pause"})

    def start(self, event: str, **facts: Any) -> Asked:
        """Call the first hook of an event beside what the agent does, to see its answer when it comes."""
        line = next(self._for(event, facts), None)
        return Asked(line.command if line else ":", self._payload(event, facts), self.environ)

    def _for(self, event: str, facts: Mapping[str, Any]) -> Iterator[Line]:
        tool = str(facts.get("tool_name", ""))
        return (line for line in self._lines.get(event, ()) if re.fullmatch(line.matcher, tool))

    def _payload(self, event: str, facts: Mapping[str, Any]) -> bytes:
        return json.dumps({**self._common, "hook_event_name": event, **facts}).encode()


class Asked:
    """A hook that runs while its question is on the screen; `output` is readable when it has answered."""

    def __init__(self, command: str, payload: bytes, environ: Mapping[str, str]) -> None:
        self._child = subprocess.Popen(
            ["/bin/sh", "-c", command],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that `end` ends what the shell started, too
        )
        self._answer = cast("IO[bytes]", self._child.stdout)
        self.output: int | None = self._answer.fileno()
        with suppress(BrokenPipeError), cast("IO[bytes]", self._child.stdin) as pipe:
            pipe.write(payload)

    def decision(self) -> bool | None:
        """Whether the hook allowed it; None, and nothing more to read, when it left the decision to the keys."""
        answer = _json(self._answer.read()).get("hookSpecificOutput")
        self.output = None
        decision = answer.get("decision") if isinstance(answer, dict) else None
        behavior = decision.get("behavior") if isinstance(decision, dict) else None
        return None if behavior not in ("allow", "deny") else behavior == "allow"

    def end(self) -> None:
        """The question is answered: nobody needs the hook any more."""
        if self._child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGTERM)
        self._child.wait()
        self._answer.close()


def conversation_file(session: str, environ: Mapping[str, str]) -> str:
    """Where a conversation is kept, below HOME; the id is made safe for a file's name."""
    name = re.sub(r"[^A-Za-z0-9-]", "-", session)
    return os.path.join(environ.get("HOME", "/"), ".local", "share", "orchestra-scripted", f"{name}.jsonl")


def _flat(entries: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((entry.get("matcher", ""), hook) for entry in entries for hook in entry["hooks"])


def _line(found: tuple[str, dict[str, Any]]) -> Line:
    matcher, hook = found
    return Line(".*" if matcher in ("", "*") else matcher, hook["command"], float(hook.get("timeout", 600)))


def _json(output: bytes) -> dict[str, Any]:
    try:
        found = json.loads(output or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(answer: Mapping[str, Any]) -> str:
    """What a hook's answer wants the agent to read: more context, or the reason not to end its turn."""
    more = answer.get("hookSpecificOutput")
    words = answer.get("reason") if answer.get("decision") == "block" else None
    if isinstance(more, dict):
        words = more.get("additionalContext") or words
    return words if isinstance(words, str) else ""
