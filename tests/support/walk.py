"""The walk through a day's keys, on a real attached client: writes the screens of docs/walk.md, and is a test.

make walk   write docs/walk.md
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from support.person import HANG, Person, configure, write_issue
from support.polling import eventually, unguarded
from support.terminal import Terminal, quick_fingers

SIZES = ((80, 24), (120, 40), (200, 60))
PAGE = Path(__file__).parents[2] / "docs" / "walk.md"
ASK = """
```script
status working
escalate "Which colour for the warning?" --gate domain --option red --option amber --context "Both are in the palette."
write colour.txt "{answer}"
commit "Use {answer}"
ship
```
"""
ISSUES = {
    121: ("Warning colour", ASK),
    122: ("Dark mode", HANG),
    123: ("Export as CSV", HANG),
    124: ("Keyboard help", HANG),
    125: ("Faster start", HANG),
    126: ("#(touch canary) #[fg=red]hostile[/] $(touch canary)", HANG),
}
NOTES = "Next week\n  #122 Dark mode\n  GH-123 export\n  acme/other#999 is not ours\n  #124 help, #125 start\n"


class Walk:
    """One person at one terminal. `say` gets what is done and the screen that follows."""

    def __init__(self, where: Path, columns: int, rows: int, say: Callable[[str, str], None]) -> None:
        self.person = Person(where)
        self.terminal = Terminal(columns, rows)
        self.columns = columns
        self.say = say

    def project(self, key: str) -> None:
        """The prefix, O, and a key of the table."""
        eventually(lambda: "\u2518" not in self.terminal.text, why="the popup to close")
        self.terminal.key_table()
        self.terminal.press(key)

    def told(self, what: str, words: str) -> None:
        """Wait for these words, and tell the screen."""
        self.terminal.shows(words)
        self.say(what, tidy(self.terminal.text))

    def works(self, number: str) -> None:
        """Wait until this worker is at work."""
        eventually(lambda: number in {one["id"] for one in self.person.asks("list")["workers"]}, why=f"#{number}")
        self.person.sees(number, "working")

    def at(self, number: str) -> None:
        """Wait until the person looks at this worker's pane; empty: at none."""
        eventually(lambda: self.person.tmux("display-message", "-p", "#{@orchestra_worker}") == number, why=number)

    def all(self) -> None:
        """Everything, in the order of a day."""
        self.person.runs("up", "desk", "-d")
        self.terminal.run(["tmux", "-L", "orchestra", "attach"])
        self.told("`orchestra up`: the workspace", "no workers")
        self.shell()
        if shutil.which("vim"):
            self.vim()
        self.copy_mode()
        self.mouse()
        self.answer()
        self.layout()
        self.board()

    def shell(self) -> None:
        """At a shell prompt."""
        self.terminal.type("clear; cat notes.txt; tput cuu 4")
        self.terminal.press("Enter")
        self.terminal.shows("Next week")
        self.project("s")
        self.works("122")
        self.told("Prefix `O` `s` at a shell prompt, the cursor on the line of #122", "#122 works")

    def vim(self) -> None:
        """In an editor."""
        self.terminal.type("clear; vim -u NONE notes.txt")
        self.terminal.press("Enter")
        self.terminal.shows("notes.txt")
        self.terminal.press("j", "j")
        self.project("s")
        self.works("123")
        self.told("In vim, on the line of GH-123", "#123 works")
        self.terminal.type(":q")
        self.terminal.press("Enter")
        running = ("display-message", "-p", "#{pane_current_command}")
        eventually(lambda: "vi" not in self.person.tmux(*running), why="vim to end")

    def copy_mode(self) -> None:
        """In copy mode, where a line has two: the one nearest to the cursor."""
        self.terminal.type("clear; cat notes.txt; echo do''ne")
        self.terminal.press("Enter")
        self.terminal.shows("done")
        self.terminal.press("C-b", "[", "Up", "Up", "C-e")
        line = ("display-message", "-p", "#{copy_cursor_line}")
        eventually(lambda: "#125" in self.person.tmux(*line), why="the line")
        self.project("s")
        self.works("125")
        self.told("In copy mode, at the end of a line with two numbers", "#125 works")
        self.terminal.press("q")

    def mouse(self) -> None:
        """By the right button in `less`, and by a double click."""
        self.terminal.type("less -X notes.txt")
        self.terminal.press("Enter")
        self.terminal.shows("(END)")
        column, row = self.terminal.place("#124")
        self.terminal.press_right(column + 1, row)
        self.told("A right click on #124 in less", "Spawn a worker on the issue here")
        self.terminal.press("s")
        self.works("124")
        self.terminal.press("q")
        running = ("display-message", "-p", "#{pane_current_command}")
        eventually(lambda: "less" not in self.person.tmux(*running), why="less to end")
        self.terminal.type("clear; echo 'see #126'")
        self.terminal.press("Enter")
        eventually(lambda: any(line.startswith("see #126") for line in self.terminal.lines()))
        self.terminal.click(5, [line[:8] for line in self.terminal.lines()].index("see #126"), times=2)
        self.works("126")
        self.told("A double click on #126", "#126 works")

    def answer(self) -> None:
        """The picker, the bar, to who needs you, an answer in a popup, back."""
        self.terminal.type("clear")
        self.terminal.press("Enter")
        eventually(lambda: "see #126" not in self.terminal.text)
        self.project("s")
        self.told(
            "Prefix `O` `s` where there is no number: the picker. A hostile title is text, and no more",
            "#(touch canary) #[fg=",
        )
        self.terminal.type("warning")
        self.terminal.press("Enter")
        eventually(lambda: "121" in {one["id"] for one in self.person.asks("list")["workers"]}, why="#121")
        self.person.sees("121", "stuck")
        self.told("A worker asks: the bar says so", "\u25cf #121 question")
        self.project("a")
        self.at("121")
        self.project("t")
        self.told("Prefix `O` `a` goes to it, `t` answers", "Enter answers")
        unguarded()
        self.terminal.press("2")
        self.person.sees("121", "complete")
        self.project("q")
        self.at("")
        self.told("`q`: back where we came from, and the bar has turned", "\u2714 #121 ready")

    def layout(self) -> None:
        """Another layout while the agents work."""
        self.person.runs("layout", "laptop")
        self.project("a")
        self.at("121")
        self.terminal.shows("#122 \u25b8 working")
        self.told(
            "`orchestra layout laptop`, and `a`: two workers to a window; who needs you is green or red", "#121 \u2714"
        )
        self.project("q")
        self.at("")

    def board(self) -> None:
        """The board."""
        self.project("b")
        self.terminal.shows("has a worker")
        self.told("`b`: the board", "has a worker")


