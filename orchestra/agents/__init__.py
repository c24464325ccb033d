"""The agents a worker may run: one module each, all with the functions of `Agent`. Vendors' words stay below here."""

from __future__ import annotations

import os

from orchestra.core.records import Record
from orchestra.errors import UsageError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from orchestra.agents.base import Agent

AGENTS: Mapping[str, str] = {"claude": "orchestra.agents.claude.launch", "scripted": "orchestra.agents.scripted.launch"}


LIMITS = frozenset({"login", "onboarding"})  # troubles of the account: no key in the pane mends them


class StartupProblem(Record):
    """Why an agent did not start, as its screen says: a word for the kind, a sentence, and what the person does."""

    kind: str
    sentence: str
    mend: str


def agent(name: str) -> Agent:
    """The module of the agent of that name, imported at first use."""
    if name not in AGENTS:
        known = ", ".join(AGENTS)
        raise UsageError(f"There is no agent {name!r}.", f"Use one of: {known} (`agent:` in orchestra.yaml).")
    from importlib import import_module

    found: Any = import_module(AGENTS[name])
    return found  # type: ignore[no-any-return]


def installed(command: str, environ: Mapping[str, str]) -> bool:
    """Whether the program is there; empty is the agent's own. Asking for its version would take a third of a second."""
    import shutil  # the hook imports this package, and never gets here

    return not command or shutil.which(command, path=environ.get("PATH", os.defpath)) is not None
