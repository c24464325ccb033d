"""Commands that pause, resume, restart and end workers."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from orchestra.cli.budget_options import budget_options, given
from orchestra.cli.completion import numbers
from orchestra.cli.verbs import verb
from orchestra.ui.console import Console
from orchestra.ui.references import Target, for_each

several = click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)


@verb("pause", "orchestra pause 124 125")
@several
@click.pass_obj
def pause_command(console: Console, ids: Sequence[str]) -> None:
    """End a worker's agent for now; `resume` goes on in its conversation."""
    from orchestra.commands.pause import pause

    def one(at: Target) -> None:
        pause(at.console.deciding, at.number)
        click.echo(f"#{at.number} paused: orchestra resume {at.word} goes on")

    if not for_each(console, ids, one):
        sys.exit(1)


@verb(
    "resume",
    "orchestra resume 124   one that has used up its budget gets as much again",
    "orchestra resume 124 --tokens 4M   it may use so much in all",
)
@several
@budget_options
@click.pass_obj
def resume_command(console: Console, /, ids: Sequence[str], **options: Any) -> None:
    """Go on with a paused worker; with a budget, also change that of one at work."""
    from orchestra.commands.resume import resume

    budget = given(options)

    def one(at: Target) -> None:
        click.echo(f"#{at.number} goes on: {resume(at.console.deciding, at.number, budget).status.value}")

    if not for_each(console, ids, one):
        sys.exit(1)


@verb(
    "restart",
    "orchestra restart 124           in its conversation; repeats a failed setup",
    "orchestra restart 124 --fresh   in a new one",
)
@several
@click.option("--fresh", is_flag=True, help="Begin a new conversation.")
@click.pass_obj
def restart_command(console: Console, ids: Sequence[str], fresh: bool) -> None:
    """Start a worker's agent again, in the same worktree and conversation."""
    from orchestra.commands.restart import restart

    def one(at: Target) -> None:
        restart(at.console.deciding, at.number, fresh=fresh)
        click.echo(f"#{at.number} started again" + (" with a new conversation" if fresh else " in its conversation"))

    if not for_each(console, ids, one):
        sys.exit(1)


@verb(
    "cancel",
    "orchestra cancel 124               its pull request stays open",
    "orchestra cancel 124 --close-pr    and close its pull request",
)
@several
@click.option("--close-pr", is_flag=True, help="Close its pull request on GitHub, too.")
@click.pass_obj
def cancel_command(console: Console, ids: Sequence[str], close_pr: bool) -> None:
    """End a worker. Its worktree, branch and commits stay."""
    from orchestra.commands.cancel import cancel

    def one(at: Target) -> None:
        worker = cancel(at.console.deciding, at.number, close_pull=close_pr)
        place = f"in {worker.worktree} on" if os.path.isdir(worker.worktree) else "on"
        click.echo(f"#{at.number} cancelled; its work stays {place} {worker.branch}")
        if (pull := worker.pull) is None or pull.state == "merged":
            return
        if close_pr:
            click.echo(f"PR #{pull.number} is closed")
        elif pull.state == "open":
            again = f"orchestra cancel {at.word} --close-pr"
            click.echo(f"PR #{pull.number} stays open on GitHub: {again} closes it")

    if not for_each(console, ids, one):
        sys.exit(1)