def prepare(where: Path, git: Callable[..., object]) -> None:
    """A repository with issues, notes, and a layout with a shell in front."""
    quick_fingers()
    configure(where, "agent: scripted", "tracker: local", "workers: {max: 9}")
    for number, (title, body) in ISSUES.items():
        write_issue(where, number, title, body)
    (where / "notes.txt").write_text(NOTES)
    (where / ".orchestra" / "layouts").mkdir(parents=True)
    (where / ".orchestra" / "layouts" / "desk.yaml").write_text(
        "windows:\n  - {window_name: shell, role: shell, focus: true}\n  - {window_name: workers, role: workers}\n"
    )
    git("-C", where, "add", ".")
    git("-C", where, "commit", "-qm", "issues")


def tidy(screen: str) -> str:
    """The screen without what differs from run to run: the machine's names, times and places."""
    screen = re.sub(r'"[^"]*" \d\d:\d\d \d\d-\w{3}-\d\d', "", screen)
    screen = re.sub(r"/tmp/\S*?/widgets", "~/widgets", screen)
    screen = "\n".join(line.rstrip() for line in screen.split("\n")).rstrip()
    return re.sub(r"(?:\n(?:~|\s*\|)?(?=\n)){5,}", "\n\n  ...\n", screen)


def page() -> Iterator[str]:
    """docs/walk.md."""
    yield "# A walk through the keys"
    yield ""
    yield "Screens of a real terminal at three sizes, written by `make walk`; the same walk is a test."
    yield "The agent is the scripted one, `...` replaces empty lines. `orchestra keys` lists the keys."
    for columns, rows in SIZES:
        yield from ("", f"## {columns}x{rows}")
        with tempfile.TemporaryDirectory(prefix="walk-", dir="/tmp", ignore_cleanup_errors=True) as scratch:
            lines: list[str] = []

            def say(what: str, screen: str, lines: list[str] = lines) -> None:
                lines.extend(("", what + ":", "", "```text", screen, "```"))

            with_home(Path(scratch), columns, rows, say)
            yield from lines


def with_home(scratch: Path, columns: int, rows: int, say: Callable[[str, str], None]) -> None:
    """The walk with a private home and private tmux servers."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    os.environ.clear()
    os.environ.update(kept, HOME=str(scratch), SHELL="/bin/sh", TERM="xterm-256color", LC_ALL="C.UTF-8", PS1="$ ")
    os.environ.update(TMUX_TMPDIR=str(scratch), ORCHESTRA_HOME=str(scratch / "home"), GIT_CONFIG_NOSYSTEM="1")
    (scratch / ".gitconfig").write_text("[user]\n\tname = Person\n\temail = p@example.invalid\n")
    where = scratch / "widgets"

    def git(*argv: object) -> None:
        subprocess.run(["git", *map(str, argv)], check=True)

    git("init", "-q", "-b", "main", where)
    prepare(where, git)
    walk = Walk(where, columns, rows, say)
    try:
        walk.all()
    finally:
        walk.person.tmux("kill-server")
        walk.terminal.end()


if __name__ == "__main__":
    PAGE.write_text("\n".join(page()) + "\n")
