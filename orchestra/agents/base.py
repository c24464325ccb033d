"""What orchestra asks of an agent's module: the one interface in the house, because there are two agents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from orchestra.agents import StartupProblem
from orchestra.agents.usage import ReadPosition
from orchestra.core.models import AgentContext, AgentOptions, Launch


class Agent(Protocol):
    """What orchestra asks of an agent's module. Pure, but for the last eight, which read files or ask `command`."""

    INSTALL: str  # the command that installs it

    def launch(self, context: AgentContext, options: AgentOptions, *, resume: bool, say: str) -> Launch:
        """Files for `context.directory` and the argv of the pane. `say`: the first words; "" only with `resume`."""

    def event_of(
        self, hook: str, payload: Mapping[str, Any], now: float | None = None
    ) -> tuple[str, dict[str, Any]] | None:
        """A hook's name and input as an event's kind and data; None: nothing to record. Never raises."""

    def composer_text(self, screen: str) -> str | None:
        """The text in the agent's prompt box on a captured screen (best with colours); None: no box."""

    def dialog_open(self, screen: str) -> bool:
        """True when the screen shows a question that keys would answer."""

    def at_work(self, screen: str) -> bool:
        """True when the screen shows a turn that runs, whatever the prompt box shows."""

    def startup_problem(self, screen: str) -> StartupProblem | None:
        """Why the agent has not come up, by its screen; asked only when its own report did not come in time."""

    def accepted_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
        """Which pieces of guidance the model has been given, by the transcript from `since_byte` on."""

    def enqueued_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
        """Which pieces the agent has taken from its prompt box, whether or not the model has seen them yet."""

    def transcripts(self, transcript: str) -> list[str]:
        """The files that tell what a conversation has used: its own, and those of agents it started."""

    def used_in(self, transcript: str, mark: ReadPosition, most: int) -> ReadPosition:
        """Read on from `mark`, `most` bytes at the most: the tokens that the transcript tells of."""

    def conversation_exists(self, session: str, environ: Mapping[str, str]) -> bool:
        """True when this conversation can be resumed; False when it must be begun."""

    def session_to_begin(self, session: str, environ: Mapping[str, str]) -> str:
        """The id to begin a conversation with: `session`, or a new one when that id can no longer be used."""

    def version(self, command: str, environ: Mapping[str, str]) -> str | None:
        """The version of the program, `2.1.197`; None when it is not there or does not answer."""
