"""From a thought to a merged change by keys alone, in a real terminal; the keys are counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from orchestra.core.waiting import wait_until
from support.paths import ROOT
from support.person import Person
from support.polling import eventually, unguarded
from support.terminal import Terminal

PUBLISH = "Publish the package?"
TASK = (
    "```script",
    "status working",
    'escalate "Round half up, or to even?" --gate domain --option up --option even',
    "write prices.txt",
    "    one",
    "    two, rounded {answer}",
    "    three",
    'commit "Round"',
    f'dialog "{PUBLISH}"',
    "ship",
    "```",
)


def counted_in_docs() -> int:
    """The sum in docs/keys.md."""
    found = re.search(r"makes (\d+) keys", (ROOT / "docs" / "keys.md").read_text())
    assert found
    return int(found[1])


class Fingers:
    """A terminal whose keys are counted; a word that is typed is none of them."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.count = 0

    def press(self, *keys: str) -> None:
        self.count += len(keys)
        self.terminal.press(*keys)

    def project(self, key: str) -> None:
        """The prefix, O, and a key of the table, once the popup before it has closed."""
        if not wait_until(lambda: "\u2518" not in self.terminal.text, 5.0):
            self.terminal.press("Escape")  # what was asked next came while it closed, and it shows that
        eventually(lambda: "\u2518" not in self.terminal.text, why="the popup to close")
        self.terminal.key_table()
        self.terminal.press(key)
        self.count += 3

    def line(self, words: str) -> None:
        """Some words, and Enter."""
        self.terminal.type(words)
        self.press("Enter")

    def shows(self, words: str) -> str:
        """Wait for these words, and until a key counts."""
        found = self.terminal.shows(words, 90)
        unguarded()
        return found


def new_task(fingers: Fingers, task: Sequence[str]) -> None:
    """Title and text into the form."""
    fingers.project("c")
    fingers.shows("Enter creates it")
    fingers.terminal.type("Round prices")
    fingers.press("Tab")
    for line in task[:-1]:
        fingers.terminal.type(line)
        fingers.terminal.press("Enter")  # a new line of what is typed
    fingers.terminal.type(task[-1])
    fingers.press("C-s")


def comment_on_two_lines(fingers: Fingers) -> None:
    """Two comments in the review that is open."""
    fingers.press("c")
    fingers.shows("Enter keeps it")
    fingers.line("say what is counted")
    fingers.shows("S send 1")
    fingers.press("j", "j", "j", "c")
    fingers.shows("Enter keeps it")
    fingers.line("three of what?")
    fingers.shows("S send 2")


def journey(
    person: Person, number: str, is_passing: Callable[[], None], task: Sequence[str] = TASK, asks: str = PUBLISH
) -> int:
    """All of it; the keys it took. `is_passing`: CI passes, where there is one; `asks`: what its permission is for."""
    person.runs("up", "-d")
    terminal = Terminal(120, 36)
    terminal.run(["tmux", "-L", "orchestra", "attach"])
    terminal.shows("no workers")
    fingers = Fingers(terminal)
    new_task(fingers, task)
    fingers.shows(f"\u25cf #{number} question")
    fingers.project("g")
    fingers.shows("2 even")
    fingers.press("Down", "Enter")
    fingers.shows(f"\u25cf #{number} permission")
    fingers.project("y")
    assert asks in fingers.shows("y yes")
    fingers.press("y")
    is_passing()
    fingers.shows(f"\u2714 #{number} ready")
    fingers.project("d")
    fingers.shows("two, rounded even")
    comment_on_two_lines(fingers)
    fingers.press("S")
    eventually(lambda: "S send" not in terminal.text, why="the comments to be sent")
    fingers.press("q")
    eventually(lambda: "three of what?" in str(person.asks("show", number)["guidance"]), why="the guidance")
    is_passing()
    person.sees(number, "complete", 90)
    fingers.shows(f"\u2714 #{number} ready")
    fingers.project("d")
    fingers.shows("+3-0")
    fingers.press("i")
    eventually(lambda: "+3-0" not in terminal.text, why="only what has changed since")
    fingers.shows("say what is counted")
    fingers.press("m")
    fingers.shows("y yes")
    fingers.press("y")
    fingers.shows("remove its worktree and branch now?")
    fingers.press("y")
    fingers.shows("its worktree and branch are removed")
    fingers.press("q")
    terminal.end()
    return fingers.count
