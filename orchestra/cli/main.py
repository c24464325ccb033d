"""The `orchestra` command line: parse, call one verb, print, exit code. No rule lives here."""

from __future__ import annotations

import importlib
import os
import sys
import time

import click

from orchestra import __version__
from orchestra.cli.errors import run_main
from orchestra.core.records import Record
from orchestra.core.text import clean
from orchestra.errors import OrchestraError, UsageError
from orchestra.ui.console import Console

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Entry(Record):
    """A command: the module of this package that has it, and its line in `orchestra --help`."""

    module: str
    line: str = ""


# In the order of a day's work. A line is at most 64 characters: it is never cut on a terminal of 80 columns.
GROUPS = {
    "Every day": {
        "up": Entry("workspace", "open the workspace and bring back every worker"),
        "list": Entry("look", "every worker, the one that most needs you first"),
        "board": Entry("workspace", "the full-screen view of issues and workers"),
        "spawn": Entry("workers", "start a worker on an issue"),
        "new": Entry("workers", "write a new task, and start a worker on it"),
        "tell": Entry("workers", "answer a worker's question, or tell it something"),
        "approve": Entry("workers", "approve what a worker asks for"),
        "deny": Entry("workers", "deny it, with a reason"),
        "review": Entry("review", "read a worker's change, comment on lines, approve"),
        "merge": Entry("workers", "merge a worker's change into its base"),
    },
    "Look": {
        "show": Entry("look", "one worker in full"),
        "attach": Entry("workers", "go to a worker's pane"),
        "log": Entry("look", "what happened to a worker, or what its panes have shown"),
        "diff": Entry("look", "what a worker has changed"),
        "pr": Entry("look", "its pull request in the browser"),
        "open": Entry("look", "what it runs, in the browser: `address:` of the config"),
        "stats": Entry("look", "where time and tokens of each worker went"),
        "gates": Entry("workers", "every open request; on a terminal, answer them"),
        "issues": Entry("look", "the open issues, and which have a worker"),
        "status": Entry("workspace", "the bar's text in one line"),
    },
    "Steer": {
        "queue": Entry("queue", "what waits to start, in which order, and why"),
        "pause": Entry("steer", "end a worker's agent for now"),
        "resume": Entry("steer", "go on with a paused worker"),
        "restart": Entry("steer", "start its agent again, in its conversation or a new one"),
        "cancel": Entry("steer", "end a worker; its work stays"),
        "wait": Entry("look", "wait until workers are done, or one needs you"),
    },
    "Clean up": {
        "prune": Entry("housekeeping", "remove finished workers that hold nothing to lose"),
        "restore": Entry("housekeeping", "bring back what was removed of a worker"),
        "down": Entry("workspace", "end the workspace; `up` brings it back"),
    },
    "Set up": {
        "init": Entry("workspace", "set up this repository, in three questions"),
        "doctor": Entry("housekeeping", "check tools, login and state; say or do the fix"),
        "keys": Entry("keys", "the keys of the workspace"),
        "layout": Entry("workspace", "rearrange the open workspace"),
        "completion": Entry("workspace", "completion for your shell"),
    },
    "": {
        "key": Entry("keys"),
        "popup": Entry("keys"),
        "pick": Entry("keys"),
        "worker": Entry("worker", "what agents run: status, escalate, ship"),
        "orchestrator": Entry("worker"),
        "monitor": Entry("worker"),
    },
}
WIDEST = 10  # characters of a command's name in the help
COMMANDS = {name: entry for entries in GROUPS.values() for name, entry in entries.items()}


class LazyGroup(click.Group):
    """A group that imports the module of the command that is asked for: `list` starts 10 ms sooner than with all."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`orchestra help spawn` is `orchestra spawn --help`, and `orchestra` alone is its help."""
        if args[:1] in ([], ["help"]):
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; of a name that does not exist, the one that is meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        shown = [known for known in COMMANDS if known not in GROUPS[""]]
        near = get_close_matches(name, shown, n=1) or [known for known in shown if known.startswith(name)][:1]
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise click.UsageError(f"No such command '{name}'.{meant}", ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """A command by name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"orchestra.cli.{COMMANDS[cmd_name].module}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands in groups, a whole line each; the help imports none of them."""
        for title, entries in GROUPS.items():
            if title:
                with formatter.section(title):
                    formatter.write_dl([(f"{name:<{WIDEST}}", entry.line) for name, entry in entries.items()])


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """What a report of a fault starts with: this version, Python's, tmux's, and where this one is installed."""
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"orchestra, version {__version__}")
    click.echo(f"Python {'.'.join(map(str, sys.version_info[:3]))}, {_tmux_version()}, {_installed_in()}")
    ctx.exit()


def _installed_in() -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _tmux_version() -> str:
    """What the tmux on PATH says; without subprocess, whose import costs more than the rest of `--version`."""
    reading, writing = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading)]
        pid = os.posix_spawnp("tmux", ["tmux", "-V"], os.environ, file_actions=actions)
    except OSError:
        os.close(writing)
        os.close(reading)
        return "no tmux"
    os.close(writing)
    with open(reading, encoding="utf-8", errors="replace") as said:
        version = clean(said.readline(), 40)
    os.waitpid(pid, 0)
    return version or "no tmux"


def _check_homes() -> None:
    """Give HOME the account's directory where it is missing, as tmux and ssh do; everything after this reads it."""
    if not os.path.isabs(os.environ.get("HOME", "")):
        import pwd  # it is there nearly always

        try:
            os.environ["HOME"] = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            raise UsageError("HOME is not set, and this user has no account", "set HOME to a directory") from None
    own = os.environ.get("ORCHESTRA_HOME", "")
    if own and not os.path.isabs(own):
        raise UsageError(
            f"ORCHESTRA_HOME is not an absolute path: {clean(own, 80)}", "set it to one, such as $HOME/.orchestration"
        )


@click.group(cls=LazyGroup, context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the versions and exit.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Run many coding agents on one codebase, in tmux: each worker takes one issue to one pull request, in its own git
    worktree and its own pane. You decide and review.

    \b
      orchestra up              open the workspace
      orchestra issues          what there is to do
      orchestra spawn 124 125   start a worker on each
      orchestra list            who needs you, and why
      orchestra tell 124 1      answer a question with its first option
      orchestra review 124      read what it has changed, and comment on it
      orchestra merge 124       bring it into the base
      orchestra prune           clean up what is merged
    """  # noqa: D301 - Click wants the character
    _check_homes()
    ctx.obj = Console(_directory(), os.environ, time.time, ctx.invoked_subcommand or "")


def _directory() -> str:
    """Where the command is typed; a shell may stand in a worktree that has been removed since."""
    try:
        return os.getcwd()
    except OSError:
        raise OrchestraError("the directory you are in does not exist any more", "cd to your repository") from None


def main() -> None:
    """The entry point: run, and turn what went wrong into one sentence and an exit code."""
    run_main(cli)


if __name__ == "__main__":
    main()
