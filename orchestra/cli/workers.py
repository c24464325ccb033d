"""Commands about workers: start, look, answer, steer, wait."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import click

from orchestra.cli.completion import numbers, statuses
from orchestra.core.models import AnswerChannel
from orchestra.core.text import clean_lines
from orchestra.ui import dialogs, worker_page, worker_table
from orchestra.ui.console import Console, json_option
from orchestra.ui.popups import decision_taker, open_pull


@click.command("spawn")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--base", help="Branch or commit to start from.", metavar="REF")
@click.option("--after", multiple=True, help="Wait until this issue's work is complete.", metavar="ID")
@click.option("--agent", help="The agent to use, by its name in orchestra.yaml.", metavar="A")
@click.option("--prompt", help="The prompt to use instead of the configured one.", metavar="P")
@click.option("--trust", is_flag=True, help="Start on an outsider's issue, after showing its text.")
@click.option("--no-wait", is_flag=True, help="Return when the panes are open.")
@json_option
@click.pass_obj
def spawn_command(console: Console, /, ids: Sequence[str], no_wait: bool, as_json: bool, **wishes: Any) -> None:
    """Start a worker on each issue; an existing worker is opened instead."""
    from orchestra.commands.spawn import SpawnOptions, spawn

    found = spawn(console.deciding, ids, SpawnOptions(wait=not no_wait, **wishes), console.ask_trust)
    console.say(console.as_json.spawned(found) if as_json else console.render.spawned(found))
    if any(one.result == "failed" for one in found):
        sys.exit(1)


@click.command("list")
@click.option("--watch", is_flag=True, help="Redraw whenever something changes.")
@click.option("--wide", is_flag=True, help="Everything, one line a worker; a pipe gets this too.")
@click.option("--plain", is_flag=True, help="Tab-separated, for scripts.")
@json_option
@click.pass_obj
def list_command(console: Console, watch: bool, wide: bool, plain: bool, as_json: bool) -> None:
    """Every worker, the one that most needs you first."""
    from orchestra.commands.list import list_

    if watch:
        console.watch(lambda: worker_table.table(list_(console.project), console.title, console.paint))
        return
    view = list_(console.project, tokens=as_json)
    if as_json:
        console.say(console.as_json.table(view))
    elif plain:
        console.say(worker_table.plain_lines([("", view)]))
    elif wide or not sys.stdout.isatty():
        console.say(worker_table.whole_lines(view, console.title, console.paint))
    else:
        console.say(worker_table.table(view, console.title, console.paint))


@click.command("show")
@click.argument("number", metavar="ID", shell_complete=numbers)
@json_option
@click.pass_obj
def show_command(console: Console, number: str, as_json: bool) -> None:
    """One worker in full: its question, its plan, its pull request."""
    from orchestra.commands.show import show

    found = show(console.project, number)
    console.say(
        console.as_json.worker(found) if as_json else worker_page.of_report(found, console.paint, console.now())
    )


@click.command("attach")
@click.argument("number", required=False, metavar="[ID]", shell_complete=numbers)
@click.pass_obj
def attach_command(console: Console, number: str | None) -> None:
    """Go to a worker's pane; without ID, to the one that needs you most."""
    from orchestra.commands.attach import attach

    console.attach(attach(console.deciding, number))


@click.command("tell")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("words", nargs=-1, metavar="TEXT...")
@click.pass_obj
def tell_command(console: Console, number: str, words: Sequence[str]) -> None:
    """Tell a worker something; answers its open question.

    TEXT `-` reads standard input; no TEXT shows what it asks and waits for your words; `2` picks the second option.
    """
    from orchestra.commands.tell import tell
    from orchestra.ui import dialogs
    from orchestra.workers.answers import Decision
    from orchestra.workers.overview import worker_of

    if words or not sys.stdin.isatty():
        said, shown = console.words(words), None
    else:
        worker = worker_of(console.project, number)
        said, shown = dialogs.read_words(worker), dialogs.answerable(worker)
    click.echo(console.render.told(tell(console.deciding, number, said, Decision(shown=shown))))


@click.command("approve")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.option("--all", "every", is_flag=True, help="All that it asks for, not the first alone.")
@click.pass_obj
def approve_command(console: Console, number: str, every: bool) -> None:
    """Let what a worker asks for pass."""
    from orchestra.commands.approve import approve
    from orchestra.workers.answers import Decision

    console.say(console.render.decided("approved", number, approve(console.deciding, number, Decision(every=every))))


