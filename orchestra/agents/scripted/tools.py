"""What the scripted agent does for a step: real files, real programs, and a dialog where the script wants one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from subprocess import DEVNULL, PIPE, STDOUT, Popen, run
from typing import Any

from orchestra.agents.scripted.hook_runner import Hooks
from orchestra.agents.scripted.screen import Key, Leave, Screen
from orchestra.agents.scripted.script import Step
from orchestra.core.records import Record
from orchestra.storage.files import read_text

WORKER_VERBS = ("status", "escalate", "ship")  # the worker's own: `orchestra worker status ...`
BEAT = 0.5  # seconds; a `pause` is a row of tool calls this long


class Done(Record):
    """Whether a step passed, and what the agent was told meanwhile."""

    passed: bool
    told: tuple[str, ...] = ()


class Tools:
    """The steps that do something. `directory` is the worker's own, where the plan goes."""

    def __init__(self, screen: Screen, hooks: Hooks, directory: str, environ: Mapping[str, str]) -> None:
        self._screen = screen
        self._hooks = hooks
        self._directory = directory
        self._environ = dict(environ)
        self._by_verb: Mapping[str, Callable[[Step], bool]] = {
            "say": lambda _: True,
            **dict.fromkeys(WORKER_VERBS, self._verb),
            "plan": self._plan,
            "write": lambda step: self._put(step, "w"),
            "append": lambda step: self._put(step, "a"),
            "run": lambda step: self._execute(["/bin/sh", "-c", step.rest])[0] == 0,
            "commit": self._commit,
            "dialog": self._dialog,
        }

    def do(self, step: Step, *, resumed: bool) -> Done:
        """Do a step. `resumed`: a kill broke it off before, and it may have been done."""
        if step.verb == "pause":
            return Done(passed=True, told=self._pause(float(step.words[0])))
        if resumed and step.verb == "append" and self._ends_with(step):
            return Done(passed=True)
        return Done(self._by_verb[step.verb](step))

    def _verb(self, step: Step) -> bool:
        status, output = self._execute(["orchestra", "worker", step.verb, *step.words])
        return status == 0 or (step.verb == "escalate" and "open already" in output)

    def _plan(self, step: Step) -> bool:
        path = os.path.join(self._directory, "plan.md")
        with open(path, "w", encoding="utf-8") as file:
            file.write(" ".join(step.words).replace("\\n", "\n") + "\n")
        return self._execute(["orchestra", "worker", "status", "planning", "--plan", path])[0] == 0

    def _ends_with(self, step: Step) -> bool:
        try:
            return read_text(step.words[0]).endswith(content_of(step))
        except OSError:
            return False

    def _put(self, step: Step, mode: str) -> bool:
        content = content_of(step)
        try:
            os.makedirs(os.path.dirname(step.words[0]) or ".", exist_ok=True)
            with open(step.words[0], mode, encoding="utf-8") as file:
                file.write(content)
        except OSError as wrong:
            self._screen.output(str(wrong))
            return False
        self._screen.output(f"{content.count(chr(10))} lines")
        return True

    def _commit(self, step: Step) -> bool:
        """Commit everything; nothing to commit is not a failure, for a kill may have come right after the commit."""
        if self._execute(["git", "add", "--all"])[0] != 0:
            return False
        staged = run(["git", "diff", "--cached", "--quiet"], stdin=DEVNULL, env=self._environ, check=False)
        if staged.returncode == 0:
            self._screen.output("nothing to commit")
            return True
        return self._execute(["git", "commit", "--quiet", "-m", " ".join(step.words)])[0] == 0

    def _pause(self, seconds: float) -> tuple[str, ...]:
        """Work that takes time: a tool call every half second."""
        told: list[str] = []
        while seconds > 0:
            threading.Event().wait(min(BEAT, seconds))
            seconds -= BEAT
            told += self._hooks.beat()
        return tuple(told)

    def _execute(self, argv: Sequence[str]) -> tuple[int, str]:
        """Run a program, showing what it says; its status and output. 127 when there is no such program."""
        try:
            child = Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=self._environ, errors="replace")
        except OSError as wrong:
            self._screen.output(f"{argv[0]}: {wrong.strerror}")
            return 127, ""
        output = []
        with child:
            for line in child.stdout or ():
                output.append(line)
                self._screen.output(line)
        if child.returncode:
            self._screen.output(f"exit status {child.returncode}")
        return child.returncode, "".join(output)

    def _dialog(self, step: Step) -> bool:
        """Ask for permission: by keys, or by what the hook answers; the first one counts."""
        asked = self._hooks.start("PermissionRequest", **tool_call(step))
        try:
            self._screen.dialog(" ".join(step.words))
            allowed = None
            while allowed is None:
                key = self._screen.key(asked.output)
                allowed = asked.decision() if key is None else _yes_or_no(key)
        finally:
            asked.end()
        self._screen.erase()
        self._screen.output("allowed" if allowed else "denied")
        return allowed


def _yes_or_no(key: Key) -> bool | None:
    """The answer that a key gives. An Enter says yes, as in Claude Code; a paste says nothing."""
    if key.kind == "end":
        raise Leave("prompt_input_exit")
    if key.kind == "text" and not key.pasted:
        return {"1": True, "y": True, "2": False, "n": False}.get(key.text[:1])
    return {"enter": True, "escape": False}.get(key.kind)


def tool_call(step: Step) -> dict[str, Any]:
    """A step as the tool call that Claude Code would make of it."""
    if step.verb in ("write", "append"):
        return {"tool_name": "Write", "tool_input": {"file_path": step.words[0], "content": content_of(step)}}
    return {"tool_name": "Bash", "tool_input": {"command": heading(step)}}


def content_of(step: Step) -> str:
    """What a `write` or an `append` puts into its file."""
    text = step.text if step.text is not None else step.words[1].replace("\\n", "\n")
    return text if text.endswith("\n") or not text else text + "\n"


def heading(step: Step) -> str:
    """A step as one line for the screen."""
    if step.verb in ("say", "dialog"):
        return " ".join(step.words)
    if step.verb in ("write", "append"):
        return f"{step.verb} {step.words[0]}"
    verb = {"run": "", **{verb: f"orchestra worker {verb}" for verb in WORKER_VERBS}}.get(step.verb, step.verb)
    return f"{verb} {step.rest}".strip()
