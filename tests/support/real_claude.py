"""The real Claude Code program for tests: a pinned npm package, a private home, a tmux pane. Never the network.

A test module makes the fixtures its own (`claude_program = real_claude.claude_program`) and marks itself `real`.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

VERSION = "2.1.197"
KEY = "test-key"
_PREFIX = Path(__file__).parents[2] / ".cache" / "claude-code"


@pytest.fixture(scope="session")
def claude_program() -> Path:
    """The pinned program, installed into `.cache/` when absent; without npm the test is skipped, in CI it fails."""
    _PREFIX.mkdir(parents=True, exist_ok=True)
    with (_PREFIX / "lock").open("w") as lock:  # one installs, its neighbours under xdist wait
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed() or _install()


def _install() -> Path:
    said = "npm is not installed"
    if shutil.which("npm"):
        flags = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(_PREFIX))
        argv = ["npm", "install", *flags, f"@anthropic-ai/claude-code@{VERSION}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
        program = _installed()
        if program:
            return program
        said = f"{' '.join(argv)} ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}"
    why = f"the real Claude Code {VERSION} is not there: {said}"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _installed() -> Path | None:
    """npm may have skipped the package's postinstall, which puts the platform's own program in place of a stub."""
    modules = _PREFIX / "node_modules"
    platforms = sorted(modules.glob("@anthropic-ai/claude-code-*/claude"))
    for program in (modules / ".bin" / "claude", *platforms):
        if program.is_file():
            done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)
            if done.returncode == 0 and done.stdout.startswith(VERSION):
                return program
    return None


def claude_home(home: Path, *trusted: Path) -> Path:
    """A private `~/.claude.json`: set up, the key approved, the repositories `trusted`. Returns `home`."""
    state = {
        "hasCompletedOnboarding": True,
        "projects": {str(path): {"hasTrustDialogAccepted": True} for path in trusted},
        "customApiKeyResponses": {"approved": [KEY]},
        "messageIdleNotifThresholdMs": 1500,
    }
    (home / ".claude.json").write_text(json.dumps(state))
    return home


def claude_environment(home: Path, api: str, **more: str) -> dict[str, str]:
    """A clean environment for the program: its API on loopback, nothing that dials out."""
    quiet = ("DISABLE_AUTOUPDATER", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING")
    quieter = ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL")
    own = {
        name: os.environ[name]
        for name in ("PATH", "LC_ALL", "TERM", "SHELL", "GIT_CONFIG_GLOBAL")
        if name in os.environ
    }
    address = {"HOME": str(home), "ANTHROPIC_BASE_URL": api, "ANTHROPIC_API_KEY": KEY}
    return {**own, **address, **dict.fromkeys((*quiet, *quieter), "1"), **more}


class Terminal:
    """A pane of a private tmux server that runs one program after another, 120 columns by 50 lines."""

    def __init__(self) -> None:
        self._tmux("new-session", "-d", "-x", "120", "-y", "50", "sleep 999", ";", "set", "-g", "remain-on-exit", "on")
        self.pane = ""

    def run(self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> None:
        names = [f"{name}={value}" for name, value in environment.items()]
        argv = ["new-window", "-d", "-P", "-F", "#{pane_id}", "-c", str(cwd), "--", "env", "-i", *names, *argv]
        self.pane = self._tmux(*argv).strip()

    def screen(self, *, colours: bool = True) -> str:
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []), "-t", self.pane)

    def past(self) -> str:
        """The screen with what scrolled away: the last words of a program that has ended."""
        return self._tmux("capture-pane", "-p", "-S", "-60", "-t", self.pane)

    def keys(self, *names: str) -> None:
        self._tmux("send-keys", "-t", self.pane, *names)

    def paste(self, text: str) -> None:
        self._tmux("load-buffer", "-b", "test", "-", given=text)
        self._tmux("paste-buffer", "-p", "-r", "-d", "-b", "test", "-t", self.pane)

    @property
    def pid(self) -> int:
        return int(self._tmux("display", "-p", "-t", self.pane, "#{pane_pid}"))

    @property
    def dead(self) -> bool:
        return self._tmux("display", "-p", "-t", self.pane, "#{pane_dead}").strip() == "1"

    def _tmux(self, *argv: str, given: str | None = None) -> str:
        argv = ("tmux", "-f", "/dev/null", "-L", "claude", *argv)
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{argv[5]}: {done.stderr}"
        return done.stdout


@pytest.fixture
def terminal(guard: Path) -> Terminal:
    """A `Terminal` on this test's own socket; `guard` ends the server."""
    return Terminal()
