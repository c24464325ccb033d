"""What the popups of the key table show and do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from orchestra.core.dialogs import open_questions
from orchestra.core.models import AnswerChannel
from orchestra.core.text import clean
from orchestra.errors import OrchestraError
from orchestra.ui import dialogs, worker_table
from orchestra.ui.console import Console

if TYPE_CHECKING:
    from orchestra.core.models import Worker
    from orchestra.project.context import Project
    from orchestra.ui.key_context import KeyContext
    from orchestra.workers.overview import WorkerRow


def help_lines(console: Console) -> list[str]:
    """The keys, and what stands in their way."""
    from orchestra.core.actions import ACTIONS
    from orchestra.core.actions import chosen as chosen_keys

    project = console.project
    keys = chosen_keys(project.config.keys)
    key = project.config.tmux.key
    taken = project.key_bindings.taken() if project.tmux.running() else ""
    lines = [f"prefix {key}, then:"]
    lines += [f"  {keys.get(one.name, '-'):<6} {one.words}" for one in ACTIONS]
    if not project.tmux.server.guest:  # there the mouse is the person's alone
        lines.append("right click on an issue's number: a menu; double click: spawn")
    if taken:
        lines.append(f"not bound: prefix {key} does this already: {taken}; choose another in tmux: {{key: ...}}")
    return lines


def spawned(context: KeyContext, number: str) -> str:
    """Spawn a worker; returns how it went."""
    from orchestra.commands.spawn import SpawnOptions, spawn

    (one,) = spawn(context.project, [number], SpawnOptions(), lambda _: False)
    if one.result == "failed":
        return f"#{one.id} failed: {clean(one.error or '')} {one.hint}"
    return f"#{one.id} " + {"spawned": "works", "queued": "waits in the queue"}.get(one.result, "has a worker already")


def _tell_popup(console: Console, context: KeyContext) -> str:
    worker = context.worker
    words = dialogs.read_words(worker)
    return decision_taker(console, context.how)(worker, "tell", words) if words.strip() else ""


def _deny_popup(console: Console, context: KeyContext) -> str:
    worker = context.worker
    if not open_questions(worker):
        raise OrchestraError(f"#{worker.id} asks for nothing")
    dialogs.show(dialogs.question_lines(worker, dialogs.FEW))
    why = dialogs.read("deny it, because (empty leaves): ")
    return decision_taker(console, context.how)(worker, "n", why) if why else ""


def decision_taker(console: Console, how: AnswerChannel) -> Callable[[Worker, str, str], str]:
    """How one decision is taken about a worker as it was shown, from where `how` says; returns what to say."""
    from orchestra.commands.approve import approve
    from orchestra.commands.deny import deny
    from orchestra.commands.tell import tell
    from orchestra.workers.answers import Decision

    def one(worker: Worker, verb: str, words: str) -> str:
        number, shown = worker.id, tuple(asked.request for asked in open_questions(worker))
        decision = Decision(how, shown, every=verb.isupper())
        if verb.lower() == "y":
            return "\n".join(console.render.decided("approved", number, approve(console.deciding, number, decision)))
        if verb.lower() == "n":
            return "\n".join(console.render.decided("denied", number, deny(console.deciding, number, words, decision)))
        decision = Decision(how, dialogs.answerable(worker))
        return str(console.render.told(tell(console.deciding, number, words, decision)))

    return one


def _gates_popup(console: Console, context: KeyContext) -> str | None:
    from orchestra.commands.gates import gates as verb

    rows = verb(console.project)
    if not rows:
        click.echo("no gate is open")
        return None
    dialogs.gates(rows, decision_taker(console, context.how))
    return ""


def _list_popup(console: Console, _: KeyContext) -> None:
    from orchestra.commands.list import list_

    console.say(worker_table.table(list_(console.project), console.title, console.paint))


def _workers_popup(_: Console, context: KeyContext) -> str | None:
    from orchestra.workers.overview import overview

    rows = [row for row in overview(context.project, changes=False).rows if row.seen.pane is not None]
    number = choose_worker(rows)
    pane = next((row.seen.pane for row in rows if row.worker.id == number), None)
    if pane is not None:
        context.project.clients.travel(pane, context.pane)
    return ""


def choose_worker(rows: Sequence[WorkerRow]) -> str | None:
    """The number of the worker that the person chooses to go to; None when they leave."""
    if not rows:
        raise OrchestraError("no worker has a pane", "start one: orchestra spawn ID")
    lines = [f"#{r.worker.id:<5} {r.shown.word:<10} {clean(r.worker.title, 60)}" for r in rows]
    return dialogs.choose(lines, [row.worker.id for row in rows], "go to")


def _issues_popup(console: Console, context: KeyContext) -> str | None:
    from orchestra.commands.issues import issues

    found = issues(console.project)
    if not found:
        raise OrchestraError("there is no open issue")
    lines = list(console.render.issues(found, console.width))
    number = dialogs.choose(lines, [one.issue.number for one in found], "spawn a worker on")
    if number is None:
        return ""
    click.echo(f"spawning #{number} ...")
    return spawned(context, number)


def _diff_popup(console: Console, context: KeyContext) -> str | None:
    from orchestra.commands.diff import diff as verb

    found = verb(console.project, context.worker.id)
    if not found.text.strip():
        click.echo(f"#{context.worker.id} has changed nothing yet")
        return None
    return "" if dialogs.page(*found) else None  # a popup would close before anybody has read it


def _help_popup(console: Console, _: KeyContext) -> None:
    dialogs.show(help_lines(console))


POPUPS: dict[str, Callable[[Console, KeyContext], str | None]] = {
    "tell": _tell_popup,
    "deny": _deny_popup,
    "gates": _gates_popup,
    "list": _list_popup,
    "workers": _workers_popup,
    "issues": _issues_popup,
    "diff": _diff_popup,
    "help": _help_popup,
}


def run_dialog(console: Console, name: str, number: str) -> str:
    """One of them about a worker, in the terminal the board has."""
    from orchestra.ui.key_context import KeyContext

    said = POPUPS[name](console, KeyContext(console.project, console.project.tmux, "", number, "", AnswerChannel.BOARD))
    if said is None:
        dialogs.read("Enter goes back ")
    return said or ""


def open_pull(project: Project, number: str) -> str:
    """Open a worker's pull request in the browser, or copy its address where there is none; says which."""
    from orchestra.commands.pr import open_in_browser, pr

    url = pr(project, number)
    if open_in_browser(url, project.environ):
        return f"opened {url}"
    if project.clients.copy(url):
        return f"no browser to be reached; copied {url}"
    return url
