"""Commands that look at workers and issues, and the one that waits."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from orchestra.cli.budget_options import Amount
from orchestra.cli.completion import numbers, states, statuses
from orchestra.cli.verbs import verb
from orchestra.core import budget
from orchestra.core.text import clean, clean_lines
from orchestra.ui import worker_table
from orchestra.ui.browser import open_pull
from orchestra.ui.console import Console, json_option
from orchestra.ui.references import Target, for_each, targets

if TYPE_CHECKING:
    from orchestra.commands.list import Listing

several = click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)


@verb(
    "list",
    "orchestra list                      who needs you, and why",
    "orchestra list --all                every project of this machine",
    "orchestra list --state ready,waiting",
    "orchestra list --plain | cut -f1    numbers alone, for a script",
)
@click.option("--all", "every", is_flag=True, help="The workers of every project of this machine.")
@click.option("--state", "wanted", metavar="STATE,...", shell_complete=states, help="Only these: ready, question, ...")
@click.option("--label", multiple=True, metavar="LABEL", help="Only those whose issue has this label.")
@click.option("--mine", is_flag=True, help="Only those whose issue you wrote.")
@click.option("--watch", is_flag=True, help="Redraw whenever something changes.")
@click.option("--wide", is_flag=True, help="Everything, one line a worker; a pipe gets this too.")
@click.option("--plain", is_flag=True, help="Tab-separated, for scripts.")
@json_option
@click.pass_obj
def list_command(
    console: Console, /, every: bool, wanted: str | None, label: Sequence[str], mine: bool, watch: bool, wide: bool,
    plain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Every worker, the one that most needs you first."""
    from orchestra.commands.list import Filters, list_all, list_filtered, states_of

    filters = Filters(states_of(wanted), tuple(label), mine)

    def look() -> list[Listing]:
        if every:
            return list(list_all(console.environ, console.now, filters, tokens=as_json))
        return [list_filtered(console.project, filters, tokens=as_json)]

    if watch:
        console.watch(lambda: _drawn(look(), console, every=every))
    elif as_json:
        console.say(console.as_json.listings(look()) if every else console.as_json.table(look()[0].view))
    elif plain:
        console.say([*worker_table.plain_lines((one.name if every else "", one.view) for one in look())] or [""])
    elif wide or not sys.stdout.isatty():
        console.say(_whole(look(), console, every=every))
    else:
        console.say(_drawn(look(), console, every=every))


def _drawn(found: Sequence[Listing], console: Console, *, every: bool) -> Iterable[str]:
    if not found:
        yield "no project on this machine has a worker"
    for place, one in enumerate(found):
        if place:
            yield ""
        yield from worker_table.table(one.view, one.title, console.paint, name=one.name if every else "")


def _whole(found: Sequence[Listing], console: Console, *, every: bool) -> Iterable[str]:
    if not found:
        yield "no project on this machine has a worker"
    for place, one in enumerate(found):
        if place:
            yield ""
        yield from worker_table.whole_lines(one.view, one.title, console.paint, name=one.name if every else "")


@verb("show", "orchestra show 124", "orchestra show widgets#2        a worker of another project", "orchestra show 1 2")
@several
@json_option
@click.pass_obj
def show_command(console: Console, ids: Sequence[str], as_json: bool) -> None:
    """One worker in full: its question, its pull request, its work, and what happened."""
    from orchestra.commands.show import show
    from orchestra.ui import worker_page

    if as_json:
        found = [show(one.project, one.number) for one in targets(console, ids)]
        console.say(console.as_json.worker(found[0]) if len(found) == 1 else console.as_json.workers(found))
        return

    shown: list[Target] = []

    def one(at: Target) -> None:
        if shown:
            click.echo()
        shown.append(at)
        console.say(worker_page.of_report(show(at.project, at.number), console.paint, console.now()))

    if not for_each(console, ids, one):
        sys.exit(1)


@verb("log", "orchestra log 124", "orchestra log 124 --pane   what its panes have shown, closed ones too")
@several
@click.option("--pane", is_flag=True, help="What its panes have shown, closed ones too, instead.")
@json_option
@click.pass_obj
def log_command(console: Console, ids: Sequence[str], pane: bool, as_json: bool) -> None:
    """Everything that happened to a worker, in order: who asked, who answered, when and how."""
    from orchestra.commands.log import log, shown
    from orchestra.ui.log import entries

    if as_json:
        found = targets(console, ids)
        screens = [(one.number, shown(one.project, one.number)) for one in found] if pane else []
        events = [] if pane else [(one.number, log(one.project, one.number)) for one in found]
        console.say(console.as_json.screens(screens) if pane else console.as_json.logs(events))
        return

    def one(at: Target) -> None:
        if pane:
            text = shown(at.project, at.number)
            click.echo_via_pager(clean_lines(text, len(text)))
        else:
            console.say(console.fit(entries(log(at.project, at.number))))

    if not for_each(console, ids, one, headed=True):
        sys.exit(1)


def _seconds(text: str) -> float | None:
    """Seconds, as a number or with a unit; None for anything else."""
    try:
        found = float(text)
    except ValueError:
        return budget.seconds_in(text)
    return found if found >= 0 else None


