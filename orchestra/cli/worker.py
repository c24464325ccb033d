"""The part of the command line for workers and machines: `orchestra worker ...`, and what our own panes run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

import click

from orchestra.core.models import Escalation, Gate
from orchestra.errors import OrchestraError
from orchestra.processes import MARK
from orchestra.ui.console import Door, json_option


@click.group()
def worker() -> None:
    """From a worker's own pane: report, ask, ship."""


def _own(door: Door) -> str:
    """The worker this pane belongs to."""
    number = door.environ.get("ORCHESTRA_WORKER", "")
    if not number:
        raise OrchestraError("this is not a worker's pane", "people use: orchestra list, show, tell")
    found = door.orchestra.store.read(number)
    if found is None or not found.nonce or found.nonce != door.environ.get(MARK):
        raise OrchestraError(
            f"this is not the pane of worker #{number} as it is now", "a worker speaks for itself alone"
        )
    return number


@worker.command()
@click.argument("status", type=click.Choice(["planning", "working"]))
@click.option("--plan", type=click.File(encoding="utf-8"), metavar="F", help="Your plan; `-` is standard input.")
@click.pass_obj
def status(door: Door, status: str, plan: TextIO | None) -> None:
    """Report what you are doing."""
    from orchestra.commands.worker.status import worker_status

    found = worker_status(door.orchestra, _own(door), status, plan.read() if plan else None)
    click.echo(f"#{found.id} is {found.status.value}")


@worker.command()
@click.argument("summary")
@click.option("--gate", type=click.Choice([gate.value for gate in Gate]), default="stuck", show_default=True)
@click.option("--context", default="", metavar="TEXT", help="What a person must know to decide.")
@click.option("--tried", multiple=True, metavar="TEXT", help="What you tried (repeat it).")
@click.option("--option", "options", multiple=True, metavar="TEXT", help="A way to go on (repeat it).")
@click.option("--need", default="", metavar="TEXT", help="What you need.")
@click.pass_obj
def escalate(
    door: Door, summary: str, gate: str, context: str, tried: Sequence[str], options: Sequence[str], need: str
) -> None:
    """Ask a person, then end your turn: the answer comes as guidance."""
    from orchestra.commands.worker.escalate import worker_escalate

    asked = Escalation(Gate(gate), summary, context, tuple(tried), tuple(options), need)
    worker_escalate(door.orchestra, _own(door), asked)
    click.echo("A person has been asked. End your turn now; the answer will come as guidance.")


@worker.command()
@click.option("--title", metavar="T", help="The pull request's title; default: the issue's.")
@click.option("--body-file", type=click.File(encoding="utf-8"), metavar="F", help="Its text; `-` is standard input.")
@click.pass_obj
def ship(door: Door, title: str | None, body_file: TextIO | None) -> None:
    """Verify, push, and open or update the pull request."""
    from orchestra.commands.worker.ship import worker_ship

    body = body_file.read() if body_file else None
    shipped = worker_ship(door.orchestra, _own(door), title, body, click.echo)
    click.echo(f"#{shipped.worker.id} is {shipped.worker.status.value}: {shipped.review}")


@worker.command("show")
@click.argument("number", required=False, metavar="[ID]")
@json_option
@click.pass_obj
def show_(door: Door, number: str | None, as_json: bool) -> None:
    """Where you stand: status, open question, guidance."""
    from orchestra.commands.show import show

    row = show(door.orchestra, number or _own(door))
    door.say(door.as_json.worker(row) if as_json else door.render.worker(row, door.now()))


@worker.command(hidden=True)
@click.argument("number", metavar="ID")
@click.pass_obj
def run(door: Door, number: str) -> None:
    """What a worker's pane runs: make what is missing, then become the agent."""
    from orchestra.commands.worker.run import worker_run

    started, environment, directory = worker_run(door.deciding, number, click.echo)
    become(started.argv, environment, directory)


@click.command(hidden=True)
@click.pass_obj
def orchestrator(door: Door) -> None:
    """What the orchestrator's pane runs."""
    from orchestra.commands.orchestrator import orchestrator as verb

    started, environment = verb(door.orchestra, click.echo)
    become(started.argv, environment, door.orchestra.root)


@click.command(hidden=True)
@click.option("--once", is_flag=True, help="One pass, then end.")
@click.pass_obj
def monitor(door: Door, once: bool) -> None:
    """Watch the workers and GitHub, and do what is missing; its window says what."""
    from orchestra.commands.monitor import monitor as verb

    verb(door.deciding, click.echo, passes=1 if once else None)


def become(argv: Sequence[str], environment: dict[str, str], directory: str) -> None:
    """Replace this process by the agent: its exit status is then the pane's."""
    sys.stdout.flush()
    os.chdir(directory)
    os.execvpe(argv[0], list(argv), environment)  # noqa: S606 - argv of ours, no shell


def add_to(group: click.Group) -> None:
    """Add these commands to the main group."""
    group.add_command(worker)
    group.add_command(orchestrator)
    group.add_command(monitor)
