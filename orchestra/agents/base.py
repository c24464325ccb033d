"""What orchestra asks of an agent's package: `Agent` of its `launch` module, `AgentHooks` of its `hooks` module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from orchestra.agents.records import RunningSession, ScreenDialog, StartupProblem
from orchestra.agents.usage import ReadPosition
from orchestra.core.gates import GateRule
from orchestra.core.models import AgentContext, AgentOptions, Answer, Launch
from orchestra.core.records import Record

if TYPE_CHECKING:
    from orchestra.core.events import AgentKind


class Rules(Record):
    """Permission rules in the agent's own syntax: `ask` raises a gate, `deny` refuses in every mode."""

    ask: tuple[str, ...]
    deny: tuple[str, ...]


class AgentHooks(Protocol):
    """What our hooks ask of an agent: its wire format, both ways. Standard library only, and quick to import.

    `MOST_WORDS`: how many characters one hook can hand to the model.
    """

    MOST_WORDS: int

    def event_of(
        self, hook: str, payload: Mapping[str, Any], now: float | None = None
    ) -> tuple[AgentKind, dict[str, Any]] | None:
        """A hook's name and input as an event's kind and data; None: nothing to record. Never raises."""

    def is_foreign(self, hook: str, payload: Mapping[str, Any], session: str) -> bool:
        """Whether the hook tells of another conversation than `session`, which is not the worker's own any more."""

    def asks(self, hook: str, payload: Mapping[str, Any]) -> bool:
        """Whether this hook may answer a dialog that is open in the pane."""

    def is_plan(self, payload: Mapping[str, Any]) -> bool:
        """Whether the dialog asks to approve a plan."""

    def plan_is_the_agents(self, payload: Mapping[str, Any]) -> bool:
        """Whether the agent began to plan by itself; False when the user asked for it, or when that is not known."""

    def takes_words(self, hook: str, payload: Mapping[str, Any]) -> bool:
        """Whether this hook can hand words to the model."""

    def ends_turn(self, hook: str) -> bool:
        """Whether words that this hook hands over keep the agent from ending its turn."""

    def is_prompt(self, hook: str) -> bool:
        """Whether the hook tells of a prompt, beside which `prompt_context` may be printed."""

    def decision(self, answer: Answer, payload: Mapping[str, Any], mode: str = "") -> dict[str, Any]:
        """What the hook prints to answer the dialog; `mode` is the permission mode to go on in after a plan."""

    def hand_over(self, hook: str, words: str) -> dict[str, Any]:
        """What the hook prints to hand words to the model."""

    def prompt_context(self, words: str) -> dict[str, Any]:
        """What the hook prints to put words beside the prompt that was just submitted."""

    def accepted_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
        """Which pieces of guidance the model has been given, by the transcript from `since_byte` on."""

    def is_whole(self, hook: str, payload: Mapping[str, Any]) -> bool:
        """Whether a payload says which conversation it is of, and is of this hook; a damaged one may be of any."""


class Agent(Protocol):
    """How an agent is started and read. Functions that take a path or `environ` read files or ask the program."""

    INSTALL: str  # the command that installs it
    TESTED: tuple[str, ...]  # the versions that orchestra is tested with, the oldest first; none: every one is ours

    def launch(self, context: AgentContext, options: AgentOptions, *, resume: bool, say: str) -> Launch:
        """Files for `context.directory` and the argv of the pane. `say`: the first words; "" only with `resume`."""

    def rules_for(self, gates: Sequence[GateRule], forbid: Sequence[str]) -> Rules:
        """The config's gates and forbidden commands as the agent's permission rules."""

    def composer_text(self, screen: str) -> str | None:
        """The text in the agent's prompt box on a captured screen (best with colours); None: no box."""

    def box_holds(self, box: str, words: str) -> bool:
        """Whether the text in the prompt box is just these pasted words, as the agent draws them."""

    def dialog_open(self, screen: str) -> bool:
        """True when the screen shows a question that keys would answer."""

    def read_dialog(self, screen: str) -> ScreenDialog | None:
        """The dialog on a captured screen, with what can be chosen; None where there is none that is understood."""

    def understood(self, screen: str) -> bool:
        """Whether a captured screen is one that the agent is known to draw: its prompt, a dialog, its work."""

    def suspended(self, screen: str) -> bool:
        """True when the screen shows that Ctrl-Z suspended the program, which takes no keys until it is continued."""

    def at_work(self, screen: str) -> bool:
        """True when the screen shows a turn that runs, whatever the prompt box shows."""

    def retrying(self, screen: str) -> str:
        """Why the agent asks its API again, as a sentence, while a turn runs; empty: it does not."""

    def startup_problem(self, screen: str) -> StartupProblem | None:
        """Why the agent has not come up, by its screen; asked only when its own report did not come in time."""

    def accepted_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
        """Which pieces of guidance the model has been given, by the transcript from `since_byte` on."""

    def enqueued_in(self, transcript: str, since_byte: int, ids: Iterable[str]) -> set[str]:
        """Which pieces the agent has taken from its prompt box, whether or not the model has seen them yet."""

    def hooked_at(self, transcript: str) -> str:
        """When the transcript last told of something that a hook must have told of too; empty: it does not say."""

    def transcripts(self, transcript: str) -> list[str]:
        """The files that tell what a conversation has used: its own, and those of agents it started."""

    def used_in(self, transcript: str, mark: ReadPosition, most: int) -> ReadPosition:
        """Read on from `mark`, `most` bytes at the most: the tokens that the transcript tells of."""

    def users_status_line(self, environ: Mapping[str, str]) -> str:
        """The command of the user's own status line in this agent; empty where there is none."""

    def cost_in(self, directory: str) -> float | None:
        """What the present run of the program has cost, by its own count; None where it has not told."""

    def running_sessions(self, transcript: str) -> tuple[RunningSession, ...] | None:
        """The sessions of this agent that run, as it keeps them beside its transcripts; None: it does not say."""

    def conversation_exists(self, session: str, environ: Mapping[str, str]) -> bool:
        """True when this conversation can be resumed; False when it must be begun."""

    def session_to_begin(self, session: str, environ: Mapping[str, str]) -> str:
        """The id to begin a conversation with: `session`, or a new one when that id can no longer be used."""

    def logged_in(self, environ: Mapping[str, str]) -> bool:
        """Whether there is something to log in with, as far as that can be seen without starting the agent."""

    def hooks_off(self, environ: Mapping[str, str], checkout: str) -> str:
        """The file of settings that keeps our hooks from being called, without which nothing is known; empty: none."""

    def version(self, command: str, environ: Mapping[str, str]) -> str | None:
        """The version of the program, `2.1.197`; None when it is not there or does not answer."""