def _one_project(found: Sequence[Target]) -> Console:
    """The console in the project that all these workers are of; raises UsageError where they are of several."""
    from orchestra.errors import UsageError

    if len({one.project.key for one in found}) > 1:
        raise UsageError("these workers are of several projects", "name those of one project at a time")
    return found[0].console


@verb(
    "wait",
    "orchestra wait 124 && orchestra diff 124",
    "orchestra wait 124 125 --for merged --timeout 1h",
)
@several
@click.option(
    "--for", "statuses", default="complete,merged", show_default=True, metavar="STATUS,...", shell_complete=statuses
)
@click.option(
    "--timeout",
    type=Amount(_seconds, "90, 45m or 2h"),
    default=math.inf,
    metavar="T",
    help="Seconds, 45m or 2h; default: none.",
)
@json_option
@click.pass_obj
def wait_command(console: Console, ids: Sequence[str], statuses: str, timeout: float, as_json: bool) -> None:
    """Wait for workers. Exit code 0 reached, 4 timed out, 5 one needs you."""
    from orchestra.commands.wait import wait

    found = targets(console, ids)
    project = _one_project(found).project
    waited = wait(project, [one.number for one in found], console.render.statuses(statuses), timeout)
    console.say(console.as_json.waited(waited) if as_json else console.render.waited(waited))
    sys.exit(int(waited.outcome))


@verb("issues", "orchestra issues")
@json_option
@click.pass_obj
def issues_command(console: Console, as_json: bool) -> None:
    """The open issues, and which have a worker."""
    from orchestra.commands.issues import issues

    found = issues(console.project)
    console.say(console.as_json.issues(found.listed) if as_json else console.render.issues(found.listed, console.width))
    for problem in found.left_out:
        click.echo(problem, err=True)


@verb("diff", "orchestra diff 124")
@several
@click.pass_obj
def diff_command(console: Console, ids: Sequence[str]) -> None:
    """What a worker has changed, committed or not, in your pager."""
    from orchestra.commands.diff import diff
    from orchestra.ui import dialogs

    def one(at: Target) -> None:
        found = diff(at.project, at.number)
        if sys.stdout.isatty():
            dialogs.page(*found)
        else:
            click.echo(found.text)

    if not for_each(console, ids, one, headed=True):
        sys.exit(1)


@verb("pr", "orchestra pr 124")
@several
@click.pass_obj
def pr_command(console: Console, ids: Sequence[str]) -> None:
    """Open a worker's pull request in the browser, or print its address."""
    from orchestra.commands.pr import pr

    def one(at: Target) -> None:
        click.echo(open_pull(at.project, at.number) if sys.stdout.isatty() else pr(at.project, at.number))

    if not for_each(console, ids, one):
        sys.exit(1)


@verb("open", "orchestra open 124")
@several
@click.pass_obj
def open_command(console: Console, ids: Sequence[str]) -> None:
    """Open the address of what a worker runs in the browser, or print it: `address:` of the configuration."""
    from orchestra.commands.open import address_of
    from orchestra.commands.pr import open_in_browser

    def one(at: Target) -> None:
        address = address_of(at.project, at.number)
        if sys.stdout.isatty() and open_in_browser(address, at.project.environ):
            click.echo(f"#{at.number}: opened {clean(address)}")
        else:
            click.echo(clean(address))

    if not for_each(console, ids, one):
        sys.exit(1)


@verb(
    "stats",
    "orchestra stats",
    "orchestra stats 124                  its receipt",
    "orchestra stats --by week            or day, label, agent",
    "orchestra stats --html report.html   plots and a table, in one file",
)
@click.argument("ids", nargs=-1, metavar="[ID]...", shell_complete=numbers)
@click.option("--by", type=click.Choice(["day", "week", "label", "agent"]), help="The workers together.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a row a worker for a spreadsheet.")
@click.option("--html", type=click.File("w", encoding="utf-8"), metavar="F", help="Write one file to look at or send.")
@json_option
@click.pass_obj
def stats_command(
    console: Console, ids: Sequence[str], by: str | None, as_csv: bool, html: TextIO | None, as_json: bool
) -> None:
    """Where the time, the tokens and the cost of each worker went, removed ones too."""
    from orchestra.commands.stats import on_record, stats
    from orchestra.ui import stats as shown

    there: list[Target] = []

    def one(at: Target) -> None:
        on_record(at.project, at.number)
        there.append(at)

    done = not ids or for_each(console, ids, one)
    if ids and not there:
        sys.exit(1)
    console = _one_project(there) if there else console
    found, title = stats(console.project, [at.number for at in there]), clean(console.title)
    columns = console.width if sys.stdout.isatty() else shown.UNLIMITED
    if html is not None:
        html.write(shown.page(found, title))
    if as_json:
        console.say(shown.document(found, by or ""))
    elif as_csv:
        console.say(shown.as_csv(found))
    elif by:
        console.say(console.fit(shown.groups(found, title, by, columns)))
    elif ids:
        console.say(console.fit([*shown.table(found, title, columns), "", *shown.receipt_lines(found)]))
    elif html is None:
        console.say(console.fit(shown.table(found, title, columns)))
    if not done:
        sys.exit(1)
