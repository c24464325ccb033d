"""One Claude Code in a pane for the self-test: its files, its hooks, what they told, and what its model was given."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestra.agents.claude import hooks
from orchestra.agents.claude import launch as claude
from orchestra.agents.claude.selftest.sandbox import clean_environment, private_home
from orchestra.agents.claude.selftest.server import MessagesApi
from orchestra.agents.self_test import TrialPane
from orchestra.core.models import AgentContext, AgentOptions, Answer
from orchestra.core.text import clean
from orchestra.core.waiting import pause, wait_until

SECONDS = 60.0  # for the program to do one thing, on a machine that is loaded with agents
ENTER_SECONDS = 2.0  # between two Enters: a key that comes while the screen is being drawn is lost

# Keeps each call as a file, its payload in it; the answer to a dialog is waited for beside it.
_HOOK = """#!/bin/sh
cat >"$0.d/.$1-$$" && mv "$0.d/.$1-$$" "$0.d/$1-$$"
[ "$1" = PermissionRequest ] || exit 0
waited=0
until [ -e "$0.d/answer-$$" ] || [ $waited -ge 900 ]; do sleep 0.1; waited=$((waited + 1)); done
[ ! -e "$0.d/answer-$$" ] || cat "$0.d/answer-$$"
"""


class BrokenPromise(Exception):
    """Something that orchestra relies on does not hold; the message is the sentence for the user."""


class Trial:
    """The program in its pane, driven as orchestra drives a worker's: by its own readers of hooks and screens."""

    def __init__(
        self, command: str, directory: Path, path: str, mark: Mapping[str, str], pane: TrialPane, api: MessagesApi
    ) -> None:
        home, self.worktree = directory / "home", directory / "worktree"
        own, calls = directory / "orchestra", directory / "hook.d"  # what no worker may write is a directory by itself
        for made in (home, self.worktree, own, calls):
            made.mkdir(mode=0o700, parents=True)
        self.home, self.pane, self.api, self._command, self._calls = home, pane, api, command, calls
        hook = directory / "hook"
        hook.write_text(_HOOK)
        shell = {"PATH": path, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}
        self.environ = {**clean_environment(private_home(home, self.worktree), api.url, shell), **mark}
        self.context = AgentContext(
            worker="1",
            nonce="selftest",
            session=str(uuid.uuid4()),
            worktree=str(self.worktree),
            directory=str(own),
            home=str(own),
            project="selftest",
            base="main",
            hook=("/bin/sh", str(hook)),  # /tmp may be mounted noexec
            orchestra_argv=("orchestra",),
        )

    def start(self, say: str, *, resume: bool = False) -> None:
        """Start the program, or go on with its conversation."""
        launch = claude.launch(self.context, AgentOptions(self._command), resume=resume, say=say)
        for name, text in launch.files.items():
            Path(self.context.directory, name).write_text(text)
        self.pane.start(launch.argv, str(self.worktree), self.environ)

    # --- what it tells ---

    def payloads(self, *only: str) -> list[tuple[Path, dict[str, Any]]]:
        """The hooks that were called, in order, each with the file that holds its payload."""
        found = [path for path in self._calls.iterdir() if path.name.partition("-")[0] in (only or claude.HOOKS)]
        found.sort(key=lambda path: path.stat().st_mtime_ns)
        return [(path, json.loads(path.read_text() or "{}")) for path in found]

    def told(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """The events that orchestra makes of them."""
        made = (hooks.event_of(path.name.partition("-")[0], payload) for path, payload in self.payloads())
        return [event for event in made if event is not None and event[0] in kinds]

    def requests(self) -> list[Any]:
        """What its model was asked so far in this conversation."""
        return self.api.of(self.context.session)

    @property
    def transcript(self) -> str:
        """The path of its own record of the conversation."""
        started = self.told("started")
        return str(started[-1][1]["transcript"]) if started else ""

    def results(self) -> list[str]:
        """What the tools answered, by the last request."""
        messages = self.requests()[-1].body["messages"] if self.requests() else []
        blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
        return [str(block.get("content")) for block in blocks if block.get("type") == "tool_result"]

    def times_given(self, words: str) -> int:
        """How often these words are in what the model was asked last."""
        return sum(text.count(words) for text in self.requests()[-1].words) if self.requests() else 0

    def box(self) -> str | None:
        """The text in its prompt box."""
        return claude.composer_text(self.pane.screen())

    # --- what is done with it ---

    def say(self, words: str) -> None:
        """Paste words and press Enter, as orchestra does: only when the box is seen to hold just them."""
        must(lambda: self.box() == "", "its prompt box is not seen, or is not empty")
        self.pane.paste(words)
        must(lambda: self.box() not in ("", None), "what is pasted does not appear in its prompt box")
        box = self.box() or ""
        if not claude.box_holds(box, words):
            raise BrokenPromise(f"a paste is not recognised in its prompt box, which shows {clean(box, 80)!r}")
        pause(0.15)  # an Enter in the same breath as the paste is taken as part of it
        must(self._entered, "Enter does not send what is in its prompt box")

    def _entered(self) -> bool:
        if not self.box():
            return True
        self.pane.press("Enter")
        return wait_until(lambda: not self.box(), ENTER_SECONDS)

    def turns(self) -> int:
        """How many turns have ended."""
        return len(self.told("turn-ended"))

    def dialog(self, before: int, what: str) -> tuple[Path, dict[str, Any], dict[str, Any]]:
        """The dialog that was opened after the first `before`: where it is answered, its payload, the event."""
        must(
            lambda: len(self.payloads("PermissionRequest")) > before,
            f"{what} is not reported by the hook for permission requests",
        )
        path, payload = self.payloads("PermissionRequest")[before]
        event = hooks.event_of("PermissionRequest", payload)
        must(
            lambda: claude.dialog_open(self.pane.screen()), f"the dialog of {what} is not recognised on the screen", 5.0
        )
        return path, payload, event[1] if event else {}

    def answer(self, path: Path, payload: Mapping[str, Any], answer: Answer, mode: str = "") -> None:
        """Answer a dialog by its hook, as `orchestra approve` and `orchestra tell` do."""
        beside = path.with_name(f"answer-{path.name.partition('-')[2]}")
        written = beside.with_name(f".{beside.name}")
        written.write_text(json.dumps(hooks.decision(answer, payload, mode)))
        written.rename(beside)

    def settled(self) -> bool:
        """Whether it waits for words again; what a check has left open is closed."""
        for _ in range(4):
            if wait_until(lambda: self.box() == "" and not claude.at_work(self.pane.screen()), 3.0):
                return True
            if self.pane.ended():
                return False
            self.pane.press("Escape")
        return False


def must(ask: Callable[[], bool], otherwise: str, seconds: float = SECONDS) -> None:
    """Wait until it is so; raises BrokenPromise with that sentence when it never is."""
    if not wait_until(ask, seconds, 0.05):
        raise BrokenPromise(f"{otherwise} (within {seconds:.0f} s)")
