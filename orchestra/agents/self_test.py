"""A self-test of an agent's own program: what orchestra relies on, tried with the version that is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from orchestra.core.records import Record


class CheckResult(Record):
    """One thing that orchestra relies on: a word for it, whether it holds (None: not tried), what was seen.

    `screen` is what the pane showed when it did not hold.
    """

    name: str
    holds: bool | None
    said: str
    screen: str = ""


class TrialPane(Protocol):
    """A terminal of its own in which the program runs."""

    def start(self, argv: Sequence[str], directory: str, environ: Mapping[str, str]) -> None:
        """Run a program in the pane, in place of one that has ended."""

    def paste(self, text: str) -> None:
        """Paste text, without Enter."""

    def press(self, *keys: str) -> None:
        """Press keys by the names that tmux has for them."""

    def screen(self) -> str:
        """What the pane shows, with its colours."""

    def text(self) -> str:
        """What the pane shows and the end of what has scrolled away, as clean text: for the user."""

    def keeps_history(self) -> bool:
        """Whether what scrolls away can be read in the pane."""

    def ended(self) -> bool:
        """Whether the program in it has ended."""

    def kill(self) -> None:
        """End the program at once, as a crash does."""


class SelfTest(Record):
    """How an agent's program is tried: `run(command, directory, path, mark, pane)` gives one result after the other.

    Nothing outside of `directory` is touched. `path` is the search path for programs; the environment of all that is
    started carries `mark`.
    """

    names: tuple[str, ...]
    run: Callable[[str, str, str, Mapping[str, str], TrialPane], Iterator[CheckResult]]
