"""The command that shows and changes the queue."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from orchestra.cli.completion import numbers
from orchestra.cli.verbs import VerbGroup
from orchestra.ui.console import Console, json_option
from orchestra.ui.references import Target, for_each, target

several = click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)


@click.group(
    "queue",
    cls=VerbGroup,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",  # not every click says that it may be left out
    examples=(
        "orchestra queue                   the queue",
        "orchestra queue move 126 first    126 starts next, once nothing blocks it",
        "orchestra queue hold 127          127 stays in the queue until `release`",
        "orchestra queue --merge-order     which branch to merge first, and then",
    ),
)
@click.option("--merge-order", is_flag=True, help="In which order to merge, with the fewest conflicts.")
@json_option
@click.pass_context
def queue_command(ctx: click.Context, merge_order: bool, as_json: bool) -> None:
    """The queue: what waits to start, in which order, and why."""
    if ctx.invoked_subcommand is None:
        from orchestra.commands import queue as commands

        console: Console = ctx.obj
        if merge_order:
            steps = commands.merge_order(console.project)
            console.say(
                console.as_json.merge_order(steps) if as_json else console.fit(console.render.merge_order(steps))
            )
            return
        found = commands.queue(console.project)
        console.say(console.as_json.queue(found) if as_json else console.fit(console.render.queue(found)))


@queue_command.command("move")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("place", metavar="first|last|up|down|N")
@click.pass_obj
def move_command(console: Console, number: str, place: str) -> None:
    """Give a queued worker another place."""
    from orchestra.commands.queue import queue_move

    at = target(console, number)
    console.say(console.fit(console.render.queue(queue_move(at.console.deciding, at.number, place))))


def _each(name: str, done: str, line: str) -> click.Command:
    """A subcommand that does one thing to each worker that is named."""

    @several
    @click.pass_obj
    def command(console: Console, ids: Sequence[str]) -> None:
        from orchestra.commands import queue

        act: Callable[..., None] = getattr(queue, f"queue_{name}")

        def one(at: Target) -> None:
            act(at.console.deciding, at.number)
            click.echo(f"#{at.number} {done}")

        if not for_each(console, ids, one):
            sys.exit(1)

    return click.command(name, help=line)(command)


@queue_command.command("auto")
@click.argument("wanted", type=click.Choice(["on", "off"]))
@click.pass_obj
def auto_command(console: Console, wanted: str) -> None:
    """Stop what starts by itself by your own rules, or let it go on."""
    from orchestra.commands.queue import queue_auto

    click.echo(queue_auto(console.deciding, on=wanted == "on"))


queue_command.add_command(
    _each("hold", "stays in the queue: orchestra queue release lets it start", "Keep a worker in the queue.")
)
queue_command.add_command(_each("release", "starts when its turn comes", "Let a worker on hold start again."))
queue_command.add_command(_each("drop", "was taken out of the queue", "Take a worker out of the queue."))
