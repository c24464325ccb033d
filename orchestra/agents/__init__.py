"""The agents a worker may run: one module each, all with the functions of `Agent`. Vendors' words stay below here."""

from __future__ import annotations

import os

from orchestra.errors import UsageError
from orchestra.record import Record

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Protocol

    from orchestra.model import AgentOptions, Launch, Seat

AGENTS: Mapping[str, str] = {"claude": "orchestra.agents.claude", "scripted": "orchestra.agents.scripted"}


LIMITS = frozenset({"login", "onboarding"})  # troubles of the account: no key in the pane mends them


class Trouble(Record):
    """Why an agent did not start, as its screen says: a word for the kind, a sentence, and what the person does."""

    kind: str
    sentence: str
    mend: str


if TYPE_CHECKING:

    class Agent(Protocol):
        """What orchestra asks of an agent's module. Pure, but for the last six, which read files or ask `command`."""

        INSTALL: str  # the command that installs it

        def launch(self, seat: Seat, options: AgentOptions, *, resume: bool, say: str) -> Launch:
            """Files for `seat.directory` and the argv of the pane. `say`: the first words; "" only with `resume`."""

        def event_of(
            self, hook: str, payload: Mapping[str, Any], now: float | None = None
        ) -> tuple[str, dict[str, Any]] | None:
            """A hook's name and input as an event's kind and data; None: nothing to record. Never raises."""

        def composer_text(self, screen: str) -> str | None:
            """The text in the agent's prompt box on a captured screen (best with colours); None: no box."""

        def dialog_open(self, screen: str) -> bool:
            """True when the screen shows a question that keys would answer."""

        def trouble(self, screen: str) -> Trouble | None:
            """Why the agent has not come up, by its screen; asked only when its own report did not come in time."""

        def accepted_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
            """Which pieces of guidance the model has been given, by the transcript from `since_byte` on."""

        def enqueued_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
            """Which pieces the agent has taken from its prompt box, whether or not the model has seen them yet."""

        def conversation_exists(self, session: str, environ: Mapping[str, str]) -> bool:
            """True when this conversation can be resumed; False when it must be begun."""

        def session_to_begin(self, session: str, environ: Mapping[str, str]) -> str:
            """The id to begin a conversation with: `session`, or a new one when that id can no longer be used."""

        def version(self, command: str, environ: Mapping[str, str]) -> str | None:
            """The version of the program, `2.1.197`; None when it is not there or does not answer."""


def agent(name: str) -> Agent:
    """The module of the agent of that name, imported at first use."""
    if name not in AGENTS:
        known = ", ".join(AGENTS)
        raise UsageError(f"There is no agent {name!r}.", f"Use one of: {known} (`agent:` in orchestra.yaml).")
    from importlib import import_module

    found: Any = import_module(AGENTS[name])
    return found  # type: ignore[no-any-return]


def installed(command: str, environ: Mapping[str, str]) -> bool:
    """Whether the program is there; empty is the agent's own. Asking it for its version would take a third of a second.

    Written out, because importing shutil costs 7 ms of every spawn.
    """
    if not command:
        return True
    places = [""] if "/" in command else environ.get("PATH", os.defpath).split(os.pathsep)
    found = (os.path.join(place, command) for place in places)
    return any(os.path.isfile(path) and os.access(path, os.X_OK) for path in found)
