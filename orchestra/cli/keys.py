"""The part of the command line behind the key table: what a key does, what a popup shows, and both by name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from orchestra.cli.completion import numbers
from orchestra.core.dialogs import open_questions
from orchestra.core.models import How
from orchestra.errors import OrchestraError
from orchestra.ui import dialogs as ask
from orchestra.ui.console import Door, json_option
from orchestra.ui.popups import act, help_lines, open_pull, popup, spawned

if TYPE_CHECKING:
    from orchestra.ui.key_context import Desk


@click.command()
@click.option("--install", is_flag=True, help="Print a line for your own tmux.conf.")
@click.pass_obj
def keys(door: Door, install: bool) -> None:
    """The keys of the workspace: the prefix, then O, then one of these."""
    from orchestra.tmux import key_bindings as table

    orchestra = door.orchestra
    if install:
        click.echo("# In your own tmux.conf: the prefix, then this key, spawns a worker on the issue under the cursor.")
        click.echo(table.own_line(orchestra.program(), orchestra.config.tmux.key))
        return
    for line in help_lines(door):
        click.echo(line)


@click.command(hidden=True)
@click.argument("name")
@click.argument("pane")
@click.option("--client", default="")
@click.option("--mouse", default=None)
@click.option("--exact", is_flag=True)
@click.pass_obj
def key(door: Door, name: str, pane: str, client: str, mouse: str | None, exact: bool) -> None:
    """What tmux calls when a key is pressed: the answer is a line on the person's terminal."""
    from orchestra.ui import key_context as desks

    desk = desks.around(door.environ, door.now, pane, client)
    try:
        said = _spawn(desk, mouse, exact=exact) if name == "spawn" else ACTS[name](desk)
    except OrchestraError as wrong:
        said = f"orchestra: {wrong.message}" + (f" ({wrong.hint})" if wrong.hint else "")
    if said:
        desk.say(said)


def _spawn(desk: Desk, mouse: str | None, *, exact: bool) -> str:
    from orchestra.ui.issue_under_cursor import position, under_cursor, words

    found = under_cursor(desk, position(mouse), exact=exact)
    if found is None:
        if not exact:
            desk.popup("issues")
        return ""
    if found.pane is not None:
        desk.orchestra.tmux.travel(found.pane, desk.pane)
        return f"{words(found.issue)}: its worker"
    desk.say(f"spawning {words(found.issue)} ...")
    return spawned(desk, found.issue.number)


def _needed(desk: Desk) -> str:
    return _next(desk._replace(number=""))


def _next(desk: Desk) -> str:
    from orchestra.commands.attach import neediest

    row = neediest(desk.orchestra, desk.number)
    if row is None or row.seen.pane is None:
        return "nobody needs you"
    desk.orchestra.tmux.travel(row.seen.pane, desk.pane)
    return f"#{row.worker.id} {row.attention}: {row.why}"


def _orchestrator(desk: Desk) -> str:
    desk.orchestra.tmux.travel("orchestrator", desk.pane)
    return ""


def _board(desk: Desk) -> str:
    from orchestra.commands.board import board

    board(desk.orchestra)
    desk.orchestra.tmux.travel("board", desk.pane)
    return ""


def _approve(desk: Desk) -> str:
    from orchestra.commands.approve import approve
    from orchestra.workers.answers import Decision

    if not desk.number or not open_questions(desk.worker):
        desk.popup("gates")
        return ""
    (asked,) = approve(desk.orchestra, desk.number, Decision(desk.how))
    return f"approved for #{desk.number}: {asked.summary}"


def _pull(desk: Desk) -> str:
    return open_pull(desk.orchestra, desk.worker.id)


def _back(desk: Desk) -> str:
    return "" if desk.orchestra.tmux.back() else "there is nothing to go back to"


ACTS: dict[str, Callable[[Desk], str]] = {
    "next": _next,
    "needed": _needed,
    "orchestrator": _orchestrator,
    "board": _board,
    "approve": _approve,
    "pull": _pull,
    "back": _back,
}


@click.command()
@json_option
@click.pass_obj
def gates(door: Door, as_json: bool) -> None:
    """What waits for your word; on a terminal, decide it there."""
    from orchestra.commands.gates import gates as verb

    rows = verb(door.orchestra)
    if as_json:
        door.say(door.as_json.rows(rows))
    elif rows and sys.stdin.isatty():
        ask.gates(rows, act(door, How.COMMAND))
    else:
        door.say([line for row in rows for line in ask.asked(row.worker)] or "no gate is open")


@click.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def diff(door: Door, number: str) -> None:
    """What a worker has changed, committed or not, in your pager."""
    from orchestra.commands.diff import diff as verb

    found = verb(door.orchestra, number)
    if sys.stdout.isatty():
        ask.page(*found)
    else:
        click.echo(found.text)


@click.command()
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def pr(door: Door, number: str) -> None:
    """Open a worker's pull request in the browser, or print its address."""
    from orchestra.commands.pr import pr as verb

    if sys.stdout.isatty():
        click.echo(open_pull(door.orchestra, number))
    else:
        click.echo(verb(door.orchestra, number).url)


@click.command()
@click.option("--tmux", is_flag=True, help="Without what tmux would expand, for `#()` in a status line.")
@click.pass_obj
def status(door: Door, tmux: bool) -> None:
    """The bar's text in one line, for a prompt or a theme of your own."""
    from orchestra.commands.status import status as verb

    text = verb(door.orchestra).text
    click.echo(
        text.replace("#", "\uff03") if tmux else text
    )  # tmux reads formats in a job's output (failures.md 3.1 D)


@click.command()
@click.pass_obj
def board(door: Door) -> None:
    """The full-screen view: issues, workers, and all about the selected one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise OrchestraError("the board needs a terminal", "elsewhere: orchestra list, orchestra issues")
    import gc

    gc.disable()  # until the first screen: an eighth of the time to it, and nothing that is imported is garbage
    from orchestra.ui.board.actions import Acts
    from orchestra.ui.board.app import Board

    argv = Board(Acts(door)).run()
    door.attach(argv or ())


def add_to(group: click.Group) -> None:
    """Add these commands to the main group."""
    for command in (keys, key, popup, gates, diff, pr, status, board):
        group.add_command(command)
