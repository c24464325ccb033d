"""What the popups of the key table show and do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from orchestra.core.dialogs import open_questions
from orchestra.core.models import How
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.ui import dialogs as ask
from orchestra.ui.console import Door

OPEN_SECONDS = 1.0

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Orchestra
    from orchestra.ui.key_context import Desk
    from orchestra.workers.overview import Row


def help_lines(door: Door) -> list[str]:
    """The keys, and what stands in their way."""
    from orchestra.core.actions import ACTIONS
    from orchestra.core.actions import chosen as chosen_keys

    orchestra = door.orchestra
    keys = chosen_keys(orchestra.config.keys)
    key = orchestra.config.tmux.key
    taken = orchestra.tmux.taken() if orchestra.tmux.running() else ""
    lines = [f"prefix {key}, then:"]
    lines += [f"  {keys.get(one.name, '-'):<6} {one.words}" for one in ACTIONS]
    if not orchestra.tmux.server.guest:  # there the mouse is the person's alone
        lines.append("right click on an issue's number: a menu; double click: spawn")
    if taken:
        lines.append(f"not bound: prefix {key} does this already: {taken}; choose another in tmux: {{key: ...}}")
    return lines


def spawned(desk: Desk, number: str) -> str:
    """Spawn a worker; returns how it went."""
    from orchestra.commands.spawn import Wishes, spawn

    (one,) = spawn(desk.orchestra, [number], Wishes(), lambda _: False)
    if one.result == "failed":
        return f"#{one.id} failed: {clean(one.error or '')} {one.hint}"
    return f"#{one.id} " + {"spawned": "works", "queued": "waits in the queue"}.get(one.result, "has a worker already")


@click.command(hidden=True)
@click.argument("name")
@click.pass_obj
def popup(door: Door, name: str) -> None:
    """What a popup runs."""
    from orchestra.ui import key_context as desks

    try:
        desk = desks.around(door.environ, door.now)._replace(how=How.POPUP)
        inside = door.moved(desk.orchestra.root)
        said = POPUPS[name](inside, desk)
    except OrchestraError as wrong:
        click.echo(f"{wrong.message}\n  {wrong.hint}")
        said = None
    if said is None:
        ask.read("Enter closes this ")
    elif said:
        desk.orchestra.tmux.say(said)


def _tell_popup(door: Door, desk: Desk) -> str:
    worker = desk.worker
    words = ask.words(worker)
    return act(door, desk.how)(worker, "tell", words) if words.strip() else ""


def _deny_popup(door: Door, desk: Desk) -> str:
    worker = desk.worker
    if not open_questions(worker):
        raise OrchestraError(f"#{worker.id} asks for nothing")
    ask.show(ask.asked(worker, ask.FEW))
    why = ask.read("deny it, because (empty leaves): ")
    return act(door, desk.how)(worker, "n", why) if why else ""


def act(door: Door, how: How) -> Callable[[Worker, str, str], str]:
    """How one decision is taken about a worker as it was shown, from where `how` says; returns what to say."""
    from orchestra.commands.approve import approve
    from orchestra.commands.deny import deny
    from orchestra.commands.tell import tell
    from orchestra.workers.answers import Decision

    def one(worker: Worker, verb: str, words: str) -> str:
        number, shown = worker.id, tuple(asked.request for asked in open_questions(worker))
        decision = Decision(how, shown, every=verb.isupper())
        if verb.lower() == "y":
            return "\n".join(door.render.decided("approved", number, approve(door.deciding, number, decision)))
        if verb.lower() == "n":
            return "\n".join(door.render.decided("denied", number, deny(door.deciding, number, words, decision)))
        decision = Decision(how, ask.answerable(worker))
        return str(door.render.told(tell(door.deciding, number, words, decision)))

    return one


def _gates_popup(door: Door, desk: Desk) -> str | None:
    from orchestra.commands.gates import gates as verb

    rows = verb(door.orchestra)
    if not rows:
        click.echo("no gate is open")
        return None
    ask.gates(rows, act(door, desk.how))
    return ""


def _list_popup(door: Door, _: Desk) -> None:
    from orchestra.commands.list import list_

    door.say(door.render.table(list_(door.orchestra), door.title, door.width))


def _workers_popup(_: Door, desk: Desk) -> str | None:
    from orchestra.workers.overview import look

    rows = [row for row in look(desk.orchestra, changes=False).rows if row.seen.pane is not None]
    number = chosen(rows)
    pane = next((row.seen.pane for row in rows if row.worker.id == number), None)
    if pane is not None:
        desk.orchestra.tmux.travel(pane, desk.pane)
    return ""


def chosen(rows: Sequence[Row]) -> str | None:
    """The number of the worker that the person chooses to go to; None when they leave."""
    if not rows:
        raise OrchestraError("no worker has a pane", "start one: orchestra spawn ID")
    lines = [f"#{r.worker.id:<5} {r.attention or r.worker.status.value:<10} {clean(r.worker.title, 60)}" for r in rows]
    return ask.choose(lines, [row.worker.id for row in rows], "go to")


def _issues_popup(door: Door, desk: Desk) -> str | None:
    from orchestra.commands.issues import issues

    found = issues(door.orchestra)
    if not found:
        raise OrchestraError("there is no open issue")
    lines = list(door.render.issues(found, door.width))
    number = ask.choose(lines, [one.issue.number for one in found], "spawn a worker on")
    if number is None:
        return ""
    click.echo(f"spawning #{number} ...")
    return spawned(desk, number)


def _diff_popup(door: Door, desk: Desk) -> str | None:
    from orchestra.commands.diff import diff as verb

    found = verb(door.orchestra, desk.worker.id)
    if not found.text.strip():
        click.echo(f"#{desk.worker.id} has changed nothing yet")
        return None
    return "" if ask.page(*found) else None  # a popup would close before anybody has read it


def _help_popup(door: Door, _: Desk) -> None:
    ask.show(help_lines(door))


POPUPS: dict[str, Callable[[Door, Desk], str | None]] = {
    "tell": _tell_popup,
    "deny": _deny_popup,
    "gates": _gates_popup,
    "list": _list_popup,
    "workers": _workers_popup,
    "issues": _issues_popup,
    "diff": _diff_popup,
    "help": _help_popup,
}


def dialog(door: Door, name: str, number: str) -> str:
    """One of them about a worker, in the terminal the board has."""
    from orchestra.ui.key_context import Desk

    said = POPUPS[name](door, Desk(door.orchestra, door.orchestra.tmux, "", number, "", How.BOARD))
    if said is None:
        ask.read("Enter goes back ")
    return said or ""


def open_pull(orchestra: Orchestra, number: str) -> str:
    """Open a worker's pull request in the browser, or copy its address where there is none; says which."""
    from orchestra.commands.pr import pr

    found = pr(orchestra, number)
    if any(_opens(argv, orchestra.environ) for argv in found.openers):
        return f"opened {found.url}"
    if orchestra.tmux.copy(found.url):
        return f"no browser to be reached; copied {found.url}"
    return found.url


def _opens(argv: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether the program started and did not fail at once; one that stays is a browser."""
    import subprocess

    null = subprocess.DEVNULL
    try:
        begun = subprocess.Popen(argv, stdin=null, stdout=null, stderr=null, start_new_session=True, env=dict(environ))
        return begun.wait(OPEN_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return True
    except OSError:
        return False
