"""The `orchestra` command line: parse, call one verb, print, exit code. No rule lives here."""

from __future__ import annotations

import importlib
import os
import time

import click

from orchestra import __version__
from orchestra.cli.errors import run_main
from orchestra.ui.console import Console

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

# Each command and the module of this package that has it, in the order of a day's work.
COMMANDS = {
    "init": "workspace",
    "up": "workspace",
    "down": "workspace",
    "spawn": "workers",
    "list": "workers",
    "show": "workers",
    "attach": "workers",
    "tell": "workers",
    "approve": "workers",
    "deny": "workers",
    "log": "workers",
    "wait": "workers",
    "issues": "workers",
    "doctor": "housekeeping",
    "pause": "workers",
    "resume": "workers",
    "restart": "workers",
    "cancel": "workers",
    "prune": "housekeeping",
    "restore": "housekeeping",
    "layout": "workspace",
    "stats": "housekeeping",
    "completion": "workspace",
    "keys": "keys",
    "key": "keys",
    "popup": "keys",
    "gates": "workers",
    "diff": "workers",
    "pr": "workers",
    "status": "workspace",
    "board": "workspace",
    "worker": "worker",
    "orchestrator": "worker",
    "monitor": "worker",
}


class LazyGroup(click.Group):
    """A group that imports the module of the command that is asked for: `list` starts 10 ms sooner than with all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """A command by name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"orchestra.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command


@click.group(cls=LazyGroup, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="orchestra")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Run many Claude Code workers on one codebase, in tmux.

    Each takes one issue to one pull request, in its own git worktree and its own pane.
    You decide and review; orchestra handles the process.

    \b
      orchestra up            open the workspace
      orchestra spawn 123     start a worker on an issue
      orchestra list          see who needs you
    """  # noqa: D301 - Click wants the character
    ctx.obj = Console(os.getcwd(), os.environ, time.time, ctx.invoked_subcommand or "")


def main() -> None:
    """The entry point: run, and turn what went wrong into one sentence and an exit code."""
    run_main(cli)


if __name__ == "__main__":
    main()
