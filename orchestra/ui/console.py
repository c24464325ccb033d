"""What every command of the command line shares: the project, the terminal, and how an error leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

import click

from orchestra.core.look import is_unknown_terminal
from orchestra.core.text import clean
from orchestra.core.waiting import pause
from orchestra.errors import OrchestraError

if TYPE_CHECKING:
    from orchestra.project.context import Project
    from orchestra.ui.paint import Paint

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class Console:
    """The way in: where the user is, their environment, the clock; the project is found at first use."""

    def __init__(
        self, cwd: str, environ: Mapping[str, str], now: Callable[[], float], command: str = "", *, whole: bool = False
    ) -> None:
        self.cwd = cwd
        self.environ = environ
        self.now = now
        self.command = command  # `up`, `list`, ...
        self.whole = whole  # the shell's environment replaces the recorded one

    @cached_property
    def project(self) -> Project:
        """The project around the working directory; a command that a user types renews its environment."""
        from orchestra.project import entry_points, environment
        from orchestra.project.context import open_project

        typed, shell = environment.is_typed(self.environ, self.command), dict(self.environ)
        project = open_project(self.cwd, self.environ, self.now, typed=typed)
        if typed:
            entry_points.write_shims(project.home, only_dead=True)
            for sentence in environment.renew(project, self.command, shell, whole=self.whole):
                click.echo(f"orchestra: {sentence}", err=True)
        return project

    @property
    def is_in_project(self) -> bool:
        """Whether the working directory belongs to a project."""
        try:
            return bool(self.project.key)
        except OrchestraError:
            return False

    @property
    def render(self) -> ModuleType:
        """How records are printed; imported when there is something to print."""
        from orchestra.ui import text

        return text

    @property
    def as_json(self) -> ModuleType:
        """The same as the documents of `--json`."""
        from orchestra.ui import json

        return json

    @property
    def title(self) -> str:
        """The project as people write it: `acme/widgets`, or the directory's name."""
        return self.project.title

    @property
    def paint(self) -> Paint:
        """How text is printed on this terminal; without one plain, and as wide as it is."""
        from orchestra.core.look import look_of, shows_links
        from orchestra.ui.paint import Paint

        look = look_of(self.environ)
        if not sys.stdout.isatty():
            return Paint(look, 100)
        colour = not self.environ.get("NO_COLOR") or look.plain
        return Paint(look, self.width, colour, shows_links(self.environ))

    @property
    def width(self) -> int:
        """Columns of the terminal; 100 where there is none."""
        import shutil

        return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100

    def fit(self, lines: Iterable[str]) -> Iterator[str]:
        """No line is longer than the terminal: it goes on below, indented. In a pipe a line stays a line."""
        from orchestra.ui.worker_table import fold

        for line in lines:
            yield from fold(line, self.width, "    ") if sys.stdout.isatty() else (line,)

    @property
    def deciding(self) -> Project:
        """The project, for a verb that decides, starts or ends something: never from a worker's own pane."""
        if "ORCHESTRA_WORKER" in self.environ:
            raise OrchestraError(
                "workers may not run this command", "ask for it: orchestra worker escalate SUMMARY --need ..."
            )
        return self.project

    def moved(self, directory: str) -> Console:
        """The same user in another directory."""
        return Console(directory, self.environ, self.now, self.command, whole=self.whole)

    def with_whole_environment(self) -> Console:
        """The same user, whose shell's environment replaces the recorded one."""
        return Console(self.cwd, self.environ, self.now, self.command, whole=True)

    def say(self, lines: str | Iterable[str]) -> None:
        """Print lines; styles only on a terminal, and with NO_COLOR only those without a colour."""
        text = lines if isinstance(lines, str) else "\n".join(lines)
        styled = sys.stdout.isatty()
        click.echo(text if styled else click.unstyle(text), color=styled or None)

    def ask_trust(self, text: str) -> bool:
        """Show an outsider's text and ask. Without a terminal the flag itself is the yes, but never an agent's."""
        click.echo(text, err=True)
        if not sys.stdin.isatty():
            if "ORCHESTRA_PROJECT" in self.environ:
                raise OrchestraError("--trust can only be confirmed by a human at a terminal")
            click.echo("There is no terminal to ask on: --trust counts as your yes to exactly these words.", err=True)
            return True
        return click.confirm("Start a worker on exactly this text?", default=False, err=True)

    def words(self, given: Sequence[str]) -> str:
        """The user's words: arguments, `-` for standard input, nothing for the editor."""
        if tuple(given) == ("-",):
            return sys.stdin.read()
        if given:
            return " ".join(given)
        if not sys.stdin.isatty():
            raise OrchestraError("there is nothing to tell", "give the words, or - to read standard input")
        return click.edit("") or ""

    def attach(self, argv: Sequence[str]) -> None:
        """Bring this terminal to the workspace by becoming tmux."""
        if not argv:
            return
        if not sys.stdin.isatty():
            raise OrchestraError(
                "this is not a terminal that tmux can attach", "attach from one: orchestra attach; `up` takes --detach"
            )
        term = os.environ.get("TERM", "")
        if "attach-session" in argv and is_unknown_terminal(term):  # tmux says that only, and ends
            click.echo(f"orchestra: the terminal {clean(term)!r} is not known on this machine; where tmux refuses it:")
            click.echo("  TERM=xterm-256color orchestra attach")
        sys.stdout.flush()
        os.execvp(argv[0], list(argv))  # noqa: S606 - our own argv, no shell

    def end(self, said: str, argv: Sequence[str]) -> None:
        """What a full-screen view leaves behind: a line, or this terminal in the workspace."""
        if said:
            click.echo(said)
        self.attach(argv)

    def watch(self, draw: Callable[[], Iterable[str]]) -> None:
        """Draw again when something has changed, until the person stops it."""
        before = ""
        while True:
            text = "\n".join(draw())
            if text != before:
                click.clear()
                self.say(text)
                before = text
            pause(1.0)