@click.command("deny")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.argument("words", nargs=-1, metavar="[TEXT]...")
@click.option("--all", "every", is_flag=True, help="All that it asks for, not the first alone.")
@click.pass_obj
def deny_command(console: Console, number: str, words: Sequence[str], every: bool) -> None:
    """Do not let it pass, and say why."""
    from orchestra.commands.deny import deny
    from orchestra.workers.answers import Decision

    found = deny(console.deciding, number, " ".join(words), Decision(every=every))
    console.say(console.render.decided("denied", number, found))


@click.command("gates")
@json_option
@click.pass_obj
def gates_command(console: Console, as_json: bool) -> None:
    """What waits for your word; on a terminal, decide it there."""
    from orchestra.commands.gates import gates

    rows = gates(console.project)
    if as_json:
        console.say(console.as_json.rows(rows))
    elif rows and sys.stdin.isatty():
        dialogs.gates(rows, decision_taker(console, AnswerChannel.COMMAND))
    else:
        console.say([line for row in rows for line in dialogs.question_lines(row.worker)] or "no gate is open")


@click.command("log")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.option("--pane", is_flag=True, help="What its panes have shown, closed ones too, instead.")
@json_option
@click.pass_obj
def log_command(console: Console, number: str, pane: bool, as_json: bool) -> None:
    """Everything that happened to a worker, in order: who asked, who answered, when and how."""
    from orchestra.commands.log import log, shown
    from orchestra.ui.log import entries

    if pane:
        text = shown(console.project, number)
        click.echo(console.as_json.screen(number, text)) if as_json else click.echo_via_pager(
            clean_lines(text, len(text))
        )
        return
    found = log(console.project, number)
    console.say(console.as_json.entries(found) if as_json else entries(found))


@click.command("wait")
@click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=numbers)
@click.option(
    "--for", "statuses", default="complete,merged", show_default=True, metavar="STATUS,...", shell_complete=statuses
)
@click.option("--timeout", type=click.FloatRange(min=0), default=math.inf, metavar="S", help="Seconds; default: none.")
@json_option
@click.pass_obj
def wait_command(console: Console, ids: Sequence[str], statuses: str, timeout: float, as_json: bool) -> None:
    """Wait for workers. Exit code 0 reached, 4 timed out, 5 one needs a person."""
    from orchestra.commands.wait import wait

    waited = wait(console.project, ids, console.render.statuses(statuses), timeout)
    console.say(console.as_json.waited(waited) if as_json else console.render.waited(waited))
    sys.exit(int(waited.outcome))


@click.command("issues")
@json_option
@click.pass_obj
def issues_command(console: Console, as_json: bool) -> None:
    """The open issues, and which have a worker."""
    from orchestra.commands.issues import issues

    found = issues(console.project)
    console.say(console.as_json.issues(found) if as_json else console.render.issues(found, console.width))


@click.command("diff")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def diff_command(console: Console, number: str) -> None:
    """What a worker has changed, committed or not, in your pager."""
    from orchestra.commands.diff import diff

    found = diff(console.project, number)
    if sys.stdout.isatty():
        dialogs.page(*found)
    else:
        click.echo(found.text)


@click.command("pr")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def pr_command(console: Console, number: str) -> None:
    """Open a worker's pull request in the browser, or print its address."""
    from orchestra.commands.pr import pr

    if sys.stdout.isatty():
        click.echo(open_pull(console.project, number))
    else:
        click.echo(pr(console.project, number).url)


@click.command("pause")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def pause_command(console: Console, number: str) -> None:
    """End a worker's agent for now; `resume` goes on in its conversation."""
    from orchestra.commands.pause import pause

    pause(console.deciding, number)
    click.echo(f"#{number} paused: orchestra resume {number} goes on")


@click.command("resume")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def resume_command(console: Console, number: str) -> None:
    """Go on with a paused worker."""
    from orchestra.commands.resume import resume

    click.echo(f"#{number} goes on: {resume(console.deciding, number).status.value}")


@click.command("restart")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.option("--fresh", is_flag=True, help="Begin a new conversation.")
@click.pass_obj
def restart_command(console: Console, number: str, fresh: bool) -> None:
    """Start a worker's agent again, in the same worktree and conversation."""
    from orchestra.commands.restart import restart

    restart(console.deciding, number, fresh=fresh)
    click.echo(f"#{number} started again" + (" with a new conversation" if fresh else " in its conversation"))


@click.command("cancel")
@click.argument("number", metavar="ID", shell_complete=numbers)
@click.pass_obj
def cancel_command(console: Console, number: str) -> None:
    """End a worker. Its worktree, branch and commits stay."""
    from orchestra.commands.cancel import cancel

    worker = cancel(console.deciding, number)
    click.echo(f"#{number} cancelled; its work stays in {worker.worktree} on {worker.branch}")
