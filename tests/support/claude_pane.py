"""A worker's Claude Code in a pane: its files, its hooks, and what they told."""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

from orchestra.agents.claude import hooks
from orchestra.agents.claude import launch as claude
from orchestra.agents.claude.selftest import MessagesApi
from orchestra.agents.claude.selftest.sandbox import clean_environment
from orchestra.core.models import AgentContext, AgentOptions
from support.polling import eventually
from support.real_claude import Terminal

HOOK = """#!/bin/sh
# Keeps each call as one file: when, which event, whose nonce, and the payload.
at=$(date +%s%N)
cat >"$0.d/.$at-$$" && mv "$0.d/.$at-$$" "$0.d/$at-$1-$2"
[ ! -e "$0.says" ] || cat "$0.says"
"""


class Sitting:
    """A worker's agent at work: its seat, its pane, and what its hooks have told."""

    def __init__(self, program: Path, api: MessagesApi, terminal: Terminal, repo: Path, home: Path) -> None:
        self.program, self.api, self.terminal, self.repo, self.home = program, api, terminal, repo, home
        own = home / ".orchestration"
        self.directory = own / "sessions" / "acme-widgets" / "124"
        self.directory.mkdir(parents=True)
        self.hook = home / "hook"
        self.hook.write_text(HOOK)
        self.hook.chmod(0o700)
        Path(f"{self.hook}.d").mkdir()
        bin_ = home / "bin"
        bin_.mkdir()
        for name in ("orchestra", "gh"):
            (bin_ / name).write_text(f'#!/bin/sh\necho "$0 $*" >>{home}/ran\n')
            (bin_ / name).chmod(0o700)
        self.environment = clean_environment(home, api.url, PATH=f"{bin_}:{os.environ['PATH']}")
        self.context = AgentContext(
            worker="124",
            nonce="n0nce",
            session=str(uuid.uuid4()),
            worktree=str(repo),
            directory=str(self.directory),
            home=str(own),
            project="acme-widgets",
            base="main",
            hook=(str(self.hook),),
            orchestra_argv=(str(bin_ / "orchestra"),),
        )

    def start(self, say: str, *, resume: bool = False, **options: Any) -> None:
        if options.get("permissions") == "bypass":
            self.environment["IS_SANDBOX"] = "1"  # without it the program refuses this mode to root
        launch = claude.launch(self.context, AgentOptions(str(self.program), **options), resume=resume, say=say)
        for name, text in launch.files.items():
            (self.directory / name).write_text(text)
        self.terminal.run(launch.argv, self.repo, self.environment)

    def hooks(self, *only: str) -> list[dict[str, Any]]:
        files = sorted(path for path in Path(f"{self.hook}.d").iterdir() if not path.name.startswith("."))
        return [json.loads(path.read_text()) for path in files if not only or path.name.split("-")[1] in only]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        found = [hooks.event_of(payload["hook_event_name"], payload) for payload in self.hooks()]
        return [event for event in found if event is not None]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events()]

    def wait(self, kind: str, times: int = 1) -> dict[str, Any]:
        """The data of the event of that kind that was the `times`-th."""

        def found() -> list[dict[str, Any]]:
            return [data for name, data in self.events() if name == kind]

        try:
            eventually(lambda: len(found()) >= times, 30, f"{kind} x {times}")
        finally:
            print(self.terminal.screen(colours=False))  # pytest shows it when the test fails
        return found()[times - 1]

    def results(self) -> list[str]:
        """What the tools answered, in the order of the last request."""
        messages = self.api.of(self.context.session)[-1].body["messages"]
        blocks = [block for message in messages if isinstance(message["content"], list) for block in message["content"]]
        return [str(block["content"]) for block in blocks if block["type"] == "tool_result"]

    def box(self) -> str | None:
        return claude.composer_text(self.terminal.screen())

    def choose(self, key: str) -> None:
        """Answer the dialog in the pane by a key. A key that comes while the dialog is being drawn is lost, so press
        again until the dialog has gone.
        """
        eventually(lambda: claude.dialog_open(self.terminal.screen()))
        pressed = time.monotonic()
        self.terminal.keys(key)

        def gone() -> bool:
            nonlocal pressed
            if not claude.dialog_open(self.terminal.screen()):
                return True
            if time.monotonic() - pressed > 2:
                pressed = time.monotonic()
                self.terminal.keys(key)
            return False

        eventually(gone, 30, f"{key} to answer the dialog")

    def say(self, text: str) -> None:
        """A verified paste: Enter only after the box shows it."""
        eventually(lambda: self.box() == "", why="an empty prompt box")
        self.terminal.paste(text)
        eventually(self.box, why="the paste in the box")
        eventually(self._entered, 10, "the box empty after Enter")

    def _entered(self) -> bool:
        if self.box():
            self.terminal.keys("Enter")
        return self.box() == ""

    @property
    def transcript(self) -> str:
        return str(self.hooks("SessionStart")[-1]["transcript_path"])
