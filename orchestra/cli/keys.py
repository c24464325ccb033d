"""What a key of the workspace runs, and the commands behind popups."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from orchestra.cli.errors import unforeseen
from orchestra.cli.verbs import verb
from orchestra.core.models import AnswerChannel
from orchestra.errors import OrchestraError
from orchestra.ui import dialogs
from orchestra.ui.browser import open_pull
from orchestra.ui.console import Console
from orchestra.ui.popups import help_lines, popup, show_picker, spawned
from orchestra.ui.screens.verbs import Place

if TYPE_CHECKING:
    from orchestra.ui.key_context import KeyContext


@verb("keys", "orchestra keys")
@click.option("--install", is_flag=True, help="Print a line for your own tmux.conf.")
@click.pass_obj
def keys_command(console: Console, install: bool) -> None:
    """The keys of the workspace: the prefix, then O, then one of these."""
    from orchestra.project import entry_points
    from orchestra.tmux import key_bindings

    project = console.project
    if install:
        entry_points.write_shims(project.home)
        click.echo("# In your own tmux.conf: the prefix, then this key, spawns a worker on the issue under the cursor.")
        click.echo(key_bindings.tmux_conf_line(project.program(), project.config.tmux.key))
        return
    console.say(console.fit(help_lines(console)))


@click.command("key", hidden=True)
@click.argument("name")
@click.argument("pane")
@click.option("--client", default="")
@click.option("--mouse", default=None)
@click.option("--exact", is_flag=True)
@click.pass_obj
def key_command(console: Console, name: str, pane: str, client: str, mouse: str | None, exact: bool) -> None:
    """What tmux calls when a key is pressed: the answer is a line on the user's terminal."""
    from orchestra.ui import key_context

    context = key_context.key_context_at(console.environ, console.now, pane, client)
    try:
        said = _spawn(context, mouse, exact=exact) if name == "spawn" else ACTS[name](context)
    except OrchestraError as wrong:
        said = f"orchestra: {wrong.message}" + (f" ({wrong.hint})" if wrong.hint else "")
    if said:
        context.say(said)


def _spawn(context: KeyContext, mouse: str | None, *, exact: bool) -> str:
    from orchestra.ui.issue_under_cursor import position, under_cursor, words

    found = under_cursor(context, position(mouse), exact=exact)
    if found is None:
        if not exact:
            context.popup("issues")
        return ""
    if found.pane is not None:
        context.project.clients.travel(found.pane, context.pane)
        return f"{words(found.issue)}: its worker"
    context.say(f"spawning {words(found.issue)} ...")
    return spawned(context, found.issue.number)


def _needed(context: KeyContext) -> str:
    return _next(context._replace(number=""))


def _next(context: KeyContext) -> str:
    from orchestra.commands.attach import neediest

    row = neediest(context.project, context.number)
    if row is None or row.seen.pane is None:
        return "nobody needs you"
    context.project.clients.travel(row.seen.pane, context.pane)
    return f"#{row.worker.id} {row.shown.word}: {row.why}"


def _orchestrator(context: KeyContext) -> str:
    context.project.clients.travel("orchestrator", context.pane)
    return ""


def _board(context: KeyContext) -> str:
    from orchestra.commands.board import board

    board(context.project)
    context.project.clients.travel("board", context.pane)
    return ""


def _approve(context: KeyContext) -> str:
    """In a workspace that an earlier version opened, the key still calls this."""
    context.popup("approve")
    return ""


def _pull(context: KeyContext) -> str:
    return open_pull(context.project, context.worker.id)


def _pause(context: KeyContext) -> str:
    from orchestra.ui.screens.verbs import Place, Verbs

    number = context.worker.id
    return Verbs(Console(context.project.root, context.project.environ, context.project.now), Place()).pause(number)


def _back(context: KeyContext) -> str:
    return "" if context.project.clients.back() else "there is nothing to go back to"


ACTS: dict[str, Callable[[KeyContext], str]] = {
    "next": _next,
    "needed": _needed,
    "orchestrator": _orchestrator,
    "board": _board,
    "approve": _approve,
    "pull": _pull,
    "pause": _pause,
    "back": _back,
}


@click.command("popup", hidden=True)
@click.argument("name")
@click.option("--framed", is_flag=True)
@click.pass_obj
def popup_command(console: Console, name: str, framed: bool) -> None:
    """What a popup runs."""
    from orchestra.ui import key_context

    try:
        context = key_context.key_context_at(console.environ, console.now)._replace(how=AnswerChannel.POPUP)
    except OrchestraError as wrong:
        click.echo(f"{wrong.message}\n  {wrong.hint}")
        dialogs.read("Enter closes this ")
        return
    try:
        said = popup(console.moved(context.project.root), context, name, framed=framed)
    except OrchestraError as wrong:
        said = wrong.message + (f" ({wrong.hint})" if wrong.hint else "")
    except Exception as wrong:  # noqa: BLE001 - the popup closes, and what its command prints is gone
        said = "{} ({})".format(*unforeseen(wrong))
    if said:
        context.project.clients.say(said)
    sys.stdout.flush()
    os._exit(0)  # until the process has ended the popup takes keys; to clean up takes 0.1 s


@click.command("pick", hidden=True)
@click.argument("name", type=click.Choice(["issues", "workers"]))
@click.pass_obj
def pick_command(console: Console, name: str) -> None:
    """The picker, in this terminal."""
    ended = show_picker(console, name, Place(how=AnswerChannel.COMMAND))
    console.end(ended.said, ended.argv)
