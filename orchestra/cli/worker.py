"""`orchestra worker ...`, and what our own panes run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

import click

from orchestra.cli.verbs import VerbGroup
from orchestra.core.models import Escalation, Gate
from orchestra.errors import OrchestraError
from orchestra.processes import MARK
from orchestra.ui import worker_page
from orchestra.ui.console import Console, json_option


@click.group("worker", cls=VerbGroup)
def worker_command() -> None:
    """From a worker's own pane: report, ask, ship."""


def _own(console: Console) -> str:
    """The worker this pane belongs to."""
    number = console.environ.get("ORCHESTRA_WORKER", "")
    if not number:
        raise OrchestraError("this is not a worker's pane", "people use: orchestra list, show, tell")
    found = console.project.store.read(number)
    if found is None or not found.nonce or found.nonce != console.environ.get(MARK):
        raise OrchestraError(
            f"this pane belongs to an earlier run of worker #{number}", f"see its present pane: orchestra show {number}"
        )
    return number


@worker_command.command("status")
@click.argument("status", type=click.Choice(["planning", "working"]))
@click.option("--plan", type=click.File(encoding="utf-8"), metavar="F", help="Your plan; `-` is standard input.")
@click.pass_obj
def status_command(console: Console, status: str, plan: TextIO | None) -> None:
    """Report what you are doing."""
    from orchestra.commands.worker.status import worker_status

    found = worker_status(console.project, _own(console), status, plan.read() if plan else None)
    click.echo(f"#{found.id} is {found.status.value}")


@worker_command.command("escalate")
@click.argument("summary")
@click.option("--gate", type=click.Choice([gate.value for gate in Gate]), default="stuck", show_default=True)
@click.option("--context", default="", metavar="TEXT", help="What the user must know to decide.")
@click.option("--tried", multiple=True, metavar="TEXT", help="What you tried (repeat it).")
@click.option("--option", "options", multiple=True, metavar="TEXT", help="A way to go on (repeat it).")
@click.option("--need", default="", metavar="TEXT", help="What you need.")
@click.pass_obj
def escalate_command(
    console: Console, summary: str, gate: str, context: str, tried: Sequence[str], options: Sequence[str], need: str
) -> None:
    """Ask the user, then end your turn: the answer comes as guidance."""
    from orchestra.commands.worker.escalate import worker_escalate

    asked = Escalation(Gate(gate), summary, context, tuple(tried), tuple(options), need)
    worker_escalate(console.project, _own(console), asked)
    click.echo("The user has been asked. End your turn now; the answer will come as guidance.")


@worker_command.command("ship")
@click.option("--title", metavar="T", help="The pull request's title; default: the issue's.")
@click.option("--body-file", type=click.File(encoding="utf-8"), metavar="F", help="Its text; `-` is standard input.")
@click.option(
    "--reply", "replies", type=(str, str), multiple=True, metavar="N TEXT",
    help="Answer the inline remark N, where no change is right; may be repeated.",
)  # fmt: skip
@click.pass_obj
def ship_command(
    console: Console, title: str | None, body_file: TextIO | None, replies: tuple[tuple[str, str], ...]
) -> None:
    """Verify, push, and open or update the pull request."""
    from orchestra.commands.worker.ship import worker_ship

    body = body_file.read() if body_file else None
    shipped = worker_ship(console.project, _own(console), title, body, click.echo, replies)
    click.echo(f"#{shipped.worker.id} is {shipped.worker.status.value}: {shipped.review}")


@worker_command.command("show")
@click.argument("number", required=False, metavar="[ID]")
@json_option
@click.pass_obj
def show_command(console: Console, number: str | None, as_json: bool) -> None:
    """Your state: status, open question, guidance."""
    from orchestra.commands.show import show

    found = show(console.project, number or _own(console))
    console.say(
        console.as_json.worker(found) if as_json else worker_page.of_report(found, console.paint, console.now())
    )


@worker_command.command("run", hidden=True)
@click.argument("number", metavar="ID")
@click.pass_obj
def run_command(console: Console, number: str) -> None:
    """What a worker's pane runs: make what is missing, then become the agent."""
    from orchestra.commands.worker.run import worker_run

    started, environment, directory = worker_run(console.deciding, number, click.echo)
    become(started.argv, environment, directory)


@click.command("orchestrator", hidden=True)
@click.pass_obj
def orchestrator_command(console: Console) -> None:
    """What the orchestrator's pane runs."""
    from orchestra.commands.orchestrator import orchestrator

    started, environment = orchestrator(console.project, click.echo)
    become(started.argv, environment, console.project.root)


@click.command("monitor", hidden=True)
@click.option("--once", is_flag=True, help="One pass, then end.")
@click.pass_obj
def monitor_command(console: Console, once: bool) -> None:
    """Watch the workers and GitHub, and do what is missing; its window says what."""
    from orchestra.commands.monitor import monitor
    from orchestra.commands.spawn import SpawnOptions, spawn

    def start(number: str) -> str:
        (one,) = spawn(console.deciding, [number], SpawnOptions(wait=False, by="auto"), lambda _: False)
        return one.result + (f": {one.error}" if one.error else f": waits {one.why}" if one.why else "")

    monitor(console.deciding, click.echo, start, passes=1 if once else None)


def become(argv: Sequence[str], environment: dict[str, str], directory: str) -> None:
    """Replace this process by the agent: its exit status is then the pane's."""
    sys.stdout.flush()
    os.chdir(directory)
    os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - our own argv, no shell
