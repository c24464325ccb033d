"""The scripted agent: a real program in a worker's pane that does what its prompt's script says.

It keeps the contract that Claude Code keeps: a prompt in, the worker's own verbs, the hooks of the settings file with
the same payloads, real commits, a prompt box for what people say later, a conversation that a `kill -9` cannot lose.
The demo lives on it, and every journey that need not prove anything about Claude.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from orchestra.agents.scripted import script
from orchestra.agents.scripted.hook_runner import Hooks, conversation_file
from orchestra.agents.scripted.screen import Key, Leave, Screen, shortened
from orchestra.agents.scripted.script import ASKING, Step
from orchestra.agents.scripted.tools import Tools, heading, tool_call
from orchestra.core import budget
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.storage.files import append_line, read_text

MOST_BLOCKS = 8  # times in a row that a Stop hook may hold up the end of a turn; Claude Code has the same cap
SILENT = ("say", "exit", "hang", "limit", "wait", "use")  # steps that are not tool calls


class Wish(Record):
    """What the command line asks for."""

    session: str
    resume: bool
    settings: str
    number: str
    prompt: str | None


class Ending(Record):
    """How a turn ends: the hook to call, and what it says beside the agent's last words."""

    hook: str
    facts: Mapping[str, Any]


class Conversation:
    """One run of the program. `screen` is its terminal; files and programs are those of its working directory."""

    def __init__(self, wish: Wish, screen: Screen, environ: Mapping[str, str]) -> None:
        self.wish = wish
        self.screen = screen
        self.file = conversation_file(wish.session, environ)
        self.hooks = Hooks(wish.settings, wish.session, self.file, environ)
        self.tools = Tools(screen, self.hooks, os.path.dirname(wish.settings), environ)
        self.progress = script.Progress()
        self.said = ""
        self.cost = 0.0  # of this run, as Claude Code counts it

    def run(self) -> NoReturn:
        """Converse until somebody ends it: raises Leave, or SystemExit for a script's `exit`."""
        self._recall()
        words = read_text(self.wish.prompt) if self.wish.prompt else ""
        if not self.progress.steps and words:
            script.hear(self.progress, words, self.wish.number)  # a script that cannot be read ends it here
        self.screen.line(f"scripted agent · #{self.wish.number}")
        self.hooks.call("SessionStart", source="resume" if self.wish.resume else "startup")
        while True:
            said = words or self._prompt()
            words = ""
            self.hooks.call("UserPromptSubmit", prompt=said)
            self._take(said)
            self._turn()

    # --- the conversation ---

    def _recall(self) -> None:
        os.makedirs(os.path.dirname(self.file), mode=0o700, exist_ok=True)
        entries = []
        if self.wish.resume:
            for line in read_text(self.file).splitlines():
                try:
                    entries.append(json.loads(line))
                except ValueError:  # the last line of a kill, which `append_line` will cut off
                    break
        self.progress = script.recall(entries, self.wish.number)

    def _note(self, kind: str, **facts: Any) -> None:
        append_line(self.file, json.dumps({"type": kind, **facts}) + "\n")

    def _take(self, words: str) -> None:
        """Take words in. What a kill keeps from the file is missed there, and comes again with the resume."""
        self.screen.line(shortened(words), "> ")
        try:
            heard = script.hear(self.progress, words, self.wish.number)
        except ValueError as wrong:
            self.screen.line(str(wrong), "! ")
            return
        self._note("user", message={"role": "user", "content": words})
        self.progress = heard

    def _prompt(self) -> str:
        """What the user types or pastes into the prompt box."""
        text = ""
        while True:
            self.screen.box(text)
            key = self.screen.key() or Key("end")
            if key.kind == "end" or (key.kind == "enter" and text.strip() in ("/exit", "/quit")):
                raise Leave("prompt_input_exit")
            if key.kind == "enter" and text.strip():
                self.screen.erase()
                return text.strip("\n")
            if key.kind == "text":
                text += key.text
            elif key.kind == "back":
                text = text[:-1]

    # --- a turn ---

    def _turn(self) -> None:
        self.said = ""
        for blocked in range(MOST_BLOCKS + 1):
            ending = self._work()
            told = self.hooks.call(
                ending.hook, last_assistant_message=self.said, stop_hook_active=blocked > 0, **ending.facts
            )
            if not told:
                return
            self._told(told)

    def _told(self, words: Sequence[str]) -> None:
        for said in words:
            self._take(said)

    def _work(self) -> Ending:
        """Do steps until the turn is over."""
        while (step := self.progress.step) is not None:
            step = script.filled(step, self.progress.answer)
            call = {} if step.verb in SILENT else tool_call(step)
            if call:
                self.hooks.call("PreToolUse", **call)
            ending = self._step(step, call)
            if ending is not None:
                return ending
        return Ending("Stop", {})

    def _step(self, step: Step, call: Mapping[str, Any]) -> Ending | None:
        """Do one step; returns how the turn ends, or None to go on."""
        if step.verb == "use":
            self._use(*step.words)
            return self._done(step, (), passed=True)
        if step.verb in ("exit", "hang", "limit"):
            return self._break_off(step)
        self._note("begun")
        resumed, self.progress = self.progress.begun, self.progress._replace(begun=True)
        if step.verb == "wait":
            return Ending("Stop", {})
        self.screen.line(clean(heading(step), 160), "● ")
        if step.verb in ("say", "escalate"):
            self.said = " ".join(step.words) if step.verb == "say" else f"I have asked: {step.words[0]}"
        done = self.tools.do(step, resumed=resumed)
        event = "PostToolUse" if done.passed else "PostToolUseFailure"
        told = (*done.told, *(self.hooks.call(event, **call) if call else ()))
        return self._asked(told) if step.verb in ASKING else self._done(step, told, passed=done.passed)

    def _asked(self, told: Sequence[str]) -> Ending | None:
        """A question ends the turn, unless its answer was faster."""
        at = self.progress.at
        self._told(told)
        return Ending("Stop", {}) if self.progress.at == at else None

    def _done(self, step: Step, told: Sequence[str], *, passed: bool) -> Ending | None:
        """Go on behind the step, or into its `else`; without one a failure ends the turn."""
        place = script.after(self.progress, passed=passed)
        if place is not None:
            self._go(place)
        self._told(told)
        if place is not None or told:
            return None
        self.said = f"{step.verb} failed: I stop here and wait for words."
        self.screen.line(self.said, "● ")
        return Ending("Stop", {})

    def _go(self, place: int) -> None:
        self._note("done", next=place)
        self.progress = script.moved(self.progress, place)

    def _use(self, tokens: str, cost: str = "0") -> None:
        """Note what a model's answer has used, in the conversation and for the status line."""
        self.cost += float(cost)
        usage = {"input_tokens": budget.tokens_in(tokens) or 0, "output_tokens": 0}
        self._note("assistant", message={"id": os.urandom(8).hex(), "role": "assistant", "usage": usage})
        self.hooks.status_line({"cost": {"total_cost_usd": self.cost}})

    def _break_off(self, step: Step) -> Ending:
        """Steps that do not come back. They count as done, so that a resume goes on behind them."""
        self._go(self.progress.at + 1)
        if step.verb == "exit":
            sys.exit(int(step.words[0]))
        if step.verb == "hang":
            self.screen.line("hanging", "● ")
            threading.Event().wait()
        self.said = step.words[1] if len(step.words) > 1 else f"API Error: {step.words[0]}"
        self.screen.line(self.said, "! ")
        return Ending("StopFailure", {"error": step.words[0]})


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """The entry point; returns the exit status."""
    wish = _wish(argv)

    def leave(*_: object) -> NoReturn:
        raise Leave("other")

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
    screen = Screen(0, 1)
    with screen.raw():
        try:
            conversation = Conversation(wish, screen, environ)
            try:
                conversation.run()
            except (Leave, KeyboardInterrupt) as left:
                conversation.hooks.call("SessionEnd", reason=str(left) or "prompt_input_exit")
        except (ValueError, OSError) as wrong:
            screen.line(f"scripted agent: {wrong}")
            return 2
        screen.erase()
    return 0


def _wish(argv: Sequence[str]) -> Wish:
    parser = argparse.ArgumentParser(prog="scripted agent", description="Does what the script in its prompt says.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--session-id", metavar="ID", help="begin a conversation under this id")
    which.add_argument("--resume", metavar="ID", help="go on with this conversation")
    parser.add_argument("--settings", required=True, metavar="FILE", help="hooks, in Claude Code's format")
    parser.add_argument("--name", default="?", help="the issue")
    parser.add_argument("--prompt-file", metavar="FILE", help="the first words")
    given = parser.parse_args(argv)
    session = given.session_id or given.resume
    return Wish(session, given.resume is not None, os.path.abspath(given.settings), given.name, given.prompt_file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
