"""The agents a worker may run: a package each, `Agent` in its `launch`, `AgentHooks` in its `hooks`.

A vendor's words and wire formats stay in its package.
"""

from __future__ import annotations

import os

from orchestra.config.agent_names import AGENTS
from orchestra.errors import UsageError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from orchestra.agents.base import Agent, AgentHooks
    from orchestra.agents.self_test import SelfTest

LIMITS = frozenset({"login", "onboarding"})  # troubles of the account: no key in the pane fixes them


def agent(name: str) -> Agent:
    """The agent of that name; its modules are imported at first use."""
    return _module(name, "launch")  # type: ignore[no-any-return]


def hooks_of(name: str) -> AgentHooks:
    """What the hooks of the agent of that name need of it."""
    return _module(name, "hooks")  # type: ignore[no-any-return]


def self_test_of(name: str) -> SelfTest | None:
    """The self-test of the agent of that name; None where there is nothing to try."""
    return _module(name, "selftest").SELF_TEST  # type: ignore[no-any-return]


def _module(name: str, part: str) -> Any:
    """Imported by the built-in function: importing importlib costs a hook 1 ms."""
    if name not in AGENTS:
        raise UsageError(f"there is no agent {name!r}", f"agents are: {', '.join(AGENTS)} (`agent:` in orchestra.yaml)")
    return __import__(f"orchestra.agents.{name}.{part}", fromlist=["name"])


def how_to_install(name: str) -> str:
    """What to do when its program is not found: an alias or a function of the user's shell is not a program."""
    return f"install it: {agent(name).INSTALL}; or name its path: agents.{name}.command in orchestra.yaml"


_USUAL = (".claude/local", ".local/bin", ".volta/bin", ".local/share/mise/shims", ".asdf/shims", ".bun/bin",
          ".npm-global/bin", ".local/share/pnpm", ".nodenv/shims", ".yarn/bin")  # fmt: skip
# One directory for each version of Node.js; the shell's start-up files put one of them on PATH.
_VERSIONED = (".nvm/versions/node/*/bin", ".local/share/fnm/node-versions/*/installation/bin")


def located(command: str, environ: Mapping[str, str]) -> str:
    """The program of this name; one that only an alias of the user's shell leads to, by its path."""
    import glob  # the hook imports this package, and never gets here
    import re
    import shutil

    if not command or "/" in command or shutil.which(command, path=environ.get("PATH", os.defpath)) is not None:
        return command
    home = environ.get("HOME", "/")
    places = [os.path.join(home, place, command) for place in _USUAL]
    for pattern in _VERSIONED:
        found = glob.glob(os.path.join(glob.escape(home), pattern, glob.escape(command)))
        places += sorted(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path)], reverse=True)
    return next((place for place in places if os.access(place, os.X_OK) and os.path.isfile(place)), command)


def installed(command: str, environ: Mapping[str, str]) -> bool:
    """Whether the program is there; empty is the agent's own. Asking for its version would take a third of a second."""
    import shutil  # the hook imports this package, and never gets here

    return not command or shutil.which(command, path=environ.get("PATH", os.defpath)) is not None
