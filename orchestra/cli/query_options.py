"""The options that choose issues: `spawn --label ready --max 3`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestra.core.issue_query import IssueQuery
from orchestra.core.records import Record
from orchestra.core.text import clean

if TYPE_CHECKING:
    from orchestra.commands.spawn import Spawned
    from orchestra.ui.console import Console

Command = TypeVar("Command", bound=Callable[..., Any])
_NAMES = ("labels", "milestone", "assignee", "query")
_OPTIONS = (
    click.option("--label", "labels", multiple=True, metavar="L", help="Every open issue with it (repeat it)."),
    click.option("--milestone", metavar="M", help="Every open issue of this milestone."),
    click.option("--assignee", metavar="WHO", help="Every open issue of this account; `@me` is you."),
    click.option("--query", metavar="TEXT", help="Every open issue that the tracker's search finds."),
    click.option("--max", "most", type=click.IntRange(1), metavar="N", help="The N oldest of those."),
    click.option("--dry-run", is_flag=True, help="List those, and start nothing."),
)


class AskedFor(Record):
    """Which issues, and how many of them at most."""

    query: IssueQuery
    most: int | None
    dry_run: bool


def query_options(command: Command) -> Command:
    """Add the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query_in(options: dict[str, Any]) -> AskedFor | None:
    """What was asked for; the options are taken out. None: no query."""
    labels, milestone, assignee, text = (options.pop(name) or "" for name in _NAMES)
    most, dry_run = options.pop("most"), options.pop("dry_run")
    query = IssueQuery(tuple(labels), milestone, assignee, text)
    if query == IssueQuery():
        if most or dry_run:
            raise click.UsageError("--max and --dry-run go with --label, --milestone, --assignee or --query")
        return None
    return AskedFor(query, most, dry_run)


def chosen(console: Console, asked: AskedFor) -> tuple[list[str], list[Spawned]]:
    """The numbers to start on, the oldest first, and a result for each issue of an outsider, which is left out."""
    from orchestra.commands.spawn import Spawned
    from orchestra.workers.candidates import candidates

    found = candidates(console.deciding, asked.query)
    issues = found.issues[: asked.most]
    if asked.dry_run:
        console.say([f"#{one.number} {clean(one.title, 80)}" for one in issues] or "no open issue without a worker")
    elif not issues and not found.outsiders:
        click.echo("no open issue without a worker matches; see: orchestra issues", err=True)
    left = [
        Spawned(
            one.number,
            "skipped",
            f"written by {clean(one.author, 60)}, who is not a member",
            f"read it, then orchestra spawn {one.number} --trust",
        )
        for one in found.outsiders
    ]
    return [one.number for one in issues], left
